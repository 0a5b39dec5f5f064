"""How well copies and versions of documents are found, what it costs a sync, and whether answers stay as they were.

    python -m benchmarks.duplicates pairs FOLDER [FOLDER ...]
    python -m benchmarks.duplicates sync FOLDER [FOLDER ...]
    python -m benchmarks.duplicates large [--documents 132000]
    python -m benchmarks.duplicates retrieval CORPUS.jsonl [...] QUERIES.jsonl [...]

`pairs` makes pairs of the texts in the folders (.txt, .md; of .jsonl, each record's text): copies with other line
breaks, versions of which 5, 10 and 20 percent were changed (words here and there, or whole sentences), and pairs that
share only their head and foot, 20 to 45 percent of the text. Prints how many are found to be alike at thresholds, for
two halves of the texts: the threshold was chosen on the first. `sync` times a sync without embedding, and what the
sketches take of it, in processor time. `large` times the search for groups among generated sketches. `retrieval`
compares the passages for each question with and without the step that leaves versions out.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bunko.answering import pipeline
from bunko.language.resemblance import PLACES, resemblance, sketch
from bunko.language.sentences import sentences
from bunko.library import Library
from bunko.question.question import parse_question
from bunko.retrieval.duplicates import distinct, versions_among
from bunko.settings import Settings, apply_overrides
from bunko.stopwatch import Stopwatch
from bunko.store.duplicates import groups_of
from bunko.testing import FakeEmbedder, FakeGenerator
from bunko.versions import ALIKE, Sketched

_THRESHOLDS = (0.3, 0.35, 0.4, 0.45, 0.5)
_JAPANESE = re.compile("[\u3041-\u30ff\u4e00-\u9fff]")
_LONGEST = 20_000


def is_japanese(text: str) -> bool:
    return 4 * len(_JAPANESE.findall(text[:2_000])) > len(text[:2_000])


def texts_of(folders: Sequence[Path]) -> Iterator[str]:
    """Yield texts of 400 characters and more, Japanese ones of 160, each once."""
    seen = set()
    for folder in folders:
        files = [folder] if folder.is_file() else sorted(folder.rglob("*"))
        for file in files:
            if file.suffix in (".txt", ".md"):
                found = [file.read_text(encoding="utf-8", errors="replace")]
            elif file.suffix == ".jsonl":
                lines = file.read_text(encoding="utf-8").splitlines()
                found = [str(json.loads(line).get("text", "")) for line in lines]
            else:
                continue
            for text in found:
                if len(text) >= (160 if is_japanese(text) else 400) and text not in seen:
                    seen.add(text)
                    yield text[:_LONGEST]


def by_words(text: str, share: float, vocabulary: Sequence[str], chance: random.Random) -> str:
    """Change so many of the words (of Japanese, of the pairs of characters), each by itself."""
    parts = re.findall(r"..?", text, re.S) if is_japanese(text) else re.split(r"(\s+)", text)
    return "".join(chance.choice(vocabulary) if part.strip() and chance.random() < share else part for part in parts)


def by_sentences(text: str, share: float, others: Sequence[str], chance: random.Random) -> str:
    """Change sentences with so many of the characters: some are left out, some are others' sentences."""
    spans = sentences(text)
    room, changed = share * len(text), dict[int, str]()
    for n in chance.sample(range(len(spans)), len(spans)):
        if (length := spans[n][1] - spans[n][0]) <= room:
            room -= length
            changed[n] = chance.choice(["", chance.choice(others)[:length]])
    return " ".join(changed.get(n, text[start:end]) for n, (start, end) in enumerate(spans))


def pairs(folders: Sequence[Path]) -> None:
    everything = list(texts_of(folders))
    random.Random(1).shuffle(everything)
    half = len(everything) // 2
    for name, chosen in (("first half", everything[:half]), ("second half", everything[half:])):
        for language, texts in (
            ("English", [text for text in chosen if not is_japanese(text)]),
            ("Japanese", [text for text in chosen if is_japanese(text)]),
        ):
            if len(texts) > 10:
                _print_pairs(f"{name}, {language}, {len(texts)} texts", texts[:600])


def _print_pairs(title: str, texts: Sequence[str]) -> None:
    chance = random.Random(2)
    cut = [part for text in texts[:50] for part in (text[n : n + 2] for n in range(0, 200, 2)) if part.strip()]
    words = cut if is_japanese(texts[0]) else [word for text in texts[:50] for word in text.split()[:50]]
    ends = [text[start:end] for text in texts[:100] for start, end in sentences(text)[:4]]
    kinds: dict[str, list[float]] = {}
    for n, text in enumerate(texts):
        own = sketch(text)
        made = {"copy": re.sub(r"[ \t]*\n[ \t]*", "\n\n", text)}
        for share in (0.05, 0.1, 0.2):
            made[f"words {share:.0%}"] = by_words(text, share, words, chance)
            made[f"sentences {share:.0%}"] = by_sentences(text, share, ends, chance)
        for kind, other in made.items():
            kinds.setdefault(kind, []).append(resemblance(own, sketch(other)))
        other = texts[(n + 1) % len(texts)]
        kinds.setdefault("unrelated", []).append(resemblance(own, sketch(other)))
        for share in (0.2, 0.3, 0.45):
            own_part, other_part = text[:1_000], other[:1_000]
            frame = texts[(n + 2) % len(texts)][: int(share / (1 - share) * min(len(own_part), len(other_part)))]
            framed = [
                f"{frame[: len(frame) // 2]}\n{part}\n{frame[len(frame) // 2 :]}" for part in (own_part, other_part)
            ]
            kinds.setdefault(f"head and foot {share:.0%}", []).append(resemblance(*map(sketch, framed)))
    print(title)
    for kind, found in kinds.items():
        shares = "  ".join(f"{sum(one >= least for one in found) / len(found):.3f}" for least in _THRESHOLDS)
        print(f"  {kind:22} {shares}  mean {sum(found) / len(found):.2f}")


