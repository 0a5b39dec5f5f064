"""Find the rewritten question in a model's reply. In: the reply, the question, the history. Out: a question or None.

Models write more than the question: "Sure! Here is the question:", quotation marks, bold type, a label, a list, an
explanation. Each line, each quoted text and each sentence with a question mark is tried; the first that is a faithful
rewriting counts. Knows nothing of models.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bunko.language.words import words
from bunko.question.follow_up import accept_rewrite, refers_back
from bunko.types import Message

_MOST_CHARACTERS = 4000
_THOUGHT = re.compile(r"<(think|thinking|thought|reasoning)>.*?(?:</\1>|\Z)", re.S | re.I)
_QUOTED = re.compile(
    r"[\"“„]([^\"“”\n]{3,})[\"”]|「([^「」\n]{2,})」|『([^『』\n]{2,})』"
    r"|(?<!\w)['‘]([^\n]{3,}?)['’](?!\w)|`([^`\n]{3,})`"
)
_DECORATION = re.compile(r"^(?:[>#*+•・–—-]+\s+|\(?\d{1,2}[.)．）、]\s*|[①-⑨]\s*)+")
_EMPHASIS = re.compile(r"\*{1,3}|_{2,3}|~~|</?[a-z]+>|```\w*")
_LABEL = re.compile(r"^[^:：?？。.!]{1,60}[:：]\s*")
_TO_QUESTION_MARK = re.compile(r"[^?？]*[?？]")
_AFTER_SENTENCE = re.compile(r".*(?:[.!。！]\s*|[:：]\s*)", re.S)
# A sentence of this form asks. What answers the question is no rewriting of it.
_ASKS = re.compile(
    r"[?？]\s*$"
    r"|^\W*(?:(?:and|but|so|or|then),? )?(?:who|whom|whose|what|which|when|where|why|how|is|are|was|were|do|does|"
    r"did|has|have|had|can|could|will|would|should|may|might|must|"
    r"in (?:what|which)|at (?:what|which)|for (?:what|how))\b"
    r"|[かは][。\s]*$|誰|何|いつ|どこ|なぜ|どう|どの|どれ|どんな|どちら|いくら|いくつ",
    re.I,
)
_EDGES = " \t\u3000\"“”'‘’「」『』`*"


def question_in(reply: str, question: str, history: Sequence[Message]) -> str | None:
    r"""Return the rewritten question in a reply; None if none in it can be trusted.

    A question that still refers back counts only where there is no other. Where the reply repeats the question, and it
    needs the conversation, there is none.

    >>> turns = (Message(role="user", content="Who built the mill?"), Message(role="assistant", content="Ada Lind"))
    >>> question_in('Sure! Here it is:\n\n**"When was Ada Lind born?"**', "When was she born?", turns)
    'When was Ada Lind born?'
    """
    asks = bool(_ASKS.search(question))
    candidates = (each for each in _candidates(reply) if not asks or _ASKS.search(each))
    found = [text for each in candidates if (text := accept_rewrite(each, question, history))]
    whole = [text for text in found if not refers_back(text)]
    changed = [text for text in found if words(text) != words(question)]
    if whole or changed:
        return (whole or changed)[0]
    return found[0] if found and not refers_back(question) else None


def _candidates(reply: str) -> Iterator[str]:
    text = _EMPHASIS.sub("", _THOUGHT.sub("\n", reply[:_MOST_CHARACTERS]))
    for line in text.splitlines():
        bare = _DECORATION.sub("", line.strip())
        for groups in _QUOTED.findall(bare):
            yield from _forms("".join(groups))
        yield from _forms(_QUOTED.sub(" ", bare) if "{" in bare else bare)


def _forms(text: str) -> Iterator[str]:
    """Yield a line, what follows its label, and each of its questions, without what stands before or after it."""
    unlabelled = _LABEL.sub("", text)
    for form in dict.fromkeys((text, unlabelled)):
        if stripped := form.strip(_EDGES):
            yield stripped
    for part in _TO_QUESTION_MARK.findall(unlabelled):
        yield part.strip(_EDGES)
        yield _AFTER_SENTENCE.sub("", part).strip(_EDGES)
    yield re.split(r"\s+[(（\[]|\s+[–—]\s+", unlabelled)[0].strip(_EDGES)
