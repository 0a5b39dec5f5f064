"""Find out whether an engine computes a token alone as it computes one of several. In: a loaded engine. Out: a width.

The engine has other routines for a single token than for several, and sums in another order there: the difference is
tiny, but now and then another word wins. Where the routines are the same, all numbers are equal to the last bit; where
they are not, nearly all numbers differ. So a few tokens tell.
"""

from __future__ import annotations

from bunko.engine.measuring import TimedEngine

# The work on a single token is split above 512 tokens of context (ggml's flash attention).
_LENGTHS = (40, 600)
# Tokens of a prompt, and of its beginnings that were read before.
_PROMPT = 160
_KNOWN = (32, 64, 128)
# Prose, so that a letter is the likeliest to follow, and not a part of one.
_TEXT = (
    "The mill on the river was built by a miller and his daughter, and it burned down in the winter. Two years later "
    "the town bought the ruin. The new mill has four floors, a cellar and a museum of old tools under the roof. "
)


def exact_width(engine: TimedEngine, *, most: int, context_tokens: int) -> int:
    """Return the most tokens, up to `most`, that may be computed at once without changing a number; 1 if none.

    Raises EngineError.
    """
    width, tokens = most, engine.tokens(_TEXT)
    for length in _LENGTHS:
        if tokens and length + most + 2 <= context_tokens:
            repeated = tokens * (1 + (length + most) // len(tokens))
            width = _exact_at(engine, repeated, length, most=width)
    return width if tokens else 1


def reuses_exactly(engine: TimedEngine, *, context_tokens: int) -> bool:
    """Return whether a prompt of which a part was read before gives the numbers of one that is read at once.

    Flash attention reads many tokens by another routine than few. Raises EngineError.
    """
    tokens = engine.tokens(_TEXT)
    if not tokens or context_tokens <= _PROMPT:
        return True  # nothing to reuse
    prompt = (tokens * (1 + _PROMPT // len(tokens)))[:_PROMPT]
    whole, _ = engine.likeliest(prompt, reuse=False)
    for known in _KNOWN:
        engine.likeliest(prompt[:known], reuse=False)
        in_parts, read = engine.likeliest(prompt, reuse=True)
        if read == _PROMPT - known and in_parts != whole:  # a model that can't reuse reads all of it
            return False
    return True


def _exact_at(engine: TimedEngine, tokens: list[int], length: int, *, most: int) -> int:
    engine.likeliest(tokens[:length], reuse=False)
    for width in range(2, most + 1):
        end = length + width
        engine.likeliest(tokens[:length], reuse=True)  # forgets what comes after
        together, read = engine.likeliest(tokens[:end], reuse=True)
        engine.likeliest(tokens[: length + 1], reuse=True)
        for place in range(length + 2, end + 1):
            alone, one = engine.likeliest(tokens[:place], reuse=True)
        # A model whose state can't be cut back reads the whole prompt each time, which shows nothing.
        if (read, one) != (width, 1) or not alone or together != alone:
            return width - 1
    return most
