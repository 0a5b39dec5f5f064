"""Filters choose the documents that a plain look at each would choose, and a search finds what is within them."""

from __future__ import annotations

import contextlib
import fnmatch
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bunko.errors import QuestionError, ScopeError
from bunko.facts import facts_from
from bunko.library import Library
from bunko.scope.choosing import choose
from bunko.settings import ScopeSettings
from bunko.store import StoreWithin
from bunko.store.within import condition_on_paths
from bunko.testing import FakeEmbedder
from tests.support import make_library, write_files

_MAIL = "From: Ada Lind <ada@a.example>\nTo: bob@a.example\nSubject: Budget\nDate: {}\n\nThe mayor of Varn approves.\n"
_FILES = {
    "contracts/2023/mill.md": "---\nauthor: Ada Lind\ntags: [work/plans, mill]\ndate: 2023-05-04\n---\nThe mayor.",
    "contracts/2024/port.txt": "The port of Hest has 9,800 people. Its mayor is Jon Aker.",
    "contracts/Draft [1].txt": "The mayor has not signed this draft.",
    "town.txt": "The town of Varn has 4,210 people. Its mayor is Ilse Maar.",
    "minutes 2024-01.md": "---\ndate: 2024-01-15\ntags: work\nauthor: Bob Hay\n---\nThe mayor speaks. #council",
    "minutes 2024-02.md": "---\ndate: 2024-02-15\ntags: [council]\n---\nThe mayor is silent.",
    "notes/議事録.txt": "市長はヨン・アーケルです。 The mayor.",
    "mails/a.eml": _MAIL.format("Tue, 12 Mar 2024 09:05:00 +0900"),
    "mails/b.eml": _MAIL.format("Sun, 1 Jan 2023 09:05:00 +0000"),
    "page.html": "<html><head><meta name=author content='Olga Berg'></head><body>The mayor.</body></html>",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder = write_files(tmp_path_factory.mktemp("within") / "docs", _FILES)
    for path in folder.rglob("*"):
        if path.is_file():
            os.utime(path, (1_700_000_000, 1_700_000_000))  # 2023-11-14
    with make_library(folder) as opened:
        opened.sync()
        yield opened


def chosen(library: Library, filters: ScopeSettings) -> set[str]:
    return set(choose([filters], library.store.listing()).paths)


# --- against a plain scan -----------------------------------------------------------------------------------------

_PATTERNS = st.sampled_from(
    [
        "contracts/**",
        "contracts",
        "*.txt",
        "minutes*",
        "town.txt",
        "2024",
        "**/*.md",
        "mails/",
        "議事録*",
        "contracts/*/*.md",
    ]
)
_SOME = st.lists(_PATTERNS, max_size=2, unique=True).map(tuple)


def plainly(library: Library, path: str, filters: ScopeSettings) -> bool:
    """Look at one document the slow and obvious way."""
    record = library.records()[path]
    facts = facts_from(record.facts)

    def named(patterns: tuple[str, ...]) -> bool:
        parts = path.split("/")
        places = ["/".join(parts[: n + 1]) for n in range(len(parts))]
        for pattern in patterns:
            bare = pattern.rstrip("/").removeprefix("**/").removesuffix("/**")
            if "/" in bare:
                if any(place.count("/") == bare.count("/") and fnmatch.fnmatch(place, bare) for place in places):
                    return True
            elif pattern.endswith("/**"):
                if parts[0] == bare and len(parts) > 1:
                    return True
            elif any(fnmatch.fnmatch(part, bare) for part in parts):
                return True
        return False

    date = (facts.modified or facts.created or "2023-11-14")[:10]
    return (
        (not filters.only or named(filters.only))
        and not (filters.exclude and named(filters.exclude))
        and (not filters.since or date >= f"{filters.since}-01")
        and (not filters.until or date <= f"{filters.until}-31")
        and (not filters.types or path.rpartition(".")[2] in filters.types)
        and (not filters.tags or any(t == w or t.startswith(f"{w}/") for t in facts.tags for w in filters.tags))
        and (not filters.authors or any(w in a.lower() for a in facts.authors for w in filters.authors))
    )


_FILTERS = st.builds(
    ScopeSettings,
    only=_SOME,
    exclude=_SOME,
    since=st.sampled_from(["", "", "2023-06", "2024-02"]),
    until=st.sampled_from(["", "", "2023-12", "2024-01"]),
    types=st.sampled_from([(), (), ("txt",), ("md", "eml")]),
    tags=st.sampled_from([(), (), ("work",), ("council", "mill")]),
    authors=st.sampled_from([(), (), ("lind",), ("hay", "berg")]),
)


@given(_FILTERS)
@settings(max_examples=25, deadline=None)
def test_filters_choose_what_a_plain_scan_does(library: Library, filters: ScopeSettings) -> None:
    wanted = {path for path in _FILES if plainly(library, path, filters)}
    if not wanted:
        with pytest.raises(ScopeError):
            chosen(library, filters)
        return
    assert chosen(library, filters) == wanted
    part = StoreWithin(library.store, wanted)
    embedder = FakeEmbedder()
    # Every document has the word, so a search finds all within, by words and by meaning.
    assert {hit.chunk.path for hit in part.search_lexical("mayor", limit=50)} == wanted
    vector = embedder.embed_query("The mayor")
    assert {hit.chunk.path for hit in part.search_dense(embedder.spec, vector, limit=50)} == wanted
    assert set(part.paths()) == wanted == {document.path for document in part.scan()}
    assert part.count_documents() == sum(part.languages().values()) == len(wanted)


@given(st.sets(st.sampled_from([f"{a}/{b}" for a in "abc" for b in "12345"]), min_size=1))
@settings(max_examples=25)
def test_a_condition_on_paths_is_met_by_these_paths(paths: set[str]) -> None:
    known = sorted(f"{a}/{b}" for a in "abc" for b in "12345")
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE chunks (path TEXT)")
        database.executemany("INSERT INTO chunks VALUES (?)", [(path,) for path in known])
        kept = database.execute(f"SELECT path FROM chunks WHERE {condition_on_paths(paths, known)}")
        assert {path for (path,) in kept} == paths


def test_scores_are_those_of_the_whole_library(library: Library) -> None:
    whole = {hit.chunk.path: hit.score for hit in library.store.search_lexical("mayor Aker", limit=50)}
    part = StoreWithin(library.store, {"contracts/2024/port.txt"})
    assert {hit.chunk.path: hit.score for hit in part.search_lexical("mayor Aker", limit=50)} == {
        "contracts/2024/port.txt": whole["contracts/2024/port.txt"]
    }


# --- in Python ----------------------------------------------------------------------------------------------------


def test_only_some_documents_are_asked(library: Library) -> None:
    answer = library.ask("Who is the mayor?", only="port*")
    assert {item.path for item in answer.evidence} == {"contracts/2024/port.txt"}
    assert answer.scope is not None
    assert (answer.scope.filters, answer.scope.documents, answer.scope.of) == ("file:port*", 1, len(_FILES))
    assert answer.documents_searched == 1


def test_filters_in_the_question_and_beside_it_both_hold(library: Library) -> None:
    found = library.find("mayor type:txt", only=["contracts/**"], exclude="*draft*")
    assert {hit.chunk.path for hit in found.hits} == {"contracts/2024/port.txt"}
    assert found.scope is not None
    assert found.scope.filters == "file:contracts/** -file:*draft* type:txt"
    answer = library.ask('Who is the mayor? file:"minutes 2024*" after:2024-02')
    assert {item.path for item in answer.evidence} == {"minutes 2024-02.md"}
    assert (answer.question, answer.standalone_question) == (
        'Who is the mayor? file:"minutes 2024*" after:2024-02', "Who is the mayor?",
    )  # fmt: skip


def test_a_refusal_says_how_few_documents_were_asked(library: Library) -> None:
    answer = library.ask("Which volcano erupted in Kamchatka in 1811?", only="town.txt")
    assert answer.refused
    assert answer.text == f"Nothing relevant in 1 of {len(_FILES)} documents."
    japanese = library.ask("カムチャツカの火山はいつ噴火しましたか。", only="notes/**")
    assert japanese.text == f"{len(_FILES)}件中1件の文書には、関連する記述がありません。"


def test_questions_about_the_whole_folder_keep_to_the_filters(library: Library) -> None:
    assert "3 documents" in library.ask("How many documents are there? file:contracts").text
    listed = library.ask("Which documents mention the mayor? type:eml").text
    assert "mails/a.eml" in listed and "town.txt" not in listed


@pytest.mark.parametrize(
    ("within", "said"),
    [
        ({"only": "contarcts/**"}, "'contracts/'"),
        ({"only": "prot.txt"}, "'port.txt'"),
        ({"types": "pdf"}, "txt (4)"),
        ({"tags": "concil"}, "'council'"),
        ({"authors": "Lund"}, "Lind"),
        ({"since": "2025"}, "from 2023-01-01 to 2024-03-12"),
        ({"only": "mails/**", "types": "txt"}, "2 pass file:mails/**, 4 pass type:txt"),
        ({"since": "soon"}, "2024-01-31"),
    ],
)
def test_a_filter_that_matches_nothing_is_an_error_with_what_comes_nearest(
    library: Library, within: dict[str, str], said: str
) -> None:
    with pytest.raises(ScopeError) as caught:
        library.search("mayor", **within)  # type: ignore[arg-type]
    assert said in str(caught.value)


def test_filters_alone_are_no_question(library: Library) -> None:
    with pytest.raises(QuestionError, match="no words"):
        library.ask("file:town.txt type:txt")


def test_a_kept_answer_is_of_the_same_documents(tmp_path: Path) -> None:
    from bunko.answering.answer_cache import key_of
    from bunko.settings import Settings, apply_overrides

    base = Settings()
    other = apply_overrides(base, {"scope.only": ["a"]})
    keys = {
        key_of(question, state="s", settings=settings)
        for question in ("Who?", "Who? file:a")
        for settings in (base, other)
    }
    assert len(keys) == 4 or keys == {""}


def test_authors_are_senders_and_a_mailbox_is_a_folder(tmp_path: Path) -> None:
    mails = "".join(f"From x\nFrom: {who}@a.example\nSubject: S{who}\n\nThe mayor.\n\n" for who in ("ada", "bob"))
    with make_library(write_files(tmp_path / "docs", {"in.mbox": mails, "a.txt": "The mayor."})) as library:
        library.sync()
        assert chosen(library, ScopeSettings(only=("in.mbox",))) == {"in.mbox#1", "in.mbox#2"}
        assert chosen(library, ScopeSettings(authors=("bob",))) == {"in.mbox#2"}
        assert chosen(library, ScopeSettings(types=("mail",))) == {"in.mbox#1", "in.mbox#2"}
