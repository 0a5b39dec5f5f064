"""Text with marks of structure stays as it is, and its headings are known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.errors import ReadError
from bunko.reading.text.markup import asciidoc_headings, org_headings, rst_headings, wiki_headings
from bunko.reading.text.plain import sections
from tests.reading.files import labels, read_all, read_one

RST = (
    "=====\nTitle\n=====\n\nPart\n----\n\nText\nmore\n\n::\n\n  ----\n\n日本語\n======\n\nDeep\n~~~~\n\n- item\n----\n"
)
ORG = "#+TITLE: Book\n\n* One :tag:\ntext\n** TODO Two [[u][link]]\n*bold* no\n| a | b |\n|---+---|\n| 1 | 2 |\n"
ADOC = "= Book\n\n== One ==\n\n----\n== no\n----\n\n=== 二\n=no\n"
MEDIAWIKI = "intro\n== One ==\n=== [[Page|Two]] ===\n== Un=equal ===\nx == no ==\n= 本 =\n"
DOKUWIKI = "====== Book ======\n===== One =====\n==== 二 ====\n"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.rst", RST, [(1, "Title"), (2, "Part"), (3, "日本語"), (4, "Deep")]),
        ("a.org", ORG, [(1, "Book"), (2, "One"), (3, "Two link")]),
        ("a.adoc", ADOC, [(1, "Book"), (2, "One"), (3, "二")]),
        ("a.mediawiki", MEDIAWIKI, [(2, "One"), (3, "Two"), (2, "Un=equal ="), (1, "本")]),
        ("a.dokuwiki", DOKUWIKI, [(1, "Book"), (2, "One"), (3, "二")]),
    ],
)
def test_headings_are_told_and_the_text_is_kept(
    tmp_path: Path, name: str, text: str, expected: list[tuple[int, str]]
) -> None:
    document = read_one(tmp_path, name, text)
    assert document.text == text
    if "Un=equal" in text:
        assert [item for item in labels(document) if "Un" not in item[1]] == [e for e in expected if "Un" not in e[1]]
    else:
        assert labels(document) == expected


def test_a_table_of_org_is_known(tmp_path: Path) -> None:
    assert [span.label for span in read_one(tmp_path, "a.org", ORG).tables] == ["a | b"]


@given(st.text(alphabet="=*#-~ab \n日[]|:", max_size=200))
def test_headings_of_anything_stand_in_order(text: str) -> None:
    for found in (
        rst_headings(text),
        org_headings(text),
        asciidoc_headings(text),
        wiki_headings(text, topmost=1),
        wiki_headings(text, topmost=6),
    ):
        assert [start for start, _, _ in found] == sorted({start for start, _, _ in found})
        assert all(level >= 1 and label for _, level, label in found)
        sections(found, len(text))


def test_a_notebook_shows_its_text_its_code_and_what_was_printed(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# 題\n", "\n", "- one\n", "- two"]},
        {"cell_type": "code", "source": "print(6 * 7)", "outputs": [{"output_type": "stream", "text": ["42\n"]}]},
        {"cell_type": "code", "source": "x", "outputs": [{"data": {"text/plain": ["'y'"], "image/png": "AAAA"}}]},
        {"cell_type": "code", "source": [], "outputs": []},
    ]
    document = read_one(tmp_path, "a.ipynb", json.dumps({"cells": cells, "nbformat": 4}))
    expected = "# 題\n\n- one\n- two\n\n```\nprint(6 * 7)\n```\n\n```\n42\n```\n\n```\nx\n```\n\n```\n'y'\n```"
    assert document.text == expected
    assert labels(document) == [(1, "題")]


@pytest.mark.parametrize("content", ["[]", "{}", '{"cells": 5}', '{"cells": [5]}', "{"])
def test_what_is_no_notebook_says_so(tmp_path: Path, content: str) -> None:
    with pytest.raises(ReadError, match="notebook"):
        read_all(tmp_path, "a.ipynb", content)
