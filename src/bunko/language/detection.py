"""Detect the language of a text. In: a string. Out: an ISO 639-1 code. Knows nothing of documents.

The script decides first, then the commonest words of the languages written in Latin letters.
"""

from __future__ import annotations

import re
from collections import Counter

from bunko.language.scripts import HAN, KANA

_WORD = re.compile(r"[^\W\d_]+")
_LETTER = re.compile(r"[^\W\d_]")
_SCRIPTS = {  # where one script is nearly one language
    "ko": re.compile(r"[\uac00-\ud7af\u1100-\u11ff]"),
    "ru": re.compile(r"[\u0400-\u04ff]"),
    "el": re.compile(r"[\u0370-\u03ff]"),
    "ar": re.compile(r"[\u0600-\u06ff]"),
    "he": re.compile(r"[\u0590-\u05ff]"),
    "th": re.compile(r"[\u0e00-\u0e7f]"),
    "hi": re.compile(r"[\u0900-\u097f]"),
}
# Languages whose letters mean nothing to a model that was made for Latin ones.
OTHER_SCRIPTS = frozenset({"ja", *_SCRIPTS})
# The commonest words that tell the languages written in Latin letters apart (no word stands in two rows).
_LATIN = {
    "en": "the of and to is was for with that by which are from as at this be it what who how when where did does",
    "de": "der die das und ist nicht mit von den dem ein eine für auf wird wurde auch sich wer wie wann warum",
    "fr": "le les des et est une dans pour que qui sur avec pas du au aux sont cette où quand quel quelle",
    "es": "el los las una es y en que por para con del como más fue qué quién cuándo dónde cuál",
    "it": "il gli della di che è per un nel sono con anche alla dal delle chi quando dove quale",
    "pt": "o os um uma não em do da dos das para com mais foi são quem onde qual ao",
    "nl": "het een van en niet met voor op zijn aan werd wordt door wie hoe waar wanneer ook",
}
_LANGUAGE_OF_WORD = {word: language for language, words in _LATIN.items() for word in words.split()}
LANGUAGE_NAMES = {
    "ar": "Arabic", "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "fr": "French", "he": "Hebrew",
    "hi": "Hindi", "it": "Italian", "ja": "Japanese", "ko": "Korean", "nl": "Dutch", "pt": "Portuguese",
    "ru": "Russian", "th": "Thai", "zh": "Chinese",
}  # fmt: skip


def detect_language(text: str) -> str:
    """Return an ISO 639-1 code; "en" where nothing tells.

    Han characters without any kana count as Japanese: a Japanese heading or question often has none, and
    what follows from it (no spaces, lexical search by segments) holds for Chinese too.

    >>> detect_language("首都はどこですか"), detect_language("Wo liegt das und wer ist der König?")
    ('ja', 'de')
    """
    sample = text[:2000]
    return (None if sample.isascii() else _by_script(sample)) or _by_words(sample)


def _by_script(sample: str) -> str | None:
    letters = len(_LETTER.findall(sample))
    if not letters:
        return "en"
    if len(KANA.findall(sample)) + len(HAN.findall(sample)) > 0.15 * letters:
        return "ja"
    found = (language for language, script in _SCRIPTS.items() if len(script.findall(sample)) > 0.3 * letters)
    return next(found, None)


def _by_words(sample: str) -> str:
    votes = Counter(map(_LANGUAGE_OF_WORD.get, _WORD.findall(sample.lower())))
    del votes[None]
    best, count = max(votes.items(), key=lambda item: item[1], default=("en", 0))
    # English unless another language clearly wins: a few foreign words in an English text are common.
    return best if best and count > 1.5 * votes["en"] and count >= 2 else "en"
