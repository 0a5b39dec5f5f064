"""Answer a question over rows. In: a question, the index. Out: the events of an answer, or none, with notes.

The number is computed by DuckDB. A model is asked for a query only where the question has no known form and clearly
asks over a sheet. Other questions are left to the search.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bunko.indexing.outline import Outline
from bunko.models.ability import ability_of
from bunko.ports import Generator
from bunko.rows.engine import ROW, Cell, Database, QueryFailed, is_installed, quoted, shortened
from bunko.rows.finding import MOST_ROWS, Asked, Shelf, Tables, choose, clearest, unknown_column
from bunko.rows.proposing import propose
from bunko.rows.query import AskBack, Query
from bunko.rows.sql import select_of
from bunko.rows.table import Table
from bunko.rows.wording import (
    Looked,
    answer_text,
    needs_duckdb,
    note_on_model,
    notes_on,
    proposed_text,
    question_back,
    which_tables,
)
from bunko.settings import Settings
from bunko.stopwatch import Stopwatch
from bunko.types import Answer, Citation, Event, Evidence, Finished, Retrieved, RowsQuery, TextDelta

QUOTED = 20
"""The most rows that are quoted as evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What an answer says beside what was computed."""

    question: str
    language: str
    documents: int
    generator: Callable[[], Generator]
    """Gives the language model; only called for an answer."""
    settings: Settings
    watch: Stopwatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a question."""

    answer: Answer | None = None
    """None: the question is not over rows, or can't be computed; it is left to the search."""
    notes: tuple[str, ...] = ()
    """What the answer of the search should say."""

    def events(self, watch: Stopwatch) -> Iterator[Event]:
        """Yield the events of the answer, with the time that it took."""
        assert self.answer
        yield Retrieved(question=self.answer.question, evidence=self.answer.evidence, hits=())
        yield TextDelta(text=self.answer.text)
        yield Finished(answer=replace(self.answer, timings=watch.timings()))


def answer_from_rows(tables: Tables, shelf: Shelf, setting: Setting, *, state: str) -> Outcome:
    """Compute the answer to a question over rows. Raises StoreError."""
    with setting.watch.stage("rows"):
        others = tables.others(shelf, documents=setting.documents, state=state)
        asked = tables.asked(setting.question, shelf, state=state, others=others)
        if not asked:
            return Outcome()
        chosen = choose(asked)
        if isinstance(chosen, tuple):
            return _asking_back(which_tables(chosen, language=setting.language), setting)
        if chosen is not None and isinstance(chosen.form, Query):
            return _computed(chosen, chosen.form, shelf, setting)
        if chosen is not None and isinstance(chosen.form, AskBack):
            return _asking_back(question_back(chosen.form, chosen.table, language=setting.language), setting)
        if (clear := clearest(asked)) and (outcome := _proposed(clear, shelf, setting)):
            return outcome
        if unknown := unknown_column(asked, others=others):
            item, back = unknown
            return _asking_back(question_back(back, item.table, language=setting.language), setting)
    return Outcome()


def _computed(asked: Asked, query: Query, shelf: Shelf, setting: Setting) -> Outcome:
    """Run a query, and answer with its result; a note says why it can't be run."""
    table = asked.table
    files = ", ".join(table.paths[:3])
    if not is_installed():
        # A model that reads some of the rows would give a number that looks right.
        return _asking_back(needs_duckdb(files, language=setting.language), setting)
    if len(table.rows) > MOST_ROWS:
        return Outcome(notes=(f"{files} has {len(table.rows):,} rows; up to {MOST_ROWS:,} can be computed over.",))
    select = select_of(query, table)
    try:
        with Database(table) as database:
            names, rows = database.run(select.sql)
            chosen = database.numbers(select.chosen, most=QUOTED)
            matched = database.count(select.where)
    except QueryFailed as error:
        return Outcome(notes=(str(error),))
    looked = Looked(rows=len(table.rows), matched=matched)
    text = answer_text(query, table, select, rows, looked=looked, language=setting.language)
    answer = _answer(text, table, chosen, shelf, setting)
    record = record_of(select.sql, "form", table, names, rows, looked=looked)
    notes = notes_on(query, table, language=setting.language)
    return Outcome(answer=replace(answer, query=record, notes=notes))


