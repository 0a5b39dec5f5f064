"""The tables in docs/ that are made from definitions in the code. `python -m tests.doc_tables` writes them anew.

A table is what lies between the lines `<!-- table: NAME -->` and `<!-- end of table -->`.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from bunko.askable import ASKABLE, Askable
from bunko.cli import common, serve
from bunko.cli.parser import build_parser
from bunko.contract.fields import Surface, descriptions
from bunko.contract.records import DocumentList, DuplicateList, ErrorReply, SearchResult
from bunko.contract.saved_answer import Replay, SavedAnswer
from bunko.contract.schema import rows
from bunko.server.mcp.tools import READ_MOST, TOOLS
from bunko.settings import Settings, known_names, type_of
from bunko.types import Answer, SyncReport

SECTIONS = [
    item.name for item in dataclasses.fields(Settings) if dataclasses.is_dataclass(getattr(Settings(), item.name))
]
DOCS = Path(__file__).parent.parent / "docs"
MARK = r"<!-- table: ([^>]+) -->"
_END = "<!-- end of table -->"


def _fields(record: type, surface: Surface, *, without: Iterable[tuple[str, str]] = ()) -> str:
    known = set(without)
    lines = [f"| `{name}` | {text} |" for name, text in rows(record, surface=surface) if (name, text) not in known]
    return "\n".join(["| field | meaning |", "|---|---|", *lines])


def _own_fields(record: type, surface: Surface) -> str:
    """Return the table of a record that holds an answer, whose fields are listed elsewhere."""
    return _fields(record, surface, without=[row for row in rows(record, surface=surface) if "answer." in row[0]])


def _flags() -> str:
    parsers = dict(commands())
    lines = []
    for each in ASKABLE:
        where = [name for name, parser in parsers.items() if each.flag in parser._option_string_actions]
        flag = f"{each.flag} {each.metavar}".strip()
        lines.append(f"| `{flag}` | {', '.join(where)} | {each.flag_doc or each.doc} |")
    return "\n".join(["| flag | commands | meaning |", "|---|---|---|", *lines])


def _settings(settings: Iterable[Askable]) -> str:
    lines = [f"| `{each.field}` | `{each.setting}` | {_values(each)} | {each.doc} |" for each in settings]
    return "\n".join(["| field | setting | values | meaning |", "|---|---|---|---|", *lines])


# What the meaning of a setting links to.
_SEE = {
    "model": "models.md",
    "embedder": "models.md",
    "reading.ocr": "formats.md#ocr",
    "reading.password_file": "formats.md#locked-files",
    "reading.sandbox": "decisions/022-a-sandbox-for-the-reader.md",
    "generation.style": "decisions/010-small-models-answer-in-the-sources-words.md",
    "generation.think": "models.md#models-that-reason",
    "generation.gpu_layers": "models.md#a-gpu",
    "generation.adapters": "models.md#adapters",
    "generation.speculation": "models.md#tuning",
    "generation.draft_model": "models.md#tuning",
    "answers.strictness": "decisions/013-what-is-refused.md",
    "answers.keep": "commands.md#a-question-that-was-asked-before",
    "answers.verify": "commands.md#how-an-answer-is-checked",
}


def _section(section: str) -> str:
    """Return the table of a section of the settings; empty: those at the top."""
    prefix = f"{section}." if section else ""
    kind: type = type_of(section) if section else Settings
    values = getattr(Settings(), section) if section else Settings()
    flags, texts = _flags_of_settings(), descriptions(kind)
    lines = []
    for item in dataclasses.fields(kind):
        value, name = getattr(values, item.name), prefix + item.name
        if dataclasses.is_dataclass(value) or name not in known_names():
            continue
        notes = [f"[More]({_SEE[name]})."] if name in _SEE else []
        notes += [f"Flag{'s' if len(flags[name]) > 1 else ''} {', '.join(flags[name])}."] if name in flags else []
        lines.append(f"| `{name}` | `{_as_toml(value)}` | {' '.join([texts[item.name], *notes])} |")
    return "\n".join(["| setting | default | meaning |", "|---|---|---|", *lines])


def _flags_of_settings() -> dict[str, list[str]]:
    """Return the flags that set each setting."""
    dests = dict(common._FLAGS) | {each.field: each.setting for each in ASKABLE} | {"models": "server.models"}
    dests |= {name: f"server.{name}" for name in serve._FLAGS}
    dests |= {flag: f"server.{name}" for flag, name in serve._LISTS.items()}
    found: dict[str, list[str]] = {}
    for _, parser in commands():
        for action in parser._actions:
            for option in action.option_strings:
                if option.startswith("--") and action.dest in dests:
                    flag = f"`{option}`"
                    known = found.setdefault(dests[action.dest], [])
                    known += [] if flag in known else [flag]
    return found


def _as_toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return json.dumps(value)
    return f'"{value}"' if isinstance(value, str) else str(value)


def _values(setting: Askable) -> str:
    schema = setting.schema()
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "maxLength" in schema:
        return f"a text of at most {schema['maxLength']} characters"
    if schema["type"] == "array":
        return f"a list of texts of at most {schema['items']['maxLength']} characters"
    kind = {"integer": "a whole number", "number": "a number", "boolean": "true or false"}[schema["type"]]
    return f"{kind} from {schema['minimum']} to {schema['maximum']:,}" if "maximum" in schema else kind


_RESULTS = {
    "search": "passages, best first, with path, page and offsets",
    "ask": "an answer of Bunko's own model, with citations that were checked",
    "read": f"a part of a document's text, at most {READ_MOST:,} characters",
    "list_documents": "paths, formats, languages, and why a file could not be read",
}


def _tools() -> str:
    lines = [
        f"| `{name}` | {', '.join(f'`{argument}`' for argument in tool.input['properties'])} | {_RESULTS[name]} |"
        for name, tool in TOOLS.items()
    ]
    return "\n".join(["| tool | arguments | result |", "|---|---|---|", *lines])


def commands() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Yield the parser of every command, in the order of the help."""
    yield from _commands(build_parser(), "")


