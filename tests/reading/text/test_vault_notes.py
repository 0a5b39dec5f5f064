"""An Obsidian vault: what a note shows, and what it says of itself."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.reading.folder import list_files
from bunko.reading.read import read_file
from bunko.reading.text.vault_notes import as_shown
from bunko.settings import ReadingSettings
from bunko.types import Citation, Evidence
from tests.conftest import Cli
from tests.support import make_library, write_files

_VAULT = {
    ".obsidian/app.json": '{"secret": "The plugin key is 4711."}',
    ".trash/Old.md": "The old miller was Bob Hay.",
    "Mill.md": (
        "---\ntags:\n  - buildings\naliases: [Water mill]\ndate: 2024-05-04\nauthor: Ada Lind\nup: '[[Index]]'\n---\n"
        "# The [[Mill]]\n\n![[Well]]\n\nThe mill of [[Varn|our town]] was built in 1803. ^built\n\n"
        "> [!warning]- Not open\n> The mill is closed on Mondays. #visits/closed\n\n"
        "See [[Well#Depth]] and [[Well#^deep|how deep]]. %%ask Bob%%\n\n"
        "```sh\nif [[ -f x ]]; then [[Mill]]; fi # no\n```\n"
    ),
    "Well.md": "# Well\n\n## Depth\n\nThe well is 31 metres deep. ^deep\n",
    "水車.md": "---\ntags: 建物\n---\n[[Mill|水車]]は1803年に建てられました。 #見学 ^a1b2c3\n",
}


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("[[Mill]]", "Mill"),
        ("[[Mill|the old mill]]s", "the old mills"),
        ("[[水車|古い水車]]を見る", "古い水車を見る"),
        ("[[Mill#History]]", "Mill > History"),
        ("[[#History]] and [[Mill.md#A#B]]", "History and Mill > A > B"),
        ("[[Mill#^abc123]]", "Mill"),
        (r"| [[Mill\|old]] | x |", "| old | x |"),
        ("a\n![[Well]]\nb", "a\nb"),
        ("a\n> ![[Well]]\nb", "a\nb"),
        ("- ![[Well#Depth]]\n- b", "- b"),
        ("As ![[Well]] says", "As Well says"),
        ("One ![[plan.png|300]] two", "One  two"),
        ("> [!note] Of **old**\n> text", "> Of **old**\n> text"),
        ("> [!faq]-\n> text", "> text"),
        ("> > [!tip|wide]+ In\n> > text", "> > In\n> > text"),
        ("Built in 1803. ^built-1\nNext", "Built in 1803.\nNext"),
        ("| a |\n|---|\n| b |\n\n^table-1\n\nEnd", "| a |\n|---|\n| b |\n\n\nEnd"),
        ("A %%hidden%% word", "A  word"),
        ("%%\nhidden\nlines\n%%\nshown", "shown"),
        # what is none of these stays
        ("if `[[ -f x ]]` and ``a [[b]]``", "if `[[ -f x ]]` and ``a [[b]]``"),
        ("```\n[[a]] ^abc\n```\n[[b]]", "```\n[[a]] ^abc\n```\nb"),
        ("> ```\n> [[a]]\n> ```\n> [[b]]", "> ```\n> [[a]]\n> ```\n> b"),
        (
            "[[1]](https://a.example) [[ -f x ]] [[1, 2], [3, 4]]",
            "[[1]](https://a.example) [[ -f x ]] [[1, 2], [3, 4]]",
        ),
        ("- a\n\n      ```\n      [[b]]\n      ```\n- [[c]]", "- a\n\n      ```\n      [[b]]\n      ```\n- c"),
        ("a[^1]\n\n[^1]: note\n2 ^10\nx^2", "a[^1]\n\n[^1]: note\n2 ^10\nx^2"),
        ("$$\na ^bc\n$$", "$$\na ^bc\n$$"),
        ("5%% or 7%% more, %%not closed", "5%% or 7%% more, %%not closed"),
        (r"\[[no]] and [!note] and [link](a.md)", r"\[[no]] and [!note] and [link](a.md)"),
    ],
)
def test_marks(written: str, shown: str) -> None:
    assert as_shown(written) == shown


@given(st.text(st.sampled_from("ab [[]]|!#^%`>-\n$1"), max_size=60))
def test_any_text(text: str) -> None:
    shown = as_shown(text)
    assert len(shown) <= len(text) + 3 * text.count("#")
    if not any(mark in text for mark in ("[[", "[!", "%%", "^")):
        assert shown == text


def test_the_time_grows_with_the_text() -> None:
    for piece in ("[[", "![[a", "%% ", "`", "$$", "> [!", "> ", " ^ab", "```\n", "%%\n", "%%x\n", " ", "\n", ">"):
        begin = time.monotonic()
        as_shown(f"{piece * 20_000}[[a]]")
        assert time.monotonic() - begin < 5


def test_facts(tmp_path: Path) -> None:
    write_files(tmp_path, {**_VAULT, "Tags.md": "#✅ #a/b [[x #no]] `#no` #42 ##no\n#y1984"})
    facts = {
        file.path: read_file(file.absolute, file.path, settings=ReadingSettings()).facts
        for file in list_files(tmp_path)
    }
    assert set(facts) == {"Mill.md", "Well.md", "水車.md", "Tags.md"}  # nothing of .obsidian and .trash
    assert facts["Mill.md"].tags == ("buildings", "visits/closed")
    assert (facts["Mill.md"].created, facts["Mill.md"].authors) == ("2024-05-04", ("Ada Lind",))
    assert facts["水車.md"].tags == ("建物", "見学")
    assert facts["Tags.md"].tags == ("✅", "a/b", "y1984")


def test_a_vault(tmp_path: Path, cli: Cli) -> None:
    root = write_files(tmp_path / "vault", _VAULT)
    with make_library(root) as library:
        library.sync()
        mill = library.document("Mill.md")
        assert mill is not None
        assert [heading.label for heading in mill.headings] == ["The Mill"]
        assert "31 metres" not in mill.text and "![[" not in mill.text and "[!" not in mill.text
        assert "if [[ -f x ]]; then [[Mill]]; fi" in mill.text
        for question in (
            "When was the mill of our town built?",
            "How deep is the well?",
            "水車はいつ建てられましたか？",
        ):
            answer = library.ask(question)
            assert answer.evidence
            shown: list[Evidence | Citation] = [*answer.evidence, *answer.citations]
            for item in shown:
                document = library.document(item.path)
                assert document is not None and document.text[item.start : item.end] == item.quote
                assert not any(mark in item.quote for mark in ("[[Varn", "^built", "^deep", "^a1b", "%%", "[!"))
        deep = library.search("How deep is the well? 31 metres")
        assert [hit.chunk.path for hit in deep if "31 metres" in hit.chunk.text] == ["Well.md"]
    found = cli("search", str(root), "mill", "--tag", "visits", "--json").json
    assert {hit["path"] for hit in found["hits"]} == {"Mill.md"}
    found = cli("search", str(root), "水車", "--tag", "建物", "--json").json
    assert {hit["path"] for hit in found["hits"]} == {"水車.md"}
