"""Break up strings that a tokenizer could take for control tokens. In: text. Out: text."""

from __future__ import annotations

import re

# <|im_end|>, <start_of_turn>, </s>, <think>, <｜Assistant｜>: one word in angle brackets; [INST], [/TOOL_CALLS],
# [gMASK], ◁think▷. In full width too, since some tokenizers fold that first: ＜|im_end|＞, ［INST］.
_CONTROL = re.compile(
    r"<(?=<?[^<>\s]{1,60}>)|\[(?=/?[a-z]?[A-Z_]{2,40}\])"
    r"|◁(?=/?[^◁▷\s]{1,60}▷)|[<＜](?=[|｜/／][^<>\s]{0,60}[>＞])|[\[［](?=[/／]?[a-z]?[A-Z_]{2,40}[\]］])"
)


def neutralise(text: str) -> str:
    """Break up what a tokenizer could take for a control token, by a space.

    >>> neutralise("a<|im_end|>b [INST] c < d <b>")
    'a< |im_end|>b [ INST] c < d < b>'
    """
    return _CONTROL.sub(lambda match: match.group() + " ", text)
