"""Make up a comparison that looks like a real one: English and Japanese questions, three variants, all that can occur.

In: a seed and sizes. Out: a comparison as `bunko.evaluation.records` describes it.
"""

from __future__ import annotations

import math
import random
import statistics
from typing import Any

Json = dict[str, Any]

# file, page, question, expected answer, the sentence that says so, a wrong answer
ENGLISH = [
    (
        "history/mill.md",
        None,
        "When was the mill on the Aller built?",
        "1803",
        "The mill on the Aller was built in 1803 by the brothers Croft.",
        "1851",
    ),
    (
        "history/mill.md",
        None,
        "Who built the mill on the Aller?",
        "the brothers Croft",
        "The mill on the Aller was built in 1803 by the brothers Croft.",
        "Ada Whitlock",
    ),
    (
        "history/mill.md",
        None,
        "Why was the mill's wheel taken away?",
        "to make room for a turbine",
        "In 1951 the wheel was taken away to make room for a turbine, which ran until 1968.",
        "it had rotted",
    ),
    (
        "garden/orchard.pdf",
        4,
        "How many apple trees were planted in the orchard?",
        "240",
        "Ada Whitlock planted 240 apple trees in the spring of 1987, most of them Bramleys.",
        "1987",
    ),
    (
        "garden/orchard.pdf",
        4,
        "Which kind of apple is most common in the orchard?",
        "Bramley",
        "Ada Whitlock planted 240 apple trees in the spring of 1987, most of them Bramleys.",
        "Cox's Orange Pippin",
    ),
    (
        "minutes/2019-03.docx",
        2,
        "What did the committee decide about the footbridge?",
        "to close it until the repairs are paid for",
        "The committee decided to close the footbridge until the repairs are paid for.",
        "to replace it with a ford",
    ),
    (
        "minutes/2019-03.docx",
        3,
        "Who takes the minutes of the committee?",
        "Margaret Osei",
        "Minutes: Margaret Osei, who has kept them since 2016.",
        "the chair",
    ),
    (
        "reports/water.pdf",
        17,
        "What is the limit for nitrate in the well?",
        "50 mg/l",
        "The limit for nitrate is 50 mg/l; in dry years the well has come near it twice.",
        "25 mg/l",
    ),
    (
        "reports/water.pdf",
        18,
        "How often is the well's water tested?",
        "every quarter",
        "Samples are taken every quarter and sent to the county's laboratory.",
        "once a year",
    ),
    (
        "school/letter-1924.txt",
        None,
        "How many children did the school have in 1924?",
        "61",
        "We have at present sixty-one (61) children in two rooms, and one stove.",
        "24",
    ),
    (
        "school/letter-1924.txt",
        None,
        "What did the school's head ask the county for?",
        "a second stove",
        "I ask the county once more for a second stove before the winter.",
        "another teacher",
    ),
    (
        "reports/railway.html",
        None,
        "When did the last passenger train stop at the station?",
        "12 September 1965",
        "The last passenger train stopped here on 12 September 1965.",
        "1968",
    ),
    (
        "reports/railway.html",
        None,
        "What is the station building used for today?",
        "a café",
        "Since 1998 the station building houses a café; the signal box is a museum.",
        "a museum",
    ),
]
JAPANESE = [
    (
        "資料/水車小屋.txt",
        None,
        "水車小屋はいつ建てられましたか。",
        "1803年",
        "水車小屋は1803年に村の大工によって建てられた。",
        "1951年",
    ),
    (
        "資料/水車小屋.txt",
        None,
        "水車が取り外された理由は何ですか。",
        "発電機を置くため",
        "水車は発電機を置くために1951年に取り外された。",
        "腐食が進んだため",
    ),
    (
        "報告書/図書館年報.pdf",
        3,
        "町立図書館の蔵書は何冊ですか。",
        "約12万冊",
        "令和5年度末の蔵書は約12万冊で、うち児童書が約3万冊を占める。",
        "約3万冊",
    ),
    (
        "報告書/図書館年報.pdf",
        5,
        "図書館の休館日は何曜日ですか。",
        "月曜日",
        "休館日は毎週月曜日とし、祝日にあたるときは翌平日に振り替える。",
        "祝日",
    ),
    (
        "議事録/令和4年6月.docx",
        2,
        "橋の補修工事はいつ始まりますか。",
        "10月",
        "橋の補修工事は10月に着手し、年度内の完了を目指すこととした。",
        "6月",
    ),
    (
        "議事録/令和4年6月.docx",
        2,
        "補修工事の費用はいくらと見込まれていますか。",
        "4800万円",
        "費用は4800万円と見込まれ、その半額を県の補助金で賄う。",
        "2400万円",
    ),
    (
        "観光/温泉案内.html",
        None,
        "温泉の源泉の温度は何度ですか。",
        "58度",
        "源泉は58度の単純温泉で、加水のうえ42度前後で供される。",
        "42度",
    ),
]
NO_ANSWER = [
    ("en", "Who painted the portrait in the town hall?", "The town hall was enlarged in 1931."),
    ("en", "What does a ticket for the museum cost?", "The signal box is a museum."),
    ("ja", "町長の任期は何年ですか。", "町長は6月の定例会で補修工事の計画を説明した。"),
]

