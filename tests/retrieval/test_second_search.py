"""One passage leads to another: what the first search found is searched for, once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bunko.library import Library
from bunko.question.question import parse_question
from bunko.retrieval.second_search import bridges, second_search
from bunko.testing import FakeGenerator
from tests.support import make_library, write_files

FILES: dict[str, str | bytes] = {
    "mill.txt": "The mill of Varn was built by Korran Works in 1911. It has three wheels.\n",
    "works.txt": "Korran Works is a company in Hest. Its founder was Ada Lind.\n",
    "fair.txt": "The founder of the fair was Jon Aker. The fair has forty stalls.\n",
    "水車.txt": "ヴァルンの水車はコラン製作所が1911年に建てた。水車には三つの輪がある。\n",
    "製作所.txt": "コラン製作所はヘストの会社である。創業者はアダ・リンドである。\n",
    "市.txt": "市の創業者はヨン・アーケルである。市には四十の店がある。\n",
}
ENGLISH = "Who was the founder of the company that built the mill of Varn?"
JAPANESE = "ヴァルンの水車を建てた会社の創業者は誰ですか。"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("bridges")
    write_files(folder, FILES)
    with make_library(folder, generator=FakeGenerator("Ada Lind. [1]")) as found:
        found.sync()
        yield found


@pytest.mark.parametrize(
    ("asked", "first", "second"), [(ENGLISH, "mill.txt", "works.txt"), (JAPANESE, "水車.txt", "製作所.txt")]
)
def test_a_name_in_the_first_passage_leads_to_the_second(library: Library, asked: str, first: str, second: str) -> None:
    question = parse_question(asked)
    hits = [hit for hit in library.search(asked) if hit.chunk.path == first]
    assert second in {hit.chunk.path for hit in second_search(question, hits, library.store)}


def test_no_passage_that_was_looked_at_is_found_again(library: Library) -> None:
    hits = library.search(ENGLISH)
    again = second_search(parse_question(ENGLISH), hits, library.store)
    assert not {hit.chunk.path for hit in again} & {hit.chunk.path for hit in hits[:6]}


def test_nothing_is_searched_for_where_a_passage_has_all_words(library: Library) -> None:
    question = parse_question("Who built the mill of Varn?")
    hits = [hit for hit in library.search(question.text) if hit.chunk.path == "mill.txt"]
    assert bridges(question, hits) == []


def test_a_capable_model_reads_both_passages(library: Library) -> None:
    answer = library.ask(ENGLISH)
    assert {"mill.txt", "works.txt"} <= {item.path for item in answer.evidence}
    assert "search_again" in answer.timings
