"""What the stages need to know of written language. In: strings. Out: languages, sentences, words.

English and Japanese are handled with care, other languages by their script. No dictionaries, no models:
it runs on every sentence of every document. Knows nothing of documents or storage.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache

_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa\u30fc\uff66-\uff9d]")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
# Japanese has no spaces: these are what is cut by characters, not by spaces.
_CJK = re.compile(r"[\u3041-\u3096\u30a1-\u30fa\u30fc\uff66-\uff9d\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff々〆]")
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
_WORD = re.compile(r"[^\W\d_]+")
STOP_WORDS = frozenset(
    "a an the of in on at to for from by with and or is are was were be been being as it its this that these those "
    "he she they his her their them him i you we our your my me us who whom whose which what when where why how "
    "do does did done has have had having can could will would shall should may might must not no than then there "
    "here also into about over under after before between during through so if but such some any all each other "
    "many much more most very just only own same too s t tell describe explain name give list".split()
)
LANGUAGE_NAMES = {
    "ar": "Arabic", "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "fr": "French", "he": "Hebrew",
    "hi": "Hindi", "it": "Italian", "ja": "Japanese", "ko": "Korean", "nl": "Dutch", "pt": "Portuguese",
    "ru": "Russian", "th": "Thai", "zh": "Chinese",
}  # fmt: skip


def normalise(text: str) -> str:
    """Fold what only looks different: full-width forms, ligatures, letter case.

    >>> normalise("ＡＢＣ１２３ ｶﾞｿﾘﾝ")
    'abc123 ガソリン'
    """
    return unicodedata.normalize("NFKC", text).casefold()


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
    if len(_KANA.findall(sample)) + len(_HAN.findall(sample)) > 0.15 * letters:
        return "ja"
    found = (language for language, script in _SCRIPTS.items() if len(script.findall(sample)) > 0.3 * letters)
    return next(found, None)


def _by_words(sample: str) -> str:
    votes = Counter(map(_LANGUAGE_OF_WORD.get, _WORD.findall(sample.lower())))
    del votes[None]
    best, count = max(votes.items(), key=lambda item: item[1], default=("en", 0))
    # English unless another language clearly wins: a few foreign words in an English text are common.
    return best if best and count > 1.5 * votes["en"] and count >= 2 else "en"


# --- sentences -------------------------------------------------------------------------------------------------

_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|Gen|Col|Lt|Sgt|Capt|Rev|Hon|Gov|Sen|Rep|Pres|No|Nos|Vol|Fig|Figs|Eq|pp|"
    r"Inc|Ltd|Co|Corp|Bros|dept|est|approx|ca|cf|vs|etc|al|ed|eds|e\.g|i\.e|a\.m|p\.m|U\.S|U\.K|U\.N|Ph\.D|"
    r"Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec))\.$",
    re.IGNORECASE,
)
_CLOSERS = "\"'”’)]}»」』）］】〉》"
_ENDING = re.compile(
    # Latin: a full stop, then white space and something that may begin a sentence; Japanese: 。 needs no space.
    # Only from the first mark of a run: else a table of contents' dots would take time by their square.
    rf"(?P<latin>(?<![.!?…])[.!?…]+[{re.escape(_CLOSERS)}]*)(?=\s+[\"'“‘(\[«]*[A-Z0-9À-ÞЀ-Я\u3041-\u9fff])"
    rf"|(?P<cjk>[。！？!?．]+[{re.escape(_CLOSERS)}]*)(?![。！？」』）])"
    r"|(?P<blank>\n[ \t\u3000]*\n\s*)|(?P<line>\n)"
)
_MARKER = re.compile(r"[ \t]*(?:[-*+•・●○■□◆◇※]|\d{1,3}[.)．）]|[(（]\d{1,3}[)）]|#{1,6}[ \t]|\||>|[:：])")
_QUOTING = re.compile(r"[とっ、をなのがはに]")
_TERMINAL = re.compile(rf"[.!?…。！？:：;；|][{re.escape(_CLOSERS)}]*\s*$")
_NEVER_LAST = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Prof|St|Gen|Col|Lt|Sgt|Capt|Rev|Hon|Gov|Sen|Rep|Pres|Vol|Fig|Figs|Eq|pp|e\.g|i\.e|cf|vs|ca)\.$"
)
_GOES_ON = re.compile(r"[、，]\s*$")
_LABEL = re.compile(r"[ \t]*[^\s:：][^:：\n]{0,24}(?::[ \t]|：)")  # Name: Alice
_ROW = re.compile(r"[^\n]*\S(?: \| |\t+)\S")
_HYPHEN = re.compile(r"[・-]\S")
_PAUSE = re.compile(r"[:;]$")
_WIDE = re.compile(r"[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]")
_NARROWEST = 30  # columns: nothing is wrapped at less, so shorter lines stand for themselves
_WIDEST = 120  # columns: nobody wraps at more, so longer lines are paragraphs


def sentences(text: str) -> list[tuple[int, int]]:
    """Return the spans of the sentences, in order, without the white space around them.

    A blank line, a list item, a heading, a table row and a line like "Name: x" end a sentence; a line break within
    a wrapped paragraph does not.

    >>> [("Dr. Who left. 2.5 m! He is back."[a:b]) for a, b in sentences("Dr. Who left. 2.5 m! He is back.")]
    ['Dr. Who left.', '2.5 m!', 'He is back.']
    >>> [("「行く。」と言った。本当だ。"[a:b]) for a, b in sentences("「行く。」と言った。本当だ。")]
    ['「行く。」と言った。', '本当だ。']
    """
    spans: list[tuple[int, int]] = []
    start = 0
    margins = _margins(text)
    for match in _ENDING.finditer(text):
        end = match.end()
        if end <= start:
            continue
        kind = match.lastgroup
        if kind == "latin" and _ABBREVIATION.search(text, max(start, match.start() - 8), match.start() + 1):
            continue
        if kind == "cjk" and not _ends_cjk(text, start, match):
            continue
        if kind == "line" and not _ends_at_line(text, start, match.start(), margins):
            continue
        _append_trimmed(spans, text, start, end)
        start = end
    _append_trimmed(spans, text, start, len(text))
    return spans


def _ends_cjk(text: str, start: int, match: re.Match[str]) -> bool:
    mark = match.group()
    if mark[0] in "!?" and not _CJK.match(text[match.start() - 1 : match.start()]):
        return False  # an ASCII mark ends a Japanese sentence only
    if mark[0] == "．" and text[match.end() : match.end() + 1].isdigit():
        return False  # ３．１４
    if mark[-1] in _CLOSERS:
        return not _QUOTING.match(text, match.end())  # 「行く。」と言った
    # Inside an open quotation the sentence goes on, unless the bracket never closes nearby.
    opened = max(text.rfind("「", start, match.start()), text.rfind("『", start, match.start()))
    closed = max(text.rfind("」", start, match.start()), text.rfind("』", start, match.start()))
    if opened > closed and match.end() - start < 300:
        return not re.search("[」』]", text[match.end() : match.end() + 200])
    return True


def _ends_at_line(text: str, start: int, line_end: int, margins: tuple[int, int]) -> bool:
    """Tell a paragraph that is wrapped from lines that each stand for themselves."""
    line_start = text.rfind("\n", 0, line_end) + 1
    line = text[max(start, line_start) : line_end]
    following_end = text.find("\n", line_end + 1)
    following = text[line_end + 1 : following_end if following_end >= 0 else len(text)]
    fullness = _fullness(text[line_start:line_end], margins)
    if _MARKER.match(following):
        # ・ is also a hyphen in names, and may come to stand at the beginning of a line.
        return not (_HYPHEN.match(following) and fullness > 0.9 and _ends_in_cjk(line) and not _MARKER.match(line))
    if line.lstrip().startswith(("#", "|")) or following.startswith("\u3000"):  # so Japanese paragraphs begin
        return True
    if any(pattern.match(line) and pattern.match(following) for pattern in (_LABEL, _ROW)):
        return True
    if _TERMINAL.search(line) and not _NEVER_LAST.search(line):
        return not (fullness > 0.75 and _PAUSE.search(line) and following[:1].islower())
    # A wrapped line is broken near the margin; a shorter one was ended on purpose. Japanese may be broken anywhere,
    # and so its lines are fuller.
    return not _GOES_ON.search(line) and fullness < (0.75 if _ends_in_cjk(line) else 0.6)


def _ends_in_cjk(line: str) -> bool:
    return bool(_CJK.match(line[-1:]))


def _fullness(line: str, margins: tuple[int, int]) -> float:
    """Return how much of the room between the margins a line takes, 1 for a usual full line; 0 where nothing is full.

    Japanese is wrapped after so many characters, or so many columns.
    """
    width = columns(line)
    return max(len(line) / margins[0], width / margins[1]) if margins[1] >= _NARROWEST else 0.0


def _margins(text: str) -> tuple[int, int]:
    """Return the usual length of full lines, in characters and in columns.

    It is the 90th percentile, so that one long line does not decide.
    """
    lines = [line for line in text[:20_000].split("\n") if line.strip()]
    if not lines:
        return 0, 0
    place = int(0.9 * len(lines))
    usual = (sorted(map(measure, lines))[place] for measure in (len, columns))
    characters, width = (min(size, _WIDEST) for size in usual)
    return characters, width


def columns(line: str) -> int:
    """Return how wide a line is printed: characters of East Asia take two columns.

    >>> columns("cat"), columns("猫である")
    (3, 8)
    """
    return len(line) + len(_WIDE.findall(line))


def _append_trimmed(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    stripped = piece.strip()
    if stripped:
        start += len(piece) - len(piece.lstrip())
        spans.append((start, start + len(stripped)))


# --- words -----------------------------------------------------------------------------------------------------

_WORD = re.compile(
    r"\d+(?:[.,:]\d+)*%?"  # numbers stay whole: 1,234.5
    r"|[\u30a1-\u30fa\u30fc]{2,}"  # a run of katakana is one (foreign) word
    r"|[\u4e00-\u9fff\u3400-\u4dbf々〆]+|[\u3041-\u3096]+"
    r"|(?:(?![\u3041-\u30ff\u3400-\u9fff])[^\W\d_])+(?:['’](?:(?![\u3041-\u30ff])[^\W\d_])+)?"
)
# Endings that English inflection adds; a crude stemmer is enough where both sides go through it.
_SUFFIXES = ("'s", "’s", "ies", "ing", "ed", "es", "s", "ly")


def words(text: str) -> list[str]:
    """Return the words that carry meaning, folded and stemmed, in order, repeats kept.

    Runs of kanji give their pairs of characters, so that 東京都 meets 東京; hiragana alone is grammar, and is
    left out unless nothing else is there.

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
        elif _HAN.match(first) or first in "々〆":
            found.extend([word] if len(word) == 1 else (word[i : i + 2] for i in range(len(word) - 1)))
        elif word not in STOP_WORDS:
            found.append(stem(word))
    return found or [word[i : i + 2] for word in hiragana for i in range(max(1, len(word) - 1))]


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Strip the commonest English endings.

    >>> stem("countries"), stem("invaded"), stem("running")
    ('country', 'invad', 'runn')
    """
    if not word.isascii():
        return word
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            word = word[: -len(suffix)] + ("y" if suffix == "ies" else "")
            break
    return word.removesuffix("e") if len(word) > 4 else word


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text has, on the safe side, where no tokenizer can be asked.

    Byte-pair vocabularies give English about four characters a token; a Japanese character is one token in most
    multilingual vocabularies, and up to two in those made for English alone.

    >>> estimate_tokens("Where is it?"), estimate_tokens("東京都")
    (5, 5)
    """
    cjk = len(_CJK.findall(text))
    return int((len(text) - cjk) / 3 + cjk * 1.5) + 1
