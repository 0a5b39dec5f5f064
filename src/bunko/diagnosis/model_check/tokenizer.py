"""Check a tokenizer with English and Japanese. In: the engine with the tokenizer. Out: report and findings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from bunko.diagnosis.model_check.report import Finding, TokenizerReport
from bunko.engine.stand_in import StandIn

# Ordinary prose, written for this test: names, numbers, both kana and Chinese characters.
_ENGLISH = (
    "The water mill on the river Tove was built in 1803 by order of the parish council. In April 1951, after a flood "
    "had damaged its wheel, it was closed; since 1998 a museum has shown how flour used to be ground there."
)
_JAPANESE = (
    "川沿いの水車小屋は1803年に村の議会の決定で建てられた。1951年4月の洪水で水車が壊れたため閉鎖されたが、"
    "1998年からは博物館となり、昔の人々がどのように小麦粉をひいていたのかを見学することができる。"
)
# Tokens per character: vocabularies made for Japanese need 0.5 to 0.7, those for many languages up to 0.9; bytes need
# up to 3. Measured with this text: Qwen2.5 0.71, SmolLM2 1.80.
_GOOD, _FAIR = 0.8, 1.1


def check_tokenizer(
    values: Mapping[str, object], stand_in: StandIn, *, vocabulary: int
) -> tuple[TokenizerReport, list[Finding]]:
    """Count the tokens of a text in each language, and check that they convert back to the same text."""
    english, japanese = stand_in.tokens(_ENGLISH), stand_in.tokens(_JAPANESE)
    rate = len(japanese) / len(_JAPANESE)
    verdict: Literal["good", "fair", "poor"] = "good" if rate <= _GOOD else "fair" if rate <= _FAIR else "poor"
    back = [stand_in.text(tokens).strip() for tokens in (english, japanese)]
    model, pre = (str(values.get(f"tokenizer.ggml.{key}", "")) for key in ("model", "pre"))
    report = TokenizerReport(
        model=model,
        pre=pre,
        vocabulary=vocabulary,
        tokens_a_word_english=round(len(english) / len(_ENGLISH.split()), 2),
        tokens_a_character_japanese=round(rate, 2),
        japanese=verdict,
        round_trip=back == [_ENGLISH, _JAPANESE],
    )
    findings = []
    if verdict == "poor":
        findings.append(
            Finding(
                state="note",
                text=f"Japanese takes {rate:.1f} tokens per character: this model was hardly trained on it, and is "
                "slow with it.",
                cure="For Japanese, use another model: `bunko models recommend`.",
            )
        )
    if not report.round_trip and model != "bert":  # word pieces lose capitals and spaces by design
        lost = " and ".join(
            name
            for name, was, now in zip(("English", "Japanese"), (_ENGLISH, _JAPANESE), back, strict=True)
            if was != now
        )
        findings.append(
            Finding(
                state="warning",
                text=f"Its tokenizer changes {lost} text.",
                cure="Convert the model again, with its own tokenizer's files.",
            )
        )
    if model == "gpt2" and pre in ("", "default"):
        findings.append(
            Finding(
                state="warning",
                text="It does not name its pre-tokenizer: the engine may split words in other places than in training.",
                cure="Convert it again with a newer converter, or use another file.",
            )
        )
    return report, findings
