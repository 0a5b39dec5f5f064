"""The JSON of `eval` and `compare`, and every figure, are documented."""

from __future__ import annotations

import typing
from collections.abc import Iterator

from bunko.evaluation import records
from bunko.evaluation.evaluating import METRICS
from tests.test_docs import COMMANDS_PAGE, ROOT, code, read, rows, section


def fields(record: object, prefix: str = "") -> Iterator[str]:
    for name, kind in typing.get_type_hints(record).items():
        inner = typing.get_args(kind)[0] if typing.get_origin(kind) is list else kind
        if not typing.is_typeddict(inner):
            yield prefix + name
        elif inner is kind:
            yield from fields(inner, f"{prefix}{name}.")
        else:
            yield prefix + name
            yield from fields(inner, f"{prefix}{name}[].")


def test_every_field_of_a_comparison_is_documented_and_none_is_invented() -> None:
    documented = {name for row in rows(section(COMMANDS_PAGE, "`eval` and `compare`")) for name in code(row[0])}
    assert documented == set(fields(records.Comparison))


def test_every_figure_is_explained() -> None:
    text = read(ROOT / "docs" / "evaluation.md")
    explained = " ".join(row[0] for row in rows(text))
    for metric in METRICS:
        label = metric["label"].removeprefix("gold in the ").removeprefix("right document ").removeprefix("time, ")
        assert label in explained, metric["label"]
