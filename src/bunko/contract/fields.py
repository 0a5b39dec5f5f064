"""The fields of a record's JSON. In: the class of a record. Out: its fields, in order. Knows nothing of values.

Every field of a record is a field of its JSON, with the same name, in the same order, on every surface. The docstring
below the field is its description, and its annotation is its type. RULES has the exceptions.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import inspect
import itertools
import textwrap
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from bunko.contract.records import DocumentList, DocumentRow, LibraryState, SearchResult, ServedDocument, TextPart
from bunko.facts import Facts
from bunko.types import (
    Answer,
    Chunk,
    Citation,
    Evidence,
    Finished,
    Hit,
    MarkedSpan,
    Message,
    Remembered,
    Retrieved,
    Span,
    SyncReport,
)

Surface: TypeAlias = Literal["command", "api", "mcp", "cache"]
"""Where JSON is printed or sent. The cache of answers has every field, with every digit."""

EVERYWHERE: tuple[Surface, ...] = ("command", "api", "mcp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How the JSON of a field differs from the field."""

    name: str = ""
    """The name in the JSON; "a.b" is the field `b` of the object `a`. Empty: the field's own name."""
    on: tuple[Surface, ...] = EVERYWHERE
    """The surfaces that have the field."""
    when: Literal["always", "set"] = "always"
    """"set": the field is left out where it is empty, false or None."""
    digits: int | None = None
    """Numbers are rounded to this many decimals."""
    inline: bool = False
    """The fields of the inner record are fields of this one."""
    nullable: bool = False
    """An infinite number is null: JSON has none."""
    before: str = ""
    """The field comes before this one. A property of the record is a field only with this rule, and is not parsed."""


