"""How often does a Japanese question find its English sentence? In: texts and questions here. Out: counts.

    python -m benchmarks.cross_language.run

`quote` of a question stands in the sentence that answers. Counted: in the first quote, in any, in a passage found.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from bunko.config import load_settings
from bunko.library import open_library

_HERE = Path(__file__).parent


def main() -> None:
    """Print the counts."""
    questions = [json.loads(line) for line in (_HERE / "queries.jsonl").read_text(encoding="utf-8").splitlines()]
    found = {"first quote": 0, "any quote": 0, "passage": 0, "refused": 0}
    with tempfile.TemporaryDirectory() as folder:
        for line in (_HERE / "corpus.jsonl").read_text(encoding="utf-8").splitlines():
            text = json.loads(line)
            Path(folder, f"{text['id']}.txt").write_text(f"{text['title']}\n\n{text['text']}", encoding="utf-8")
        settings = load_settings(overrides={"embedder": "e5-small", "model": "none"})
        with open_library(folder, settings=settings) as library:
            library.sync()
            for row in questions:
                answer, gold = library.ask(row["question"]), row["quote"]
                quotes = [gold in item.quote for item in answer.evidence]
                found["first quote"] += any(quotes[:1])
                found["any quote"] += any(quotes)
                found["passage"] += any(gold in hit.chunk.text for hit in answer.hits)
                found["refused"] += answer.refused
    print(f"{len(questions)} questions: " + ", ".join(f"{name} {count}" for name, count in found.items()))


if __name__ == "__main__":
    main()
