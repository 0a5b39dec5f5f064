"""A library as a retriever of LangChain: the real package, a real index."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import bunko
from bunko.errors import MissingExtra, QuestionError
from tests.support import CATS, KYOTO, SHIPS, make_library, write_files

pytest.importorskip("langchain_core", reason='needs LangChain: pip install "bunko[langchain]"')


@pytest.fixture
def library(tmp_path: Path) -> Iterator[bunko.Library]:
    folder = write_files(
        tmp_path / "library", {"cats.txt": CATS, "ships/ships.md": f"# Ships\n\n{SHIPS}", "京都.txt": KYOTO}
    )
    with make_library(folder) as library:
        library.sync()
        yield library


def test_passages_become_documents_with_their_places(library: bunko.Library) -> None:
    from bunko.frameworks.langchain import BunkoRetriever

    documents = BunkoRetriever(library=library).invoke("Where does the cat sleep?")
    first = documents[0]
    assert first.metadata["source"] == "cats.txt"
    text = library.document("cats.txt")
    assert text and text.text[first.metadata["start"] : first.metadata["end"]] == first.page_content
    assert first.id == f"cats.txt#{first.metadata['start']}-{first.metadata['end']}"
    assert first.metadata["language"] == "en"
    assert [document.metadata["score"] for document in documents] == sorted(
        (document.metadata["score"] for document in documents), reverse=True
    )


def test_a_limit_and_a_choice_of_documents_hold(library: bunko.Library) -> None:
    from bunko.frameworks.langchain import BunkoRetriever

    assert len(BunkoRetriever(library=library, limit=1).invoke("cat ship")) == 1
    chosen = BunkoRetriever(library=library, within={"only": "ships/**"}).invoke("cat ship")
    assert {document.metadata["source"] for document in chosen} == {"ships/ships.md"}
    assert chosen[0].metadata["heading"] == "Ships"


def test_it_takes_part_in_a_chain_and_answers_several_at_once(library: bunko.Library) -> None:
    from langchain_core.runnables import RunnableLambda

    from bunko.frameworks.langchain import BunkoRetriever

    retriever = BunkoRetriever(library=library, limit=1)
    chain = retriever | RunnableLambda(lambda documents: documents[0].metadata["source"])
    questions = ["Where does the cat sleep?", "Where does the ship sail?", "京都の寺"] * 3
    found = ["cats.txt", "ships/ships.md", "京都.txt"] * 3
    assert chain.batch(questions) == found

    async def at_once() -> list[str]:
        return list(await asyncio.gather(*(chain.ainvoke(question) for question in questions)))

    assert asyncio.run(at_once()) == found


def test_errors_stay_bunkos(library: bunko.Library) -> None:
    from bunko.frameworks.langchain import BunkoRetriever

    with pytest.raises(QuestionError):
        BunkoRetriever(library=library).invoke("  ")


def test_a_missing_framework_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    from bunko.frameworks.sources import need

    monkeypatch.setitem(sys.modules, "langchain_core", None)
    with pytest.raises(MissingExtra, match=r'pip install "bunko\[langchain\]"'):
        need("langchain_core", extra="langchain")