VARIANTS: list[Json] = [
    {"name": "starter", "model": "LFM2-350M-Q4_K_M", "rag": True, "right": 0.78, "speed": 1.0, "settings": {}},
    {
        "name": "Qwen 0.5B",
        "model": "qwen2.5-0.5b-instruct-q4_k_m",
        "rag": True,
        "right": 0.66,
        "speed": 1.9,
        "settings": {"generation.temperature": "0.2", "retrieval.mode": "hybrid"},
    },
    {
        "name": "starter, no documents",
        "model": "LFM2-350M-Q4_K_M",
        "rag": False,
        "right": 0.12,
        "speed": 0.55,
        "settings": {},
    },
    {
        "name": "starter, words only",
        "model": "LFM2-350M-Q4_K_M",
        "rag": True,
        "right": 0.7,
        "speed": 0.95,
        "settings": {"retrieval.mode": "lexical"},
    },
]
METRICS: list[Json] = [
    {"name": name, "label": label, "better": "lower" if unit in {"words", "tokens", "ms"} else "higher", "unit": unit}
    for name, label, unit in [
        ("right", "right", "share"),
        ("right_20", "right within 20 words", "share"),
        ("exact_match", "exact match", "share"),
        ("f1", "F1", "share"),
        ("evidence_1", "gold in the first quote", "share"),
        ("refusal_recall", "unanswerable questions refused", "share"),
        ("supported", "sentences found in a source", "share"),
        ("words", "words in an answer", "words"),
        ("completion_tokens", "tokens written", "tokens"),
        ("time_median", "time, median", "ms"),
    ]
]


def sample(*, questions: int = 40, variants: int = 3, seed: int = 7) -> Json:
    """Return a comparison; the same for the same arguments."""
    dice = random.Random(seed)
    chosen = VARIANTS[:variants]
    rows = [_row(n, chosen, dice) for n in range(questions)]
    rows.sort(key=lambda row: not row["differs"])
    return {
        "title": "Three ways to answer about the village" if variants > 1 else "How well the starter answers",
        "folder": "~/Documents/village 村の記録",
        "created": "2026-05-14T10:32:00+09:00",
        "machine": {"cores": 8, "memory_gb": 16.0},
        "metrics": METRICS,
        "variants": [_variant(place, variant, rows) for place, variant in enumerate(chosen)],
        "pairs": [_pair(a, b, chosen, rows, dice) for a in range(variants) for b in range(a + 1, variants)],
        "questions": rows,
    }


