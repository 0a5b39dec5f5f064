"""Detect the language of a text. In: a string. Out: an ISO 639-1 code. Knows nothing of documents.

The script decides first, then the commonest words of the languages written in Latin letters. That is fast and good
enough for questions. Documents in languages other than English and Japanese are left to py3langid.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from bunko.language.scripts import HAN, KANA

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

_WORD = re.compile(r"[^\W\d_]+")
_OTHER_LETTER = re.compile(r"[^\W\d_a-zA-Z]")
_SCRIPTS = {  # where one script is nearly one language
    "ko": re.compile(r"[\uac00-\ud7af\u1100-\u11ff]"),
    "ru": re.compile(r"[\u0400-\u04ff]"),
    "el": re.compile(r"[\u0370-\u03ff]"),
    "ar": re.compile(r"[\u0600-\u06ff]"),
    "he": re.compile(r"[\u0590-\u05ff]"),
    "th": re.compile(r"[\u0e00-\u0e7f]"),
    "hi": re.compile(r"[\u0900-\u097f]"),
}
# Languages in scripts that a model for Latin script does not know.
OTHER_SCRIPTS = frozenset({"ja", "zh", "bg", "uk", "fa", "ur", "bn", "ta", *_SCRIPTS})
# The commonest words of the languages written in Latin letters. No word is in two rows.
_LATIN = {
    "en": "the of and to is was for with that by which are from as at this be it what who how when where did does",
    "de": "der die das und ist nicht mit von den dem ein eine für auf wird wurde auch sich wer wie wann warum",
    "fr": "le les des et est une dans pour que qui sur avec pas du au aux sont cette où quand quel quelle",
    "es": "el los las una es y en que por para con del como más fue qué quién cuándo dónde cuál",
    "it": "il gli della di che è per un nel sono con anche alla dal delle chi quando dove quale",
    "pt": "o os um uma não em do da dos das para com mais foi são quem onde qual ao",
    "nl": "het een van en niet met voor op zijn aan werd wordt door wie hoe waar wanneer ook",
}
# Common words of the other languages in Latin letters that English does not have, nor programs.
_OTHER_LATIN = frozenset(
    "yang dan untuk dari pada dalam tidak itu adalah dengan oleh og av af som ikke det och att inte het ei ja joka oli "
    "hän niin mutta ning aga je za na se su ki ali nije bio od kako nie jest przez oraz jak był az hogy nem egy és ve "
    "volt bir bu için ile ama els amb una més però nu din cu pe mai care este un ir kad yra buvo ar bija nav".split()
)
_A_FEW = 2
_OTHER_LETTERS = 0.02  # of all letters: more than names bring, and less than those languages have
_LANGUAGE_OF_WORD = {word: language for language, words in _LATIN.items() for word in words.split()}
LANGUAGE_NAMES = {
    "ar": "Arabic", "bg": "Bulgarian", "bn": "Bengali", "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German",
    "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian", "fa": "Persian", "fi": "Finnish", "fr": "French",
    "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian", "it": "Italian",
    "ja": "Japanese", "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian", "ms": "Malay", "nl": "Dutch",
    "no": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak",
    "sl": "Slovenian", "sv": "Swedish", "ta": "Tamil", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu",
    "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
JAPANESE_LANGUAGE_NAMES = {
    "ar": "アラビア語", "bg": "ブルガリア語", "bn": "ベンガル語", "ca": "カタルーニャ語", "cs": "チェコ語",
    "da": "デンマーク語", "de": "ドイツ語", "el": "ギリシャ語", "en": "英語", "es": "スペイン語",
    "et": "エストニア語", "fa": "ペルシャ語", "fi": "フィンランド語", "fr": "フランス語", "he": "ヘブライ語",
    "hi": "ヒンディー語", "hr": "クロアチア語", "hu": "ハンガリー語", "id": "インドネシア語", "it": "イタリア語",
    "ja": "日本語", "ko": "韓国語", "lt": "リトアニア語", "lv": "ラトビア語", "ms": "マレー語", "nl": "オランダ語",
    "no": "ノルウェー語", "pl": "ポーランド語", "pt": "ポルトガル語", "ro": "ルーマニア語", "ru": "ロシア語",
    "sk": "スロバキア語", "sl": "スロベニア語", "sv": "スウェーデン語", "ta": "タミル語", "th": "タイ語",
    "tr": "トルコ語", "uk": "ウクライナ語", "ur": "ウルドゥー語", "vi": "ベトナム語", "zh": "中国語",
}  # fmt: skip
# Scripts that one language uses; Cyrillic, Arabic, Devanagari and Han are used by several.
_OWN_SCRIPT = frozenset({"ko", "el", "he", "th"})
_BEGINNING = 20_000  # characters of a document that tell whether it is English
_SHORTEST_DOCUMENT = 20  # letters: py3langid guesses at less
# English prose has more of the words in `_LATIN` than this share, and other languages have less.
_ENGLISH_SHARE = 0.12
# Beside Han characters, Japanese has at least this share of kana.
_KANA_SHARE = 0.03
# Forms that only Japanese has: Chinese writes these characters otherwise, in China and in Taiwan.
_JAPANESE_ONLY = frozenset(
    "売駅円営栄価楽気帰検険剣圏権顕験厳広効桜済雑蔵実釈収従渋獣縦剰畳縄嬢譲醸図粋瀬摂専戦銭繊騒総続帯滞滝択沢単団"
    "弾遅鋳徴聴鉄転伝闘読悩脳拝廃発髪抜払変辺穂満黙訳薬様謡頼覧猟緑涙塁霊齢歴労働峠込畑枠辻"
)  # fmt: skip
# Words of nearly every Chinese text that Japanese does not write with these characters.
_CHINESE_ONLY = frozenset("们這这麼么嗎吗呢您很哪啊吧沒說说还讓让给谁它她你")


def detect_language(text: str) -> str:
    """Return an ISO 639-1 code; "en" where neither the script nor the words decide.

    Han characters without kana count as Japanese: a Japanese heading or question often has no kana, and Chinese is
    searched in the same way (no spaces, segments of characters).

    >>> detect_language("首都はどこですか"), detect_language("Wo liegt das und wer ist der König?")
    ('ja', 'de')
    """
    sample = text[:2000]
    return (None if sample.isascii() else _by_script(sample)) or _by_words(_languages_of(sample))


def detect_document_language(text: str) -> str:
    """Return the ISO 639-1 code of a document, one of `LANGUAGE_NAMES`.

    English and Japanese are detected here; py3langid (75 MB of memory, a second to load) is asked only for text that is
    not clearly one of them, such as other languages and tables.

    >>> detect_document_language("Starý mlýn byl postaven na břehu řeky v roce 1803.")
    'cs'
    """
    return _detected(text[:2000], in_english=lambda: False)


def language_of_parts(document: str) -> Callable[[str], str]:
    """Return what detects the language of a document's parts.

    In an English document, a table or code in plain letters is English: of py3langid it would be a guess.

    >>> language_of = language_of_parts("The keys of the mill, and what each of them opens.")
    >>> language_of("A12: cellar, attic; B14: pump room"), language_of("Starý mlýn byl postaven na břehu řeky.")
    ('en', 'cs')
    """
    in_english = functools.cache(lambda: _is_english(_languages_of(document[:_BEGINNING])))
    return lambda text: _detected(text[:2000], in_english=in_english)


def _detected(sample: str, *, in_english: Callable[[], bool]) -> str:
    languages = _languages_of(sample)
    ours = (None if sample.isascii() else _by_script(sample)) or _by_words(languages)
    letters = _letters(sample)
    if letters < _SHORTEST_DOCUMENT or ours in _OWN_SCRIPT:
        return ours
    if ours == "ja" and len(KANA.findall(sample)) >= _KANA_SHARE * letters:
        return ours
    if ours == "en" and (_is_english(languages) or (_may_be_english(sample, letters=letters) and in_english())):
        return ours
    if ours == "ja" and _JAPANESE_ONLY & set(sample) and not _CHINESE_ONLY & set(sample):
        return ours  # a table or a list, without kana
    code = str(_model().classify(sample)[0])
    return {"nb": "no", "nn": "no"}.get(code, code if code in LANGUAGE_NAMES else ours)


def release_model() -> None:
    """Free the memory of py3langid's model, which is loaded again (.4 s) for the next text that needs it."""
    _model.cache_clear()


