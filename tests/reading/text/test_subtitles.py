"""Of subtitles, what is spoken is read; the times are headings."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.errors import ReadError
from bunko.reading.text.subtitles import read_subtitles
from tests.reading.files import labels, read_all, read_one

SRT = """1
00:00:01,000 --> 00:00:03,000
<i>The cat</i>
sleeps on

2
00:00:03,500 --> 00:00:05,000
{\\an8}the roof.

3
00:02:30,000 --> 00:02:33,000
吾輩は
猫である。

4
01:00:00,000 --> 01:00:03,000
The end.
"""
VTT = """WEBVTT - title

NOTE no words
of this

STYLE
::cue { color: red }

intro
00:01.000 --> 00:03.000 align:start
<v Ada>Fish &amp; chips, <c.loud>please</c>.

00:03.000 --> 00:05.000
Fish &amp; chips, please.
<v Bob>Yes.
"""


def test_what_is_spoken_is_joined_and_the_times_are_headings(tmp_path: Path) -> None:
    document = read_one(tmp_path, "a.srt", SRT)
    assert document.text == "The cat sleeps on the roof.\n\n吾輩は猫である。\n\nThe end."
    assert labels(document) == [(1, "0:00:01"), (1, "0:02:30"), (1, "1:00:00")]
    assert document.text[document.headings[1].start :].startswith("吾輩")


def test_speakers_are_named_and_comments_are_left_out(tmp_path: Path) -> None:
    assert read_one(tmp_path, "a.vtt", VTT).text == "Ada: Fish & chips, please. Fish & chips, please. Bob: Yes."


def test_a_line_that_stays_on_the_screen_is_told_once(tmp_path: Path) -> None:
    rolling = "00:01.000 --> 00:02.000\none\ntwo\n\n00:02.000 --> 00:03.000\ntwo\nthree\n"
    assert read_one(tmp_path, "a.vtt", rolling).text == "one two three"


def test_long_speech_is_cut_into_paragraphs(tmp_path: Path) -> None:
    cues = "".join(
        f"{n}\n00:{n // 60:02}:{n % 60:02},000 --> 00:{n // 60:02}:{n % 60:02},900\nThis is sentence number {n}.\n\n"
        for n in range(300)
    )
    document = read_one(tmp_path, "a.srt", cues)
    assert max(map(len, document.text.split("\n\n"))) < 500
    assert [label[:4] for _, label in labels(document)] == ["0:00", "0:02", "0:04"]


def test_a_file_without_times_says_so(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="no subtitles"):
        read_all(tmp_path, "a.srt", "Only words.")


@given(st.lists(st.sampled_from(["00:01.000 --> 00:02.000", "\n", "\n\n", "a", "1", "<i>", "日本"]), max_size=30))
def test_whatever_has_times_is_read(parts: list[str]) -> None:
    text = "".join(parts)
    if "-->" in text:
        document = read_subtitles(text.encode(), "a.srt") if _has_words(text) else None
        assert document is None or "-->" not in document.text


def _has_words(text: str) -> bool:
    try:
        return bool(read_subtitles(text.encode(), "a.srt").text)
    except ReadError:
        return False