def _row(n: int, variants: list[Json], dice: random.Random) -> Json:
    if n % 9 == 8:
        language, question, sentence = NO_ANSWER[n // 9 % len(NO_ANSWER)]
        results = [_unanswerable(variant, language, sentence, dice) for variant in variants]
        golds: list[str] = []
    else:
        language = "ja" if n % 5 in {1, 3} else "en"
        facts = JAPANESE if language == "ja" else ENGLISH
        fact = facts[(n * 3) % len(facts)]
        question, golds = fact[2], [fact[3]]
        results = [_answered(variant, language, fact, dice) for variant in variants]
    if n == 4 and len(results) > 1:
        results[1] |= {"answer": "", "evidence": [], "citations": [], "unsupported": [], "scores": {}, "right": None}
        results[1] |= {"error": "EngineTimeout: the engine gave no token for 120 s (qwen2.5-0.5b-instruct-q4_k_m)"}
        results[1] |= {"timings_ms": {}, "usage": {}, "reasoning": "", "refused": False, "translation": None}
    kinds = {(result["right"], result["refused"]) for result in results if not result["error"]}
    return {
        "id": f"{language}-{n + 1:03d}",
        "question": question,
        "answers": golds,
        "unanswerable": not golds,
        "language": language,
        "differs": len(kinds) > 1,
        "results": results,
    }


def _answered(variant: Json, language: str, fact: tuple[Any, ...], dice: random.Random) -> Json:
    path, page, question, gold, sentence, wrong = fact
    right = dice.random() < variant["right"]
    said = gold if right else wrong
    if not variant["rag"]:
        text = (
            f"{said}だと思われますが、確かな資料はありません。"
            if language == "ja"
            else f"It is likely {said}, although I cannot say for certain without more context."
        )
        return _result(variant, text, dice, right=right, unsupported=[text])
    extra = ""
    if language == "ja":
        text = sentence.replace(gold, said) if dice.random() < 0.6 else f"{said}です。"
        if dice.random() < 0.35:
            extra = "詳しくは担当課にお問い合わせください。"
    elif dice.random() < 0.6:
        text = sentence.replace(gold, said) if gold in sentence else f"It was {said}."
    else:
        text = f"{said[0].upper()}{said[1:]}."
    if language == "en" and (dice.random() < 0.35 or variant["name"].startswith("Qwen")):
        extra = " Many villages of that time had something similar."
    reasoning = ""
    if variant["name"].startswith("Qwen"):
        reasoning = f"The question asks: {question}\nThe first source says: {sentence}\nSo the answer is {said}."
    start = dice.randrange(20, 9000)
    place = {"path": path, "page": page, "start": start, "end": start + len(sentence)}
    other = "The parish has kept its papers since 1790." if language == "en" else "村の記録は寛政年間から残されている。"
    result = _result(variant, text + extra, dice, right=right, unsupported=[extra.strip()] if extra else [])
    return result | {
        "reasoning": reasoning,
        "evidence": [
            place | {"quote": sentence, "score": round(dice.uniform(0.6, 0.9), 4)},
            place | {"start": 12, "end": 60, "quote": other, "score": round(dice.uniform(0.2, 0.5), 4)},
        ],
        "citations": [place | {"n": 1, "quote": sentence, "sentence": text, "verified": right}],
        "translation": ("It is " + said + ".") if language == "en" and dice.random() < 0.06 else None,
    }


def _unanswerable(variant: Json, language: str, sentence: str, dice: random.Random) -> Json:
    if variant["rag"] and dice.random() < 0.75:
        text = "文書には答えが見つかりませんでした。" if language == "ja" else "The documents do not say."
        return _result(variant, text, dice, right=True, refused=True)
    text = "四年です。" if language == "ja" else "It was Thomas Gainsborough, who came to the county often."
    evidence = [{"path": "history/hall.md", "page": None, "start": 0, "end": 40, "quote": sentence, "score": 0.31}]
    return _result(variant, text, dice, right=False, unsupported=[text]) | {"evidence": evidence}


def _result(
    variant: Json,
    text: str,
    dice: random.Random,
    *,
    right: bool,
    refused: bool = False,
    unsupported: list[str] | None = None,
) -> Json:
    words = len(text) // 2 if text.endswith("。") else len(text.split())
    slow = variant["speed"] * math.exp(dice.gauss(0, 0.35))
    stages = {"embed": 9.0 * dice.uniform(0.8, 1.3), "retrieve": 14 * slow, "select": 22 * slow, "prompt": 1.2}
    if not variant["rag"]:
        stages = {"prompt": 0.8}
    stages |= {"read": (620 if variant["rag"] else 60) * slow, "write": (30 + 14 * words) * slow}
    stages |= {"ground": 4.5} if variant["rag"] else {}
    stages = {name: round(value, 2) for name, value in stages.items()}
    f1 = min(1.0, dice.uniform(0.45, 1.2)) if right else dice.uniform(0.0, 0.35)
    return {
        "variant": variant["name"],
        "answer": text,
        "reasoning": "",
        "refused": refused,
        "right": right,
        "scores": {
            "right": float(right),
            "right_20": float(right and words <= 20),
            "f1": round(f1, 3),
            "exact_match": float(f1 == 1.0),
            "evidence_1": float(right) if variant["rag"] and not refused else None,
            "refusal_recall": float(refused) if refused else None,
            "supported": (0.5 if unsupported else 1.0) if variant["rag"] else 0.0,
            "words": words,
            "completion_tokens": int(words * 1.4),
            "time_median": round(sum(stages.values()), 2),
        },
        "evidence": [],
        "citations": [],
        "unsupported": unsupported or [],
        "timings_ms": stages | {"total": round(sum(stages.values()) + 1.5, 2)},
        "usage": {
            "prompt_tokens": 620 if variant["rag"] else 48,
            "completion_tokens": int(words * 1.4),
            "cached_tokens": 41,
        },
        "error": None,
        "translation": None,
    }


def _variant(place: int, variant: Json, rows: list[Json]) -> Json:
    results = [row["results"][place] for row in rows if not row["results"][place]["error"]]
    stages = list(dict.fromkeys(name for result in results for name in result["timings_ms"]))
    by_stage = {name: sorted(r["timings_ms"][name] for r in results if name in r["timings_ms"]) for name in stages}
    return {
        "name": variant["name"],
        "model": variant["model"],
        "embedder": "all-MiniLM-L6-v2",
        "rag": variant["rag"],
        "settings": variant["settings"],
        "summary": {metric["name"]: _estimate(metric["name"], results) for metric in METRICS},
        "timings_ms": {
            name: {"median": statistics.median(times), "p95": times[int(len(times) * 0.95)]}
            for name, times in by_stage.items()
        },
        "times_ms": [result["timings_ms"]["total"] for result in results],
    }


def _estimate(name: str, results: list[Json]) -> Json:
    values = [result["scores"][name] for result in results if result["scores"].get(name) is not None]
    if not values:
        return {"value": None, "low": None, "high": None, "n": 0}
    interval = _interval(values)
    ends = {"low": max(interval["low"], min(values)), "high": min(interval["high"], max(values))}
    return interval | ends | {"n": len(values)}


def _interval(values: list[float]) -> Json:
    mean = statistics.fmean(values)
    reach = 1.96 * statistics.pstdev(values) / math.sqrt(len(values))
    return {"value": mean, "low": mean - reach, "high": mean + reach}


def _pair(a: int, b: int, variants: list[Json], rows: list[Json], dice: random.Random) -> Json:
    both = [(row["results"][a], row["results"][b]) for row in rows]
    both = [(one, other) for one, other in both if not one["error"] and not other["error"]]
    wins = sum(bool(one["right"] and not other["right"]) for one, other in both)
    losses = sum(bool(other["right"] and not one["right"]) for one, other in both)
    tail = sum(math.comb(wins + losses, k) for k in range(min(wins, losses) + 1)) / 2 ** (wins + losses)
    ratio = _interval([math.log(one["timings_ms"]["total"] / other["timings_ms"]["total"]) for one, other in both])
    return {
        "a": variants[a]["name"],
        "b": variants[b]["name"],
        "wins": wins,
        "losses": losses,
        "ties": len(both) - wins - losses,
        "p": min(1.0, 2 * tail),
        "f1_difference": _interval([one["scores"]["f1"] - other["scores"]["f1"] for one, other in both]),
        "time_ratio": {key: math.exp(value) for key, value in ratio.items()},
    }
