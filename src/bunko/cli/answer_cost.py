"""What an answer cost, as lines of text. In: an Answer. Out: text. Knows nothing of where it is shown."""

from __future__ import annotations

from typing import Literal

from bunko.types import Answer

_BAR = 40  # columns of the longest bar
_LEAST_REST = 0.05
"""Share of the whole time from which what lies between the stages is named, so that the line adds up."""
# The page's words, src/bunko/server/page/strings.ja.js, where they are short.
_JAPANESE = {
    "recall": "保存済みの回答を検索", "sync": "同期", "open": "索引を開く", "load": "モデルの読み込み",
    "rewrite": "質問の書き換え", "rows": "表の計算", "embed": "質問の埋め込み", "retrieve": "検索",
    "rerank": "並べ替え",
    "search_again": "再検索", "select": "引用の選択", "mark": "答えの箇所の特定", "prompt": "プロンプトの作成",
    "read": "プロンプト処理", "reason": "思考", "write": "生成", "ground": "引用の検証", "translate": "翻訳",
    "scan": "全文書の走査", "map": "各文書の処理", "reduce": "統合", "other": "その他",
}  # fmt: skip


def cost(answer: Answer, language: Literal["en", "ja"] = "en") -> str:
    """Return one line: the time of each stage, and the tokens read, reused and written.

    >>> cost(Answer(question="", text="", timings={"embed": 40.0, "total": 200.0}, model="tiny"))
    'embed 40 ms + other 160 ms = 200 ms · tiny was not asked'
    >>> cost(Answer(question="", text="", timings={"embed": 40.0, "total": 40.0}, model="tiny"), "ja")
    '質問の埋め込み 40 ms = 40 ms · tiny は使っていません'
    """
    names = _JAPANESE if language == "ja" else {}
    total = answer.timings.get("total", 0.0)
    stages = {name: value for name, value in answer.timings.items() if name != "total"}
    rest = total - sum(stages.values())
    if rest > _LEAST_REST * total:
        stages["other"] = rest
    shown = [f"{names.get(name, name)} {_duration(value)}" for name, value in stages.items() if value >= 1]
    return f"{' + '.join(shown)} = {_duration(total)} · {_tokens(answer, language)}"


def _tokens(answer: Answer, language: Literal["en", "ja"]) -> str:
    usage, is_japanese = answer.usage, language == "ja"
    if not (usage.prompt_tokens or usage.completion_tokens):
        return f"{answer.model} は使っていません" if is_japanese else f"{answer.model} was not asked"
    if is_japanese:
        return (
            f"入力 {usage.prompt_tokens:,} トークン（うち再利用 {usage.cached_tokens:,}）、"
            f"生成 {usage.completion_tokens:,} トークン · {answer.model}"
        )
    tokens = f"{usage.prompt_tokens} tokens read ({usage.cached_tokens} reused), {usage.completion_tokens} written"
    return f"{tokens} · {answer.model}"


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
