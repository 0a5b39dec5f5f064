"""A library as a retriever and a query engine of LlamaIndex: the real package, a real index."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

import bunko
from bunko.errors import QuestionError
from tests.support import CATS, KYOTO, SHIPS, make_library, write_files

pytest.importorskip("llama_index.core", reason='needs LlamaIndex: pip install "bunko[llama-index]"')


@pytest.fixture
def library(tmp_path: Path) -> Iterator[bunko.Library]:
    folder = write_files(
        tmp_path / "library", {"cats.txt": CATS, "ships/ships.md": f"# Ships\n\n{SHIPS}", "京都.txt": KYOTO}
    )
    with make_library(folder) as library:
        library.sync()
        yield library


def test_passages_become_nodes_with_their_places(library: bunko.Library) -> None:
    from bunko.frameworks.llama_index import BunkoRetriever

    nodes = BunkoRetriever(library).retrieve("Where does the cat sleep?")
    first = nodes[0]
    assert first.metadata["source"] == "cats.txt"
    text = library.document("cats.txt")
    assert text and text.text[first.node.start_char_idx : first.node.end_char_idx] == first.node.text
    assert first.score == first.metadata["score"]
    assert len(BunkoRetriever(library, limit=1).retrieve("cat ship")) == 1
    chosen = BunkoRetriever(library, within={"only": "ships/**"}).retrieve("cat ship")
    assert {node.metadata["source"] for node in chosen} == {"ships/ships.md"}
    again = asyncio.run(BunkoRetriever(library).aretrieve("Where does the cat sleep?"))
    assert [node.node.node_id for node in again] == [node.node.node_id for node in nodes]


def test_a_model_reads_the_file_and_the_heading_and_no_offsets(library: bunko.Library) -> None:
    from llama_index.core.schema import MetadataMode

    from bunko.frameworks.llama_index import BunkoRetriever

    (node,) = BunkoRetriever(library, limit=1).retrieve("Where does the ship sail?")
    read = node.node.get_content(metadata_mode=MetadataMode.LLM)
    assert "ships/ships.md" in read
    assert "heading: Ships" in read
    assert "start" not in read
    assert "score" not in read


def test_an_engine_of_llama_index_reads_the_passages(library: bunko.Library) -> None:
    from llama_index.core.llms import MockLLM
    from llama_index.core.query_engine import RetrieverQueryEngine

    from bunko.frameworks.llama_index import BunkoRetriever

    engine = RetrieverQueryEngine.from_args(BunkoRetriever(library, limit=2), llm=MockLLM())
    response = engine.query("Where does the cat sleep?")
    assert "The cat sleeps" in str(response)  # the mock repeats its prompt
    assert response.source_nodes[0].metadata["source"] == "cats.txt"


def test_the_query_engine_answers_with_quotes_as_source_nodes(library: bunko.Library) -> None:
    from bunko.frameworks.llama_index import BunkoQueryEngine

    engine = BunkoQueryEngine(library)
    answer = library.ask("Where does the cat sleep?")
    for response in (
        engine.query("Where does the cat sleep?"),
        asyncio.run(engine.aquery("Where does the cat sleep?")),
    ):
        assert str(response) == answer.text
        assert [node.node.text for node in response.source_nodes] == [item.quote for item in answer.evidence]
        assert any(node.metadata["cited"] for node in response.source_nodes)
        assert response.metadata["answer"]["answer"] == answer.text
        assert response.get_formatted_sources()
    only = BunkoQueryEngine(library, within={"only": "ships/**"}).query("Where does the ship sail?")
    assert {node.metadata["source"] for node in only.source_nodes} == {"ships/ships.md"}
    with pytest.raises(QuestionError):
        engine.query(" ")
