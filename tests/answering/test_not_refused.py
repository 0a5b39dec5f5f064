"""No reason to refuse: a word of an open question that no passage has, the name of a file. In both languages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bunko.library import Library
from bunko.settings import Settings
from bunko.testing import FakeEmbedder, FakeGenerator
from tests.support import write_files

FILES = {
    "minutes-2023-04.txt": "The council met on 4 April. The greenhouse of the school will be repaired in May.",
    "議事録-2023-04.txt": "町議会は4月4日に開かれた。学校の温室は5月に修理される。",
    "varn.txt": "The mill of Varn was closed in 1958 after a flood. The town keeps the mill as a museum.",
    "青沼.txt": "青沼の水車は1958年に洪水で閉鎖された。町は水車を博物館として保存している。",
}


@pytest.fixture(scope="module", params=[135_000_000, 0], ids=["tiny", "capable"])
def library(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    root = write_files(tmp_path_factory.mktemp("docs"), FILES)
    generator = FakeGenerator(parameters=request.param, context=8192)
    with Library(root, settings=Settings(), embedder=FakeEmbedder(), generator=generator) as opened:
        opened.sync()
        yield opened


@pytest.mark.parametrize(
    ("question", "path"),
    [
        ("What role could the museum in the mill of Varn play in Brussels?", "varn.txt"),
        ("What were the consequences of the flood of 1958 and 1959 for the mill of Varn?", "varn.txt"),
        ("What can visitors see and enjoy in Varn? Describe it.", "varn.txt"),
        ("青沼では何を見学できますか。詳しく説明してください。", "青沼.txt"),
        ("青沼の水車の閉鎖はブリュッセルの町にどのような影響を与えましたか", "青沼.txt"),
    ],
)
def test_an_open_question_with_a_name_or_number_that_no_passage_has(library: Library, question: str, path: str) -> None:
    answer = library.ask(question)
    assert not answer.refused, answer.notes
    assert path in {item.path for item in answer.evidence}


@pytest.mark.parametrize("question", ["Who closed the mill of Varn in 1962?", "ブリュッセルは水車をいつ閉鎖しましたか"])
def test_a_question_of_fact_with_such_a_name_is_refused(library: Library, question: str) -> None:
    assert library.ask(question).refused


@pytest.mark.parametrize(
    ("question", "path"),
    [
        ("What does minutes-2023-04.txt say about the greenhouse?", "minutes-2023-04.txt"),
        ("What does minutes-2023-04 say about the greenhouse?", "minutes-2023-04.txt"),
        ("議事録-2023-04.txtは温室について何と書いていますか", "議事録-2023-04.txt"),
        ("議事録-2023-04は温室について何と書いていますか", "議事録-2023-04.txt"),
        ("議事録-2023-04.txtによると、温室はいつ修理されますか", "議事録-2023-04.txt"),
    ],
)
def test_the_name_of_a_file_is_no_missing_word(library: Library, question: str, path: str) -> None:
    answer = library.ask(question)
    assert not answer.refused, answer.notes
    assert answer.evidence[0].path == path
    assert any("greenhouse" in item.quote or "温室" in item.quote for item in answer.evidence if item.path == path)