def _commands(parser: argparse.ArgumentParser, prefix: str) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                if any(isinstance(each, argparse._SubParsersAction) for each in inner._actions):
                    yield from _commands(inner, f"{prefix}{name} ")
                else:
                    yield prefix + name, inner


TABLES: Mapping[str, Callable[[], str]] = {
    "fields of an answer": lambda: _fields(Answer, "command"),
    "fields of an answer of the API": lambda: _fields(Answer, "api", without=rows(Answer, surface="command")),
    "fields of a search": lambda: _fields(SearchResult, "command"),
    "fields of a sync report": lambda: _fields(SyncReport, "command"),
    "fields of a list of documents": lambda: _fields(DocumentList, "command"),
    "fields of a list of duplicates": lambda: _fields(DuplicateList, "command"),
    "flags of a question": _flags,
    "fields of a question": lambda: _settings(ASKABLE),
    "settings in a chat completion": lambda: _settings(each for each in ASKABLE if each.openai == "bunko"),
    "tools": _tools,
    "settings at the top": lambda: _section(""),
    **{f"settings of {section}": partial(_section, section) for section in SECTIONS},
    "fields of a replay": lambda: _own_fields(Replay, "command"),
    "fields of a saved answer": lambda: _own_fields(SavedAnswer, "cache"),
    "fields of an error": lambda: _fields(ErrorReply, "command"),
}


def pages() -> list[Path]:
    """Return the pages that have such tables."""
    return [page for page in sorted(DOCS.glob("*.md")) if re.search(MARK, page.read_text(encoding="utf-8"))]


def with_tables(text: str) -> str:
    """Return a page with its tables made anew. Raises KeyError for a table that nobody makes."""
    pattern = re.compile(rf"^{MARK}\n.*?^{_END}$", re.M | re.S)
    return pattern.sub(lambda found: f"<!-- table: {found[1]} -->\n\n{TABLES[found[1]]()}\n\n{_END}", text)


if __name__ == "__main__":
    for each in pages():
        each.write_text(with_tables(each.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
