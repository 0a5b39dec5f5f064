"""Read the words or names out of a Japanese question such as 「…に触れている文書はどれですか」. In, out: texts.

The forms of such questions are in `japanese.toml`. Knows nothing of documents.
"""

from __future__ import annotations

import re

from bunko.language.words import words
from bunko.overview.types import Join, Terms

_QUOTED = re.compile(r"「([^「」]+)」|『([^『』]+)』|[\"“]([^\"“”]+)[\"”]")
_BESIDE_QUOTES = re.compile(r"または|あるいは|もしくは|および|及び|の?両方|のどちらか|のいずれか|[、,\sとやか]")
_EITHER = re.compile(r"または|あるいは|もしくは|のどちらか|のいずれか")
_WORD_ITSELF = re.compile(r"(?:という|の)(?:言葉|語|単語|語句|名前|名称|用語|文字列|表現|人名|地名)$")
_BOTH = re.compile(r"の両方$|のどちらか$|のいずれか$")
# A clause before 「に触れている」, or a word that refers back, is no name.
_CLAUSE = re.compile(
    r"[一-鿿ァ-ヶー々](?:は|が|を)|[てでに]は|^(?:これ|それ|あれ|この|その|あの|何|誰|どこ|いつ|なぜ|どの|どれ|他|ほか)"
    r"|(?:こと|もの|ため|とき|時|か|かどうか|最初|最後)$"
)
_LONGEST = 30  # characters


def terms_of(x: str, *, verb: str = "") -> Terms | None:
    """Return the words or names to search for, as written; None if the question asks for something else.

    >>> terms_of("「金閣寺」と「銀閣寺」の両方"), terms_of("京都または奈良"), terms_of("彼が書いたこと")
    ((('金閣寺', '銀閣寺'), 'all'), (('京都', '奈良'), 'any'), None)
    """
    join: Join = "any" if _EITHER.search(_QUOTED.sub("", x)) else "all"
    itself = _WORD_ITSELF.search(x)
    x = _WORD_ITSELF.sub("", x)
    quoted = ["".join(match.groups(default="")).strip() for match in _QUOTED.finditer(x)]
    if quoted and not _BESIDE_QUOTES.sub("", _QUOTED.sub("", x)):
        return tuple(quoted), join
    both = _BOTH.search(x)
    parts = re.split(r"または|あるいは|もしくは|および|及び" + ("|と|か" if both else ""), _BOTH.sub("", x))
    parts = [part.strip("、, ") for part in parts]
    if _CLAUSE.search(x) or any(not words(part) or len(part) > _LONGEST for part in parts):
        return None
    if verb and not itself and not _is_name(x):
        return None
    return tuple(parts), join


def _is_name(x: str) -> bool:
    """Return whether a text has neither kanji nor hiragana, as a foreign word or name."""
    return not re.search(r"[\u3041-\u3096\u4e00-\u9fff]", x)
