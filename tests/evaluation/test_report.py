"""The report: safe and complete as a text, and whole in a real browser, in two languages, schemes and widths.

The browser is Chromium, found in PATH or named by TEST_BROWSER; without one those tests are skipped. With
TEST_SCREENSHOTS=folder the screenshots stay, to be looked at.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from bunko.evaluation.report import render
from tests.evaluation.sample_comparison import sample

HOSTILE = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<!--<script>",
    "]]>&lt;\u2028\u2029",
    "{{ script }}",
    "\u202eright to left",
    "javascript:alert(1)",
    "'\"`${alert(1)}`",
)


# --- as a text ---------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What a parser makes of a page: its elements, what stands in scripts and styles, what is left open."""

    VOID = ("meta", "link", "br")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.open: list[int] = []
        """Places in `texts`."""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(len(self.texts))
            self.texts.append((tag, ""))

    def handle_endtag(self, tag: str) -> None:
        assert self.texts[self.open.pop()][0] == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            tag, text = self.texts[self.open[-1]]
            self.texts[self.open[-1]] = (tag, text + data)

    def inside(self, tag: str) -> list[str]:
        return [text for name, text in self.texts if name == tag]

    def data(self) -> Any:
        return json.loads(self.inside("script")[0])


def hostile_comparison(text: str) -> dict[str, Any]:
    """Return a comparison with the same text in every place that a model, a document or a user fills."""

    def everywhere(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: everywhere(item) for key, item in value.items()}
        if isinstance(value, list):
            return [everywhere(item) for item in value]
        return text if isinstance(value, str) else value

    comparison = sample(questions=3)
    for row in comparison["questions"]:
        row |= {key: everywhere(row[key]) for key in ("id", "question", "answers")}
        for result in row["results"]:
            parts = ("answer", "evidence", "citations", "unsupported")
            result.update({key: everywhere(result[key]) for key in parts} | {"reasoning": text, "translation": text})
    comparison["questions"][2]["results"][0]["error"] = text
    for variant in comparison["variants"]:
        variant |= {"model": text, "embedder": text, "settings": {text: text}}
    return comparison | {"title": text, "folder": text, "created": text}


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_markup(text: str) -> None:
    page = Page(render(hostile_comparison(text)))
    assert not page.open
    assert [tag for tag, _ in page.elements].count("script") == 2
    assert page.data()["questions"][0]["question"] == text
    assert page.inside("title") == [text]
    assert {tag for tag, _ in page.elements} <= set(
        "html head meta title link style body noscript p br span div script".split()
    )


def test_the_structure_is_valid() -> None:
    text = render(sample())
    page = Page(text)
    assert text.startswith("<!doctype html>\n")
    assert not page.open
    tags = [tag for tag, _ in page.elements]
    assert all(tags.count(once) == 1 for once in ("html", "head", "body", "title", "style"))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert ("meta", {"charset": "utf-8"}) in page.elements
    assert text.index("charset") < 1024  # where a browser looks for it


def test_nothing_comes_from_elsewhere() -> None:
    page = Page(render({}))
    for tag, attributes in page.elements:
        assert "src" not in attributes
        assert tag != "link" or str(attributes["href"]).startswith("data:")
        assert not [name for name in attributes if name.startswith("on")]
    (style,), (_, script) = page.inside("style"), page.inside("script")
    assert not re.search(r"url\(|@import", style)
    addresses = set(re.findall(r"https?://[^\s\"'`]+", style + script))
    assert addresses == {"http://www.w3.org/2000/svg"}  # the name of SVG, which nobody fetches
    assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon|importScripts|import)\s*\(", script)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", script)


def test_the_policy_forbids_all_but_this_style_and_this_script() -> None:
    page = Page(render(sample(questions=2)))
    (policy,) = [str(a["content"]) for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    for rule, text in [("style-src", page.inside("style")[0]), ("script-src", page.inside("script")[1])]:
        digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
        assert rules[rule] == f"'sha256-{digest}'"


def test_numbers_that_json_lacks_and_half_characters_are_mended() -> None:
    odd = {
        "title": "\ud83d",
        "variants": [{"name": "a", "summary": {"f1": {"value": float("nan"), "low": -float("inf")}}}],
    }
    data = Page(render(odd)).data()
    assert data["title"] == "\ufffd"
    assert data["variants"][0]["summary"]["f1"] == {"value": None, "low": None}
    render(odd).encode("utf-8")


def test_what_is_rendered_is_the_comparison() -> None:
    comparison = sample(questions=5)
    assert Page(render(comparison)).data() == comparison


def test_both_languages_have_the_same_words() -> None:
    script = Page(render({})).inside("script")[1]
    words = script[script.index("const WORDS") : script.index("\n  };")]
    entry = re.compile(r"(?:^ +|, )(\w+): \"((?:[^\"\\]|\\.)*)\"", re.MULTILINE)
    english, japanese = (dict(entry.findall(part)) for part in words.split("\n    ja: {\n"))
    assert len(english) > 100
    assert english.keys() == japanese.keys()
    for name, text in english.items():
        places, others = (set(re.findall(r"\{\w+\}", one)) for one in (text, japanese[name]))
        assert places == others or name in {"pairCounts", "tradeoffPoint"}, name
