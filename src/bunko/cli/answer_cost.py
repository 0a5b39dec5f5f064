"""What an answer cost, as lines of text. In: an Answer. Out: text. Knows nothing of where it is shown."""

from __future__ import annotations

from bunko.types import Answer

_BAR = 40  # columns of the longest bar


def cost(answer: Answer) -> str:
    """Return one line: the time of each stage, and the tokens read, reused and written."""
    stages = [
        f"{name} {_duration(milliseconds)}"
        for name, milliseconds in answer.timings.items()
        if name != "total" and milliseconds >= 1
    ]
    usage = answer.usage
    tokens = f"{usage.prompt_tokens} tokens read ({usage.cached_tokens} reused), {usage.completion_tokens} written"
    return f"{' + '.join(stages)} = {_duration(answer.timings.get('total', 0))} · {tokens} · {answer.model}"


def _duration(milliseconds: float) -> str:
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def chart(answer: Answer) -> str:
    """Return a waterfall chart: one bar per stage, which begins where the previous one ends."""
    stages = {name: value for name, value in answer.timings.items() if name != "total"}
    total = max(answer.timings.get("total", 0.0), sum(stages.values()), 1e-9)
    lines, begin = [], 0.0
    for name, value in stages.items():
        left = round(begin / total * _BAR)
        right = max(round((begin + value) / total * _BAR), left)
        bar = " " * left + ("█" * (right - left) or "▏")
        lines.append(f"{name:>10} {bar:<{_BAR + 1}} {_duration(value):>7}")
        begin += value
    rest = total - begin
    return "\n".join([*lines, f"{'between':>10} {' ' * (_BAR + 1)} {_duration(rest):>7}"])