def sync(folders: Sequence[Path]) -> None:
    """Time a sync with an embedder that costs nothing, and the sketches alone, in turns."""
    texts = list(texts_of(folders))
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        for n, text in enumerate(texts):
            (root / f"{n:05}.txt").write_text(text, encoding="utf-8")
        with Library(root, settings=Settings(), embedder=FakeEmbedder(), generator=FakeGenerator()) as library:
            begin, wall = time.process_time(), time.perf_counter()
            library.sync()
            whole, seconds = time.process_time() - begin, time.perf_counter() - wall
    begin = time.process_time()
    for text in texts:
        sketch(text)
    alone = time.process_time() - begin
    print(f"{len(texts)} documents, {sum(map(len, texts)):,} characters")
    print(f"sync without embedding, of this process alone: {whole:.2f} s of processor time, {seconds:.2f} s")
    print(f"sketches: {alone:.3f} s of processor time, {alone / whole:.1%} of it")


def large(documents: int) -> None:
    """Time the search for groups among sketches of which a tenth are versions of others."""
    chance = random.Random(5)
    made: list[Sketched] = []
    for n in range(documents):
        values = bytearray(chance.randbytes(2 * PLACES) if n % 10 or not made else made[chance.randrange(n)].sketch)
        if not n % 10:
            for _ in range(15):
                place = 2 * chance.randrange(PLACES)
                values[place : place + 2] = chance.randbytes(2)
        made.append(Sketched(path=f"{n}", digest=f"{n}", sketch=bytes(values), facts="", modified_s=0.0))
    begin = time.process_time()
    groups = groups_of(made)
    print(f"{documents:,} documents: {len(groups):,} groups in {time.process_time() - begin:.1f} s of processor time")


def retrieval(files: Sequence[Path]) -> None:
    """Compare the passages that are found by words with and without the step, and how many hold the answer."""
    corpora, queries = files[: len(files) // 2], files[len(files) // 2 :]
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        for number, corpus in enumerate(corpora):
            for n, line in enumerate(corpus.read_text(encoding="utf-8").splitlines()):
                (root / f"{number}-{n:05}.txt").write_text(str(json.loads(line)["text"]), encoding="utf-8")
        settings = apply_overrides(Settings(), {"retrieval.mode": "lexical", "retrieval.top_k": 24})
        with Library(root, settings=settings, embedder=FakeEmbedder(), generator=FakeGenerator()) as library:
            library.sync()
            groups = library.duplicates()
            changed = total = 0
            held = {"before": 0, "after": 0}
            spent = 0.0
            for line in (line for file in queries for line in file.read_text(encoding="utf-8").splitlines()):
                row = json.loads(line)
                question = parse_question(str(row["question"]))
                hits, _ = pipeline.find(question, library.store, library.embedder, settings=settings, watch=Stopwatch())
                begin = time.process_time()
                found = distinct(question, hits, versions_among([hits], library.store), wanted="newest")
                spent += time.process_time() - begin
                total += 1
                changed += [*found.hits[:8]] != hits[:8]
                for name, each in (("before", hits[:8]), ("after", found.hits[:8])):
                    text = "\n".join(hit.chunk.text for hit in each).casefold()
                    held[name] += any(str(answer).casefold() in text for answer in row["answers"])
    alike = sum(len(group.documents) for group in groups)
    print(f"{total} questions, {alike} documents in {len(groups)} groups of versions")
    print(f"other passages for {changed}; an answer among the first 8: {held}")
    print(f"{1000 * spent / total:.1f} ms of processor time a question")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["pairs", "sync", "large", "retrieval"])
    parser.add_argument("paths", type=Path, nargs="*")
    parser.add_argument("--documents", type=int, default=132_000)
    arguments = parser.parse_args()
    print(f"threshold {ALIKE}; columns: {', '.join(map(str, _THRESHOLDS))}")
    if arguments.what == "pairs":
        pairs(arguments.paths)
    elif arguments.what == "sync":
        sync(arguments.paths)
    elif arguments.what == "large":
        large(arguments.documents)
    else:
        retrieval(arguments.paths)


if __name__ == "__main__":
    main()
