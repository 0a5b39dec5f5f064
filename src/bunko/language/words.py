"""Split text into words that have meaning. In: strings. Out: folded, stemmed words. Knows nothing of documents.

English is split at spaces and stemmed, Japanese is cut by script: kanji into pairs, katakana into runs. Uses no
dictionaries and no models, since it runs on every sentence of every document.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import Any

from bunko.language.scripts import CJK, HAN

STOP_WORDS = frozenset(
    "a an the of in on at to for from by with and or is are was were be been being as it its this that these those "
    "he she they his her their them him i you we our your my me us who whom whose which what when where why how "
    "do does did done has have had having can could will would shall should may might must not no than then there "
    "here also into about over under after before between during through so if but such some any all each other "
    "many much more most very just only own same too s t tell describe explain name give list".split()
)


def normalise(text: str) -> str:
    """Fold full-width forms, ligatures and letter case.

    >>> normalise("ＡＢＣ１２３ ｶﾞｿﾘﾝ")
    'abc123 ガソリン'
    """
    return unicodedata.normalize("NFKC", text).casefold()


_WORD = re.compile(
    r"\d+(?:[.,:]\d+)*%?"  # numbers stay whole: 1,234.5
    r"|[\u30a1-\u30fa\u30fc]{2,}"  # a run of katakana is one (foreign) word
    r"|[\u4e00-\u9fff\u3400-\u4dbf々〆]+|[\u3041-\u3096]+"
    r"|(?:(?![\u3041-\u30ff\u3400-\u9fff])[^\W\d_])+(?:['’](?:(?![\u3041-\u30ff])[^\W\d_])+)?"
)


def words(text: str) -> list[str]:
    """Return the words that have meaning, folded and stemmed, in order, repeats kept.

    Runs of kanji give their pairs of characters, so that 東京都 matches 東京. Hiragana alone is grammar, and
    left out unless there is nothing else.

    >>> words("The Normans' raiders of 1,066"), words("東京都のタワー")
    (['norman', 'raider', '1066'], ['東京', '京都', 'タワー'])
    """
    found: list[str] = []
    hiragana: list[str] = []
    for match in _WORD.finditer(normalise(text)):
        word = match.group()
        first = word[0]
        if first.isdigit():
            found.append(word.replace(",", ""))
        elif "\u3041" <= first <= "\u3096":
            hiragana.append(word)
        elif HAN.match(first) or first in "々〆":
            found.extend([word] if len(word) == 1 else (word[i : i + 2] for i in range(len(word) - 1)))
        elif word not in STOP_WORDS:
            found.append(stem(word))
    return found or [word[i : i + 2] for word in hiragana for i in range(max(1, len(word) - 1))]


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Return the stem of an English word in lower case (Snowball, "english"); other scripts stay as they are.

    >>> stem("countries"), stem("invaded"), stem("running"), stem("studied") == stem("studies")
    ('countri', 'invad', 'run', True)
    """
    word = word.replace("’", "'")
    return str(_stemmer().stemWord(word)) if word.isascii() else word


@cache
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english", 0)  # no cache of its own: `stem` has one


def estimate_tokens(text: str) -> int:
    """Estimate the number of tokens of a text without a tokenizer. Errs on the high side.

    Byte-pair vocabularies give English about four characters a token; a Japanese character is one token in most
    multilingual vocabularies, and up to two in those made for English alone.

    >>> estimate_tokens("Where is it?"), estimate_tokens("東京都")
    (5, 5)
    """
    cjk = len(CJK.findall(text))
    return int((len(text) - cjk) / 3 + cjk * 1.5) + 1
