"""The settings that a question may set: one table, from which every interface takes its flags and fields.

In: nothing. Out: ASKABLE. A setting in it is a flag of the commands, a field of the native API, a field of "bunko" in
the OpenAI-compatible API and an argument of MCP's `ask`; `RemoteLibrary` sends it. Types, choices and lower bounds are
those of `bunko.settings`. Knows nothing of commands, HTTP or pydantic.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Call: TypeAlias = Literal["ask", "search"]
MOST_ITEMS = 1_000
"""The most texts of a list in a request."""
_BOTH: tuple[Call, ...] = ("ask", "search")
_PATH = 4_000
"""The most characters of a path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Askable:
    """A setting that a question may set."""

    setting: str
    """The dotted name of the setting."""
    flag: str
    """The flag of the commands."""
    doc: str
    """What it does: in the help of the flag, in the schemas of the APIs, and in the documentation."""
    metavar: str = ""
    """What the help calls the flag's value; empty for a flag without one."""
    value: str = ""
    """What a flag without a value sets."""
    flag_doc: str = ""
    """The help of the flag, where it differs from `doc`."""
    most: float | None = None
    """The highest number that a request may ask for."""
    fewest: float | None = None
    """The lowest number that a request may ask for, where the setting's own lowest stands for something else."""
    longest: int = 20
    """The most characters of a text."""
    source: Literal["text", "text or file"] = "text"
    """What the flag takes: "text or file" is also the path of a file with the text."""
    is_list: bool = False
    """Whether it is a list of texts. Said here, since the parser of flags must not load the settings for it."""
    separator: str = ""
    """What separates the texts of a list in one flag; empty: the flag is repeated."""
    calls: tuple[Call, ...] = ("ask",)
    """The requests of the native API that take it."""
    openai: Literal["own", "bunko"] = "bunko"
    """Where a chat completion has it: in a field of OpenAI's own, or in our field "bunko"."""
    mcp: tuple[Call, ...] = ("ask",)
    """The MCP tools that take it."""
    mcp_most: float | None = None
    """The highest number that an MCP tool takes, where it is not `most`."""

    @property
    def field(self) -> str:
        """The name in requests, which is the last part of the setting's name."""
        return self.setting.rpartition(".")[2]

    @property
    def section(self) -> str:
        """The section of the setting; empty for one at the top."""
        return self.setting.rpartition(".")[0]

    @property
    def type(self) -> Any:
        """The type of the setting: int, float, bool, str, tuple[str, ...] or a Literal."""
        from bunko.settings import type_of

        return type_of(self.setting)

    @property
    def least(self) -> float:
        """The lowest number that a request may ask for, or that the setting can be."""
        from bunko.setting_values import bounds_of

        return bounds_of(self.setting)[0] if self.fewest is None else self.fewest

    @property
    def highest(self) -> float | None:
        """The highest number that a request may ask for, or that the setting can be; None: there is none."""
        from bunko.setting_values import bounds_of

        return self.most if self.most is not None else bounds_of(self.setting)[1]

    def parse(self, text: str | Iterable[str]) -> object:
        """Return a flag's text, or those of a repeated flag, as a value of the setting's type. Raises ValueError.

        >>> SETTINGS["retrieval.top_k"].parse("5"), SETTINGS["scope.types"].parse(["pdf,docx", "md"])
        (5, ('pdf', 'docx', 'md'))
        """
        if self.is_list:
            given = [text] if isinstance(text, str) else text
            parts = (part for one in given for part in (one.split(self.separator) if self.separator else [one]))
            return tuple(part.strip() for part in parts if part.strip())
        return self.type(text) if self.type in (int, float) else text

    def schema(self, *, most: float | None = None) -> dict[str, Any]:
        """Return the JSON Schema of the field; `most` is another upper bound.

        >>> SETTINGS["answers.verify"].schema()["enum"]
        ['quick', 'deep']
        """
        tree: dict[str, Any] = {"description": self.doc}
        if typing.get_origin(self.type) is Literal:
            return tree | {"type": "string", "enum": list(typing.get_args(self.type))}
        if self.is_list:
            text = {"type": "string", "maxLength": self.longest}
            return tree | {"type": "array", "items": text, "maxItems": MOST_ITEMS}
        if self.type in (int, float):
            bounds = {"minimum": self.least, "maximum": self.highest if most is None else most}
            kind = "integer" if self.type is int else "number"
            return tree | {"type": kind} | {name: bound for name, bound in bounds.items() if bound is not None}
        return tree | {"type": "boolean"} if self.type is bool else tree | {"type": "string", "maxLength": self.longest}


