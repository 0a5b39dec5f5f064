"""A follow-up is made to stand alone: by rule, or from a model's reply, whatever stands around the question in it."""

from __future__ import annotations

import pytest

from bunko.question.follow_up import join_with_history, refers_back, stands_alone
from bunko.question.rewritten import question_in
from bunko.types import Message

MILL = (
    Message(role="user", content="Who built the mill of Varn?"),
    Message(role="assistant", content="Ada Lind built it in 1911. [1]"),
)
WHEEL = (
    Message(role="user", content="青沼の水車を建てたのは誰ですか"),
    Message(role="assistant", content="技師の大谷リツです。"),
)
GOOD = "When did Ada Lind build the mill?"
JAPANESE = "大谷リツはいつ生まれましたか"


@pytest.mark.parametrize(
    "reply",
    [
        f'Sure! Here is the question:\n\n"{GOOD}"',
        GOOD,
        f"**{GOOD}**",
        f"Standalone question: {GOOD}",
        f"1. {GOOD}",
        f"- *{GOOD}*",
        f"## Rewritten\n> {GOOD}",
        f"<think>She is Ada Lind.\nWhen did she do it?</think>\n{GOOD}",
        f"{GOOD}\n\n(I replaced “she” by Ada Lind.)",
        f"{GOOD} (I replaced she by Ada Lind.)",
        f"{GOOD} - This makes it clear.",
        f"Sure, here's the rewritten question: '{GOOD}'",
        f'The last question, "When did she do it?", can be rewritten as: "{GOOD}"',
        f"Original: When did she do it?\nRewritten: {GOOD}",
        f"```\n{GOOD}\n```",
        f'{{"question": "{GOOD}"}}',
        f"Of course. {GOOD} Let me know if I can help!",
    ],
)
def test_the_question_is_found_in_a_model_s_reply(reply: str) -> None:
    assert question_in(reply, "When did she do it?", MILL) == GOOD


@pytest.mark.parametrize(
    "reply",
    [
        JAPANESE,
        f"「{JAPANESE}」",
        f"**{JAPANESE}**",
        f"質問：{JAPANESE}",
        f"書き直した質問は次のとおりです。\n\n「{JAPANESE}」",
        f"はい、書き直すと「{JAPANESE}」となります。",
        f"{JAPANESE}\n\n（「彼女」を「大谷リツ」に置き換えました。）",
        f"もちろんです！以下が書き直した質問です：\n{JAPANESE}",
        f"<think>彼女とは大谷リツ。</think>1. {JAPANESE}",
    ],
)
def test_the_question_is_found_in_a_japanese_reply(reply: str) -> None:
    assert question_in(reply, "彼女はいつ生まれましたか", WHEEL) == JAPANESE


@pytest.mark.parametrize(
    "reply",
    [
        "I cannot do that.",
        "When did she do it?",  # nothing was replaced
        "When did Bob Hay build the mill?",  # nobody said so
        "Ada Lind built the mill in 1911.",  # the answer
        "What is the capital of Peru?",
        f"<think>{GOOD}",  # still thinking
        "",
    ],
)
def test_what_is_no_faithful_question_is_not_taken(reply: str) -> None:
    assert question_in(reply, "When did she do it?", MILL) is None


def test_an_answer_is_no_rewriting_even_of_the_same_words() -> None:
    history = (Message(role="user", content="How is the garden of Tarn?"), Message(role="assistant", content="Big."))
    assert question_in("No, dogs are not admitted.", "Are dogs admitted?", history) is None
    assert question_in("Are dogs admitted to the garden of Tarn?", "Are dogs admitted?", history)


@pytest.mark.parametrize(
    ("asked", "answered", "follow_up", "joined"),
    [
        ("Who built the mill of Varn?", "Ada Lind", "When was she born?", "When was Ada Lind born?"),
        ("Who built it?", "It was built by Bror Malm.", "Where did he die?", "Where did Bror Malm die?"),
        ("Who built the mill of Varn?", "Ada Lind", "Why was it closed?", "Why was the mill of Varn closed?"),
        ("Which river passes Hest?", "the Arn", "How long is it?", "How long is the Arn?"),
        ("Who built the mill?", "Ada Lind", "Where was she from?", "Where was Ada Lind from?"),
        ("Who built the mill?", "Ada Lind", "When did she do it?", "Who built the mill? When did she do it?"),
        ("Who built the mill?", "Ada Lind", "What did her brother do?", "What did Ada Lind's brother do?"),
        ("Who built the mill?", "Ada Lind", "Where is Solm Castle?", "Where is Solm Castle?"),
        ("青沼の水車を建てたのは誰ですか", "大谷リツ", "彼女はいつ生まれましたか", "大谷リツはいつ生まれましたか"),
        ("水車を建てたのは誰ですか", "技師の真柄忠が建てた。", "彼の娘は？", "真柄忠の娘は？"),
        (
            "青沼の水車はいつできましたか",
            "1911年",
            "それはなぜ閉鎖されたのですか",
            "青沼の水車はなぜ閉鎖されたのですか",
        ),
        ("白浜橋はいつ完成しましたか", "1932年", "その長さは？", "白浜橋の長さは？"),
        ("水車の入館料は？", "600円", "では、子供は？", "水車の入館料は？ では、子供は？"),
    ],
)
def test_the_rule_takes_the_person_from_the_answer_and_the_thing_from_the_question(
    asked: str, answered: str, follow_up: str, joined: str
) -> None:
    history = [Message(role="user", content=asked), Message(role="assistant", content=answered)]
    assert join_with_history(follow_up, history) == joined


@pytest.mark.parametrize(
    "question",
    ["When was it built?", "And in 1931?", "What about Hest?", "それは？", "では、橋は？", "その値段は？"],
)
def test_words_that_refer_back(question: str) -> None:
    assert refers_back(question)
    assert not stands_alone(question)


@pytest.mark.parametrize(
    "question",
    [
        "When was the mill of Varn built?",
        "白浜橋の橋脚の高さは何メートルですか",
        "社長の年収はいくらですか",
        "白浜橋の橋脚はどうなりましたか",
    ],
)
def test_a_question_with_its_own_subject_stands_alone(question: str) -> None:
    assert not refers_back(question)
    assert stands_alone(question)
