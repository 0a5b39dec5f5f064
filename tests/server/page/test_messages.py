"""The page recognises the server's notes and errors by patterns: each pattern fits a message that the code has."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import bunko
from bunko import errors

SOURCE = Path(bunko.__file__).parent
SCRIPT = (SOURCE / "server" / "page" / "messages.js").read_text(encoding="utf-8")
# ["name", /^pattern$/flags],
PATTERNS = re.findall(r'\["(\w+)", /(\^.*\$)/(i?)\]', SCRIPT)


def literals(tree: ast.AST) -> Iterator[str]:
    """Yield the texts in a module, "7" in the place of each value of an f-string."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else "7" for part in node.values)  # type: ignore[misc]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@cache
def messages() -> frozenset[str]:
    return frozenset(
        text for path in SOURCE.rglob("*.py") for text in literals(ast.parse(path.read_text(encoding="utf-8")))
    )


@pytest.mark.parametrize(("name", "pattern", "flags"), PATTERNS)
def test_each_pattern_fits_a_message(name: str, pattern: str, flags: str) -> None:
    compiled = re.compile(pattern.replace("(?<", "(?P<").replace("(?P<!", "(?<!"), re.I if flags else 0)
    assert any(compiled.match(text) for text in messages()), name


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("kind", [kind for kind in vars(errors).values() if inspect.isclass(kind)])
def test_each_error_has_a_title(kind: type[Exception], language: str) -> None:
    if not issubclass(kind, errors.BunkoError):
        pytest.skip("no error of ours")
    words = (SOURCE / "server" / "page" / f"strings.{language}.js").read_text(encoding="utf-8")
    assert re.search(rf'\berror_{kind.__name__}: "[^"]+",', words)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_words_of_the_page_name_a_flag_or_a_command(language: str) -> None:
    words = (SOURCE / "server" / "page" / f"strings.{language}.js").read_text(encoding="utf-8")
    assert not re.search(r"\s--[a-z]|\bsudo\b|pip install|`|bunko [a-z]+", words)


def test_there_are_patterns() -> None:
    assert len(PATTERNS) > 15
