"""What is thought and what is said, however a stream is cut into pieces."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.generation.thinking import TAGS, Opened, Splitter, Tag, part, tag_in, text_of
from bunko.ports import FinishReason, Piece
from tests.golden.templates import FAMILIES
from tests.strategies import anything


def split(pieces: Sequence[str], *, opened: Opened = "no", finish_reason: FinishReason = "stop") -> tuple[str, str]:
    """Return (text, reasoning) as the reader of a stream has them at its end."""
    splitter = Splitter(opened=opened)
    parts = [part_ for piece in pieces for part_ in splitter.feed(piece)] + list(splitter.end(finish_reason))
    text = reasoning = ""
    for one in parts:
        if one.was_thought:
            text, reasoning = "", reasoning + text
        text, reasoning = text + one.text, reasoning + one.reasoning
    assert text == text_of(parts)
    return text, reasoning


def in_every_cut(stream: str, *, opened: Opened = "no", finish_reason: FinishReason = "stop") -> tuple[str, str]:
    """Cut a stream at every position, at many two, and into characters: the outcome must be the same."""
    expected = split([stream], opened=opened, finish_reason=finish_reason)
    assert split(list(stream), opened=opened, finish_reason=finish_reason) == expected
    step = 1 if len(stream) < 30 else 5 if len(stream) < 60 else 11
    for a in range(len(stream) + 1):
        for b in range(a, len(stream) + 1, step):
            cut = [stream[:a], stream[a:b], stream[b:]]
            assert split(cut, opened=opened, finish_reason=finish_reason) == expected, cut
    return expected


# As servers send them that give tags within the content.
RECORDED = {
    "deepseek-r1, ollama 0.5": (
        "<think>\nOkay, the user asks when the harbour opened.\n</think>\n\nIn 1868.",
        ("In 1868.", "Okay, the user asks when the harbour opened."),
    ),
    "deepseek-r1, vLLM without a parser: the template opened the thought": (
        "Okay, the harbour. It opened in 1868.\n</think>\n\nIn 1868.",
        ("In 1868.", "Okay, the harbour. It opened in 1868."),
    ),
    "qwen3, not thinking": ("<think>\n\n</think>\n\nIn 1868.", ("In 1868.", "")),
    "qwen3, closed twice after a forced end": ("</think>\n\nIn 1868.", ("In 1868.", "")),
    "magistral": ("[THINK]The harbour…[/THINK]In 1868.", ("In 1868.", "The harbour…")),
    "gpt-oss with its marks shown": (
        "<|channel|>analysis<|message|>Need year.<|end|><|start|>assistant<|channel|>final<|message|>In 1868.",
        ("In 1868.", "Need year."),
    ),
    "granite 3.2": (
        "Here is my thought process: The text says so.\n\nHere is my response: In 1868.",
        ("In 1868.", "The text says so."),
    ),
    "granite 3.3": ("<think>Look.</think><response>In 1868.</response>", ("In 1868.", "Look.")),
    "apriel": (
        "Here are my reasoning steps:\nLook.\n[BEGIN FINAL RESPONSE]\nIn 1868.\n[END FINAL RESPONSE]",
        ("In 1868.", "Look."),
    ),
    "hermes": ("<SCRATCHPAD>\nLook.\n</SCRATCHPAD>\nIn 1868.", ("In 1868.", "Look.")),
    "another family": ("  <reasoning>Look.</reasoning>\n<answer>In 1868.</answer>", ("In 1868.", "Look.")),
    "gemma 4": ("<|channel>thought\nLook.<channel|>In 1868.", ("In 1868.", "Look.")),
    "in Japanese": ("<think>港は…</think>1868年です。", ("1868年です。", "港は…")),
    "two thoughts": ("<think>A.</think>\n<think>B.</think>\nIn 1868.", ("In 1868.", "A.B.")),
    "a thought that never ends": ("<think>\nOkay, the user asks", ("", "Okay, the user asks")),
    "a thought that ends in half a tag": ("<think>Okay</thi", ("", "Okay</thi")),
    "no thought": ("In 1868, <b>not</b> 1869.", ("In 1868, <b>not</b> 1869.", "")),
    "an answer that begins like a tag": ("<thi", ("<thi", "")),
    "an answer about tags": (
        "Such models write `<think>` before and `</think>` after it.",
        ("Such models write `<think>` before and `</think>` after it.", ""),
    ),
    "an answer about the closing tag": ("It ends with `</think>`, always.", ("It ends with `</think>`, always.", "")),
    "an answer about tags after a thought": (
        "<think>Tags.</think>The tags are <think> and </think>.",
        ("The tags are <think> and </think>.", "Tags."),
    ),
    "white space": (" \n", ("", "")),
}


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_streams_are_parted_alike_wherever_they_are_cut(name: str) -> None:
    stream, expected = RECORDED[name]
    text, reasoning = in_every_cut(stream)
    assert (text.strip(), reasoning.strip()) == expected


@pytest.mark.parametrize("opened", ["surely", "perhaps"])
@pytest.mark.parametrize("tag", TAGS)
def test_a_thought_that_the_template_opened_is_none_of_the_answer(tag: Tag, opened: Opened) -> None:
    if tag.closing[0] in "<[◁":
        assert in_every_cut(f"Well.\n{tag.closing}\n\nYes.", opened=opened) == ("Yes.", "Well.\n")
    assert in_every_cut(f"{tag.opening}Well.{tag.closing}Yes.", opened=opened) == ("Yes.", "Well.")


def test_where_nobody_knows_the_end_decides_whether_it_was_a_thought() -> None:
    assert in_every_cut("Yes.", opened="perhaps") == ("Yes.", "")
    assert in_every_cut("Well, the", opened="perhaps", finish_reason="length") == ("", "Well, the")
    assert in_every_cut("Well, the", opened="surely") == ("", "Well, the")


def test_what_may_be_a_thought_is_held_back_until_that_is_known() -> None:
    splitter = Splitter(opened="perhaps")
    assert list(splitter.feed("Well, the harbour")) == []
    assert [piece.reasoning for piece in splitter.feed("</think>")] == ["Well, the harbour"]
    assert [piece.text for piece in splitter.feed("Yes")] == ["Yes"]


def test_an_answer_streams_as_it_comes() -> None:
    splitter = Splitter()
    told = [[piece.text for piece in splitter.feed(piece)] for piece in ("It ", "is ", "a < b ", "and", " </th", "e>")]
    assert told == [["It "], ["is "], ["a < b "], ["and"], [" "], ["</the>"]]


def test_what_a_server_parted_itself_stays_so() -> None:
    pieces = [Piece(reasoning="Hm."), Piece(text="\n\nYes"), Piece(text=" or no."), Piece(finish_reason="stop")]
    parted = list(part(pieces, Splitter(opened="perhaps")))
    assert "".join(piece.reasoning for piece in parted) == "Hm."
    assert text_of(parted) == "Yes or no."
    assert parted[-1].finish_reason == "stop"


tags_and_text = st.lists(
    st.one_of(
        anything,
        st.sampled_from([mark for tag in TAGS for mark in (tag.opening, tag.closing)]),
        st.sampled_from(["</answer>", "<answer>", "`", "\n\n", "</", "<th"]),
    ),
    max_size=8,
).map("".join)


@given(tags_and_text, st.sampled_from(["no", "surely", "perhaps"]), st.sampled_from(["stop", "length"]), st.data())
def test_no_cut_changes_what_is_thought_and_said(
    stream: str, opened: Opened, finish_reason: FinishReason, data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert split(pieces, opened=opened, finish_reason=finish_reason) == split(
        [stream], opened=opened, finish_reason=finish_reason
    )


@given(anything, anything, st.sampled_from(TAGS[:12]))
def test_no_word_of_a_thought_is_in_the_answer_and_no_word_is_lost(thought: str, answer: str, tag: Tag) -> None:
    thought, answer = (
        text.replace("<", "").replace("[", "").replace("◁", "").replace("H", "") for text in (thought, answer)
    )
    text, reasoning = split([f"{tag.opening}{thought}{tag.closing}{answer}"])
    assert (text, reasoning) == (answer.lstrip(), thought)


@given(anything)
def test_what_has_no_tag_is_an_answer_to_the_letter(text: str) -> None:
    assert split(list(text)) == (text, "")


@pytest.mark.parametrize(
    ("family", "opening"),
    [("qwen3", "<think>"), ("deepseek-r1", "<think>"), ("phi4-mini-reasoning", None), ("llama3", None)],
)
def test_a_template_tells_whether_its_model_thinks(family: str, opening: str | None) -> None:
    tag = tag_in(FAMILIES[family].template)
    assert (tag.opening if tag else None) == opening