def _proposed(asked: Asked, shelf: Shelf, setting: Setting) -> Outcome | None:
    """Have the model write the query, and answer with its result; None where it can't, or what it wrote is no good."""
    generator = setting.generator()
    if not (is_installed() and generator.spec.writes) or len(asked.table.rows) > MOST_ROWS:
        return None
    if ability_of(generator.spec, setting.settings.generation) == "tiny":
        return None
    table = asked.table
    seed = setting.settings.generation.seed
    with Database(table) as database:
        proposal = propose(setting.question, asked.links, table, database, generator, seed=seed)
        if proposal.checked is None:
            return None
        where = proposal.checked.where
        try:
            names, rows = database.run(proposal.checked.sql)
            condition = f" WHERE {where}" if where else ""
            chosen = database.numbers(
                f"SELECT {quoted(ROW)} FROM {quoted(table.name)}{condition} ORDER BY 1", most=QUOTED
            )
            looked = Looked(rows=len(table.rows), matched=database.count(where))
        except QueryFailed:
            return None
    if not looked.matched or not rows or all(cell is None for row in rows for cell in row):
        return None
    text = proposed_text(table, names, rows, looked=looked, language=setting.language)
    answer = _answer(text, table, chosen, shelf, setting)
    record = record_of(proposal.checked.sql, "model", table, names, rows, looked=looked)
    note = note_on_model(generator.spec.name, language=setting.language)
    return Outcome(answer=replace(answer, query=record, notes=(note,), usage=proposal.usage, finish_reason="stop"))


def record_of(
    sql: str,
    written_by: Literal["form", "model"],
    table: Table,
    names: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    *,
    looked: Looked,
) -> RowsQuery:
    """Return the record of a query that was run."""
    return RowsQuery(
        sql=sql,
        written_by=written_by,
        paths=table.paths,
        rows=looked.rows,
        matched=looked.matched,
        columns=tuple(names),
        result=shortened(rows),
    )


def _answer(text: str, table: Table, chosen: Sequence[int], shelf: Shelf, setting: Setting) -> Answer:
    """Return an answer that quotes the rows it came from."""
    evidence = quotes(table, chosen, shelf)
    sentence = text.splitlines()[0]
    citations = tuple(
        Citation(
            n=n,
            path=item.path,
            start=item.start,
            end=item.end,
            quote=item.quote,
            sentence=sentence,
            verified=True,
        )
        for n, item in enumerate(evidence, 1)
    )
    return Answer(
        question=setting.question,
        standalone_question=setting.question,
        text=text,
        evidence=evidence,
        citations=citations,
        documents_searched=setting.documents,
        documents_read=len(table.paths),
        model=setting.generator().spec.name,
        finish_reason="none",
    )


def quotes(table: Table, chosen: Sequence[int], shelf: Shelf) -> tuple[Evidence, ...]:
    """Return rows as quotes of their documents, each under its header."""
    rows = [table.rows[n] for n in chosen]
    documents = {path: shelf.document(path) for path in dict.fromkeys(row.path for row in rows)}
    outlines = {path: Outline.of(document) for path, document in documents.items() if document}
    found = []
    for row in rows:
        document = documents[row.path]
        if document is not None:
            found.append(
                Evidence(
                    path=row.path,
                    start=row.start,
                    end=row.end,
                    quote=document.text[row.start : row.end],
                    score=1.0,
                    heading=outlines[row.path].path(row.start),
                )
            )
    return tuple(found)


def _asking_back(text: str, setting: Setting) -> Outcome:
    return Outcome(
        answer=Answer(
            question=setting.question,
            standalone_question=setting.question,
            text=text,
            refused=True,
            support=0.0,
            documents_searched=setting.documents,
            model=setting.generator().spec.name,
            finish_reason="none",
        )
    )
