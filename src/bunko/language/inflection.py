"""Check whether two English words are forms of one word. In: stems. Out: a bool. Knows nothing of sentences.

Regular forms have a common beginning; irregular ones, such as dug and dig, are in a list.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache

from bunko.language.words import stem

_PREFIX = 5  # letters: different words have a shorter prefix in common


def same_word(one: str, other: str) -> bool:
    """Return whether two stems are forms of one word: establish, establishment; build, built.

    >>> same_word("establish", "establishment"), same_word("interest", "internal"), same_word("dig", "dug")
    (True, False, True)
    """
    return is_among(base_form(one), frozenset((base_form(other),)))


def base_form(word: str) -> str:
    """Return the base form of a stem that is irregular; other stems stay as they are.

    >>> base_form("built"), base_form(stem("digging")), base_form("mill")
    ('build', 'dig', 'mill')
    """
    return _irregular().get(word, word)


def is_among(word: str, others: Collection[str]) -> bool:
    """Return whether any form of a word is among others. All are base forms."""
    if word in others:
        return True
    if len(word) < _PREFIX or not word.isascii():
        return False
    beginning = word[:_PREFIX]
    return any(other.startswith(beginning) and _is_longer_form(word, other) for other in others)


def _is_longer_form(one: str, other: str) -> bool:
    shorter = min(len(one), len(other))
    common = next((n for n in range(shorter) if one[n] != other[n]), shorter)
    return common >= 0.85 * shorter


# A verb, its past and its participle, unless all are the same. Forms that are often another word are left out, or
# listed with the commoner verb: ground, wound, found, bore, lay, saw.
_VERBS = """
    arise arose arisen; awake awoke awoken; bear bore born/borne; beat beaten; become became; begin began begun;
    bend bent; bind bound; bite bit bitten; bleed bled; blow blew blown; break broke broken; breed bred; bring
    brought; build built; buy bought; catch caught; choose chose chosen; cling clung; come came; creep crept; deal
    dealt; die dead/death; dig dug; do did done; draw drew drawn; drink drank drunk; drive drove driven; eat ate
    eaten; fall fell fallen; feed fed; feel felt; fight fought; find found; flee fled; fly flew flown; forbid
    forbade forbidden; forget forgot forgotten; forgive forgave forgiven; freeze froze frozen; get got gotten; give
    gave given; go went gone; grow grew grown; hang hung; hear heard; hide hid hidden; hold held; keep kept; kneel
    knelt; know knew known; lead led; leave left; lend lent; light lit; lose lost; make made; mean meant; meet met;
    pay paid; ride rode ridden; ring rang rung; rise rose risen; run ran; say said; see saw seen; seek sought; sell
    sold; send sent; shake shook shaken; shine shone; shoot shot; show shown; shrink shrank shrunk; sing sang sung;
    sink sank sunk; sit sat; sleep slept; slide slid; speak spoke spoken; spend spent; spin spun; spring sprang
    sprung; stand stood; steal stole stolen; stick stuck; strike struck stricken; swear swore sworn; sweep swept;
    swim swam swum; swing swung; take took taken; teach taught; tear tore torn; tell told; think thought; throw
    threw thrown; understand understood; wake woke woken; wear wore worn; weave wove woven; weep wept; win won;
    withdraw withdrew withdrawn; withstand withstood; write wrote written
"""


def _forms(verb: str) -> Iterator[str]:
    """Yield the stems of the regular forms: dig, digs, digging; take, takes, taking."""
    yield from (verb, *map(stem, (verb, verb + "s", verb + "ing", verb.removesuffix("e") + "ing")))
    if len(verb) > 2 and verb[-1] not in "aeiouwxy" and verb[-2] in "aeiou" and verb[-3] not in "aeiou":
        yield stem(verb + verb[-1] + "ing")


@cache
def _irregular() -> dict[str, str]:
    bases: dict[str, str] = {}
    for line in _VERBS.split(";"):
        base, *others = line.replace("/", " ").split()
        for form in (*_forms(base), *others, *map(stem, others)):
            bases.setdefault(form, base)
    return bases