@functools.cache
def _model() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)


def _may_be_english(sample: str, *, letters: int) -> bool:
    """Return whether a text has hardly any letters and words that English does not have."""
    others = len(_OTHER_LETTER.findall(sample))
    words = set(_WORD.findall(sample.lower()))
    return others <= _OTHER_LETTERS * letters and len(_OTHER_LATIN & words) < _A_FEW


def _letters(sample: str) -> int:
    return sum(map(len, _WORD.findall(sample)))


def _languages_of(sample: str) -> list[str | None]:
    """Return the language of each word; None for those that aren't among the commonest of one."""
    return [*map(_LANGUAGE_OF_WORD.get, _WORD.findall(sample.lower()))]


def _is_english(languages: list[str | None]) -> bool:
    return languages.count("en") >= _ENGLISH_SHARE * len(languages)


def _by_script(sample: str) -> str | None:
    letters = _letters(sample)
    if not letters:
        return "en"
    if len(KANA.findall(sample)) + len(HAN.findall(sample)) > 0.15 * letters:
        return "ja"
    found = (language for language, script in _SCRIPTS.items() if len(script.findall(sample)) > 0.3 * letters)
    return next(found, None)


def _by_words(languages: list[str | None]) -> str:
    votes = Counter(languages)
    del votes[None]
    best, count = max(votes.items(), key=lambda item: item[1], default=("en", 0))
    # English unless another language clearly wins: a few foreign words in an English text are common.
    return best if best and count > 1.5 * votes["en"] and count >= 2 else "en"