RULES: Mapping[type, Mapping[str, Rule]] = {
    Answer: {
        "text": Rule(name="answer"),
        "documents_searched": Rule(name="documents.searched"),
        "documents_cited": Rule(name="documents.cited", before="documents_read"),
        "documents_quoted": Rule(name="documents.quoted", before="documents_read"),
        "documents_read": Rule(name="documents.read"),
        "timings": Rule(name="timings_ms"),
        "span": Rule(when="set"),
        "translation": Rule(when="set"),
        "remembered": Rule(when="set"),
        "scope": Rule(when="set"),
        "revision": Rule(when="set"),
        "closest_quote": Rule(when="set"),
        # The commands print notes on stderr.
        "notes": Rule(on=("api", "mcp")),
        "standalone_question": Rule(on=("api",)),
        "finish_reason": Rule(on=("api", "mcp")),
        "support": Rule(on=("api",), nullable=True),
        "probability": Rule(when="set", digits=3),
        "query": Rule(when="set"),
    },
    Remembered: {"timings": Rule(name="timings_ms")},
    SearchResult: {"timings": Rule(name="timings_ms"), "scope": Rule(when="set")},
    Evidence: {
        "score": Rule(digits=6),
        "heading": Rule(when="set"),
        "gives_orders": Rule(when="set"),
        "did_not_fit": Rule(when="set"),
        "span": Rule(when="set"),
        "library": Rule(when="set"),
        "fact": Rule(when="set"),
        "row": Rule(when="set"),
    },
    Citation: {name: Rule(when="set") for name in ("library", "fact", "cell", "row")},
    MarkedSpan: {"confidence": Rule(digits=4)},
    Retrieved: {"span": Rule(when="set"), "seconds": Rule(when="set", digits=3), "scope": Rule(when="set")},
    Hit: {
        "chunk": Rule(inline=True),
        "score": Rule(digits=6, before="text"),
        "dense": Rule(on=()),
        "lexical": Rule(on=()),
    },
    Chunk: {
        "library": Rule(when="set"),
        "heading": Rule(when="set"),
        "sections": Rule(on=()),
        "language": Rule(on=()),
        "key": Rule(on=()),
    },
    Message: {"evidence": Rule(when="set")},
    Finished: {"answer": Rule(inline=True)},
    SyncReport: {"left_out": Rule(when="set"), "unembedded": Rule(on=()), "notes": Rule(when="set")},
    Span: {"level": Rule(on=("api",), when="set")},
    DocumentRow: {"state": Rule(on=("mcp",)), "facts": Rule(when="set")},
    DocumentList: {"total": Rule(on=("mcp",)), "offset": Rule(on=("mcp",))},
    ServedDocument: {"error": Rule(when="set"), "hint": Rule(when="set"), "facts": Rule(when="set")},
    Facts: {field.name: Rule(when="set") for field in dataclasses.fields(Facts)},
    TextPart: {"format": Rule(on=("api",)), "tables": Rule(on=("api",))},
    LibraryState: {"progress": Rule(when="set"), "error": Rule(when="set")},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a record's JSON."""

    attribute: str
    """The attribute of the record, or of its holder."""
    holder: str = ""
    """The attribute of the record whose record has the field; empty: the record itself."""
    path: tuple[str, ...]
    """The names in the JSON that lead to it, from the record's own object."""
    type: Any
    """Its annotation, resolved, without None."""
    optional: bool
    """Whether the annotation allows None."""
    rule: Rule
    has_default: bool
    computed: bool
    """Whether it is a property of the record."""

    def is_on(self, surface: Surface) -> bool:
        """Return whether a surface has the field."""
        return surface == "cache" or surface in self.rule.on

    @property
    def is_required(self) -> bool:
        """Whether JSON without the field is no JSON of the record."""
        return not self.has_default or (self.rule.on == EVERYWHERE and self.rule.when == "always")


@functools.cache
def fields_of(record: type) -> tuple[Field, ...]:
    """Return the fields of a record's JSON, in order. Raises TypeError where a rule names no field.

    >>> [".".join(field.path) for field in fields_of(Hit)][:6]
    ['path', 'page', 'start', 'end', 'score', 'text']
    """
    hints = typing.get_type_hints(record)
    rules = rules_of(record)
    found: list[Field] = []
    for item in dataclasses.fields(record):
        if rules.get(item.name, Rule()).inline:
            found += [dataclasses.replace(field, holder=item.name) for field in fields_of(hints[item.name])]
        else:
            has_default = item.default is not dataclasses.MISSING or item.default_factory is not dataclasses.MISSING
            found.append(_field(item.name, hints[item.name], rules, has_default=has_default))
    for name, rule in rules.items():
        if isinstance(method := getattr(record, name, None), property):
            found.append(_field(name, typing.get_type_hints(method.fget)["return"], rules, computed=True))
        elif name not in hints:
            raise TypeError(f"{record.__name__} has no field {name!r}.")
        if rule.before:
            names = [field.attribute for field in found]
            field = found.pop(names.index(name))
            found.insert([each.attribute for each in found].index(rule.before), field)
    return tuple(found)


def rules_of(record: type) -> dict[str, Rule]:
    """Return the rules of a record by attribute, those of the classes above it included."""
    found: dict[str, Rule] = {}
    for each in reversed(record.__mro__):
        found |= RULES.get(each, {})
    return found


def inline_records(record: type) -> dict[str, type]:
    """Return the attributes whose fields are fields of the record's own JSON, with their classes.

    >>> inline_records(Hit)
    {'chunk': <class 'bunko.types.Chunk'>}
    """
    inline = [name for name, rule in rules_of(record).items() if rule.inline]
    hints = typing.get_type_hints(record) if inline else {}
    return {name: hints[name] for name in inline}


def _field(
    name: str, annotation: Any, rules: Mapping[str, Rule], *, has_default: bool = False, computed: bool = False
) -> Field:
    rule = rules.get(name, Rule())
    is_union = typing.get_origin(annotation) in (typing.Union, types.UnionType)
    kinds = typing.get_args(annotation) if is_union else (annotation,)
    inner = [kind for kind in kinds if kind is not type(None)]
    return Field(
        attribute=name,
        path=tuple((rule.name or name).split(".")),
        type=inner[0],
        optional=len(inner) < len(kinds),
        rule=rule,
        has_default=has_default,
        computed=computed,
    )


# --- descriptions -----------------------------------------------------------------------------------------------------


@functools.cache
def descriptions(record: type) -> Mapping[str, str]:
    """Return the docstrings below the fields of a record, by attribute; none where the source is not at hand."""
    found: dict[str, str] = {}
    for each in reversed(record.__mro__):
        if dataclasses.is_dataclass(each):
            found |= dict(_docstrings(each))
    return found


def summary_of(record: type) -> str:
    """Return the first sentence of a record's docstring, on one line."""
    return " ".join(inspect.cleandoc(record.__doc__ or "").partition("\n\n")[0].split())


def _docstrings(record: type) -> Iterator[tuple[str, str]]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(record)))
    except (OSError, TypeError):  # an installation without sources
        return
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    for node, below in itertools.pairwise(body):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and isinstance(below, ast.Expr):
            text = ast.literal_eval(below.value) if isinstance(below.value, ast.Constant) else ""
            yield node.target.id, " ".join(str(text).split())
    for node in body:
        if isinstance(node, ast.FunctionDef) and (text := ast.get_docstring(node)):
            yield node.name, " ".join(text.split())