ASKABLE: tuple[Askable, ...] = (
    Askable(
        setting="generation.max_tokens",
        flag="--max-tokens",
        metavar="N",
        doc="longest answer, in the model's tokens; default: by the length, 256 to 1024; 256 for small models",
        fewest=1,
        most=1_000_000,  # the server's own limit, server.max_tokens, is lower
        openai="own",
        mcp_most=4096,
    ),
    Askable(
        setting="generation.think",
        flag="--think",
        metavar="LEVEL",
        doc="for models that reason: off, low or high; auto (default): as the model does by itself",
        mcp=(),
    ),
    Askable(
        setting="generation.temperature",
        flag="--temperature",
        metavar="T",
        doc="0.0 (default): the likeliest word each time",
        most=10,
        openai="own",
        mcp=(),
    ),
    Askable(
        setting="generation.seed",
        flag="--seed",
        metavar="N",
        doc="with a temperature above 0, the same seed gives the same answer",
        most=2**31 - 1,
        openai="own",
        mcp=(),
    ),
    Askable(
        setting="answers.kind",
        flag="--kind",
        metavar="KIND",
        doc="what the question asks for: fact, definition, reason, comparison, list, open, yes_no or summary; auto "
        "(default): as its words show",
    ),
    Askable(
        setting="generation.style",
        flag="--quote",
        value="extractive",
        doc="extractive: words of the sources only; free: the model's; auto (default): extractive for small models",
        flag_doc="answer only in the sources' own words",
        mcp=(),
    ),
    Askable(
        setting="generation.translation",
        flag="--bilingual",
        value="auto",
        doc="the language that each sentence is also given in, such as ja; auto: Japanese for English, else English",
        flag_doc="also give each sentence in Japanese, or in English where the answer is in another language",
        mcp=(),
    ),
    Askable(
        setting="answers.length",
        flag="--length",
        metavar="LENGTH",
        doc="short, normal (default) or long: how much a model of 2 billion parameters or more, or a server's, writes",
        mcp=(),
    ),
    Askable(
        setting="answers.patience_s",
        flag="--patience",
        metavar="SECONDS",
        doc="how long a model of 2 billion parameters or more may read, half of it for a fact; 0: 4,000 tokens",
        mcp=(),
    ),
    Askable(
        setting="answers.instructions",
        flag="--instructions",
        metavar="TEXT",
        doc="what the model is told beside Bunko's own instructions",
        flag_doc="tell the model this, or what is in this file, beside Bunko's own instructions",
        longest=20_000,
        source="text or file",
        mcp=(),
    ),
    Askable(
        setting="answers.verify",
        flag="--verify",
        metavar="LEVEL",
        doc="quick (default), or deep: the model is also asked whether the sources support each sentence",
        mcp=(),
    ),
    Askable(
        setting="answers.strictness",
        flag="--strictness",
        metavar="S",
        doc="how well the evidence must support an answer, from 0 to 1; 0.5 (default); 0: answer every question",
        mcp=(),
    ),
    Askable(
        setting="answer_language",
        flag="--answer-language",
        metavar="CODE",
        doc="the language to answer in, such as en or ja; default: the question's",
    ),
    Askable(
        setting="retrieval.top_k",
        flag="--top-k",
        metavar="N",
        doc="how many passages to retrieve; 8 (default)",
        most=100,
        calls=("ask", "search"),
        mcp=("search",),
        mcp_most=50,
    ),
    Askable(
        setting="retrieval.mode",
        flag="--mode",
        metavar="MODE",
        doc="hybrid (default), dense (by meaning only) or lexical (by words only)",
        mcp=(),
    ),
    Askable(
        setting="retrieval.reranker",
        flag="--reranker",
        metavar="NAME",
        doc="the model that reranks the first passages; none (default); reader: the reader of the question's language; "
        "over an API, one of these or the server's own",
        flag_doc="rerank the first passages with this model: reader (the reader of the question's language), a "
        "reranker of `bunko models list`, a folder with model.onnx, or a .gguf file; none (default)",
        longest=_PATH,
        calls=_BOTH,
        mcp=(),
    ),
    Askable(
        setting="scope.only",
        is_list=True,
        flag="--only",
        metavar="PATTERN",
        doc="ask these documents only: paths, names, folders, or patterns such as contracts/**",
        flag_doc="ask these documents only: a path, a name, a folder, or a pattern such as 'contracts/**'; may be "
        "repeated",
        longest=_PATH,
        calls=_BOTH,
        mcp=_BOTH,
    ),
    Askable(
        setting="scope.exclude",
        is_list=True,
        flag="--not",
        metavar="PATTERN",
        doc="don't ask these documents: paths, names, folders or patterns",
        flag_doc="don't ask these documents; may be repeated",
        longest=_PATH,
        calls=_BOTH,
        mcp=_BOTH,
    ),
    Askable(
        setting="scope.since",
        flag="--since",
        metavar="DATE",
        doc="ask documents of this day, month or year and after only, such as 2024-01",
        longest=40,
        calls=_BOTH,
        mcp=_BOTH,
    ),
    Askable(
        setting="scope.until",
        flag="--until",
        metavar="DATE",
        doc="ask documents of this day, month or year and before only",
        longest=40,
        calls=_BOTH,
        mcp=_BOTH,
    ),
    Askable(
        setting="scope.types",
        is_list=True,
        flag="--type",
        metavar="TYPES",
        doc="ask these kinds of files only, such as pdf, docx, mail",
        flag_doc="ask these kinds of files only, such as pdf,docx",
        separator=",",
        longest=40,
        calls=_BOTH,
        mcp=_BOTH,
    ),
    Askable(
        setting="scope.tags",
        is_list=True,
        flag="--tag",
        metavar="TAGS",
        doc="ask documents with one of these tags only",
        separator=",",
        longest=200,
        calls=_BOTH,
        mcp=_BOTH,
    ),
    Askable(
        setting="scope.authors",
        is_list=True,
        flag="--author",
        metavar="NAME",
        doc="ask documents of these authors only, or mails from them; a part of the name is enough",
        flag_doc="ask documents of this author only, or mails from them; a part of the name is enough; may be repeated",
        longest=200,
        calls=_BOTH,
        mcp=_BOTH,
    ),
)
SETTINGS = {each.setting: each for each in ASKABLE}
FIELDS = {"model": "model"} | {each.setting: each.field for each in ASKABLE}
"""Setting -> field of a request. Which model answers is a field of its own in every API."""


def askable_in_mcp(tool: Call) -> tuple[Askable, ...]:
    """Return the settings that an MCP tool takes."""
    return tuple(each for each in ASKABLE if tool in each.mcp)
