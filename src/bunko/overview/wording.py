"""The wording of answers about the whole folder, in English and Japanese. In: numbers, names. Out: sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bunko.language.detection import JAPANESE_LANGUAGE_NAMES, LANGUAGE_NAMES
from bunko.overview.types import Join, Most, Plan

_MOST_JAPANESE: dict[Most, str] = {
    "newest": "最も新しい", "oldest": "最も古い", "largest": "最も大きい", "smallest": "最も小さい",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The number of documents, by sort."""

    documents: int
    """Documents that could be read."""
    files: int
    """Files that contain them."""
    chosen: int
    """The documents (or files, if the question asks for these) of the kind and language asked for."""
    failed: int
    """Files, or parts of files, that could not be read."""
    endings: Mapping[str, int]
    """Documents by their files' endings."""


def counted(counts: Counts, plan: Plan, *, language: str) -> str:
    """Return how many documents there are, of which kinds, and how many could not be read."""
    return (_counted_japanese if language == "ja" else _counted_english)(counts, plan) + failed_too(counts, language)


def _counted_english(counts: Counts, plan: Plan) -> str:
    total = counts.files if plan.files else counts.documents
    noun = "file" if plan.files else "document"
    if plan.kind or plan.language:
        sort = " and ".join(
            part
            for part in (
                f"of the kind {plan.kind}" if plan.kind else "",
                f"in {LANGUAGE_NAMES.get(plan.language, plan.language)}" if plan.language else "",
            )
            if part
        )
        return f"{_some(counts.chosen, total, noun)} {'is' if counts.chosen < 2 else 'are'} {sort}."
    said = f"There {'is' if total == 1 else 'are'} {number(total, noun)}"
    if plan.files and counts.files != counts.documents:
        said += f", which {'holds' if total == 1 else 'hold'} {number(counts.documents, 'document')}"
    elif counts.files != counts.documents:
        said += f" in {number(counts.files, 'file')}"
    if len(counts.endings) == 1 and total > 1 and not counts.endings.get(""):
        return f"{said}, all of them .{next(iter(counts.endings))}."
    sorts = ", ".join(
        f"{count:,} .{ending}" if ending else f"{count:,} without extension" for ending, count in _by(counts)
    )
    return f"{said}. Documents by file extension: {sorts}." if sorts else f"{said}."


def _counted_japanese(counts: Counts, plan: Plan) -> str:
    total = counts.files if plan.files else counts.documents
    noun = "ファイル" if plan.files else "文書"
    if plan.kind or plan.language:
        sort = "・".join(filter(None, (plan.kind, JAPANESE_LANGUAGE_NAMES.get(plan.language, plan.language))))
        return f"{total:,}件の{noun}のうち、{sort}のものは{counts.chosen:,}件です。"
    said = f"{noun}は{total:,}件あります。"
    if counts.files != counts.documents:
        said += f"（文書{counts.documents:,}件、ファイル{counts.files:,}件）"
    if len(counts.endings) == 1 and total > 1 and not counts.endings.get(""):
        return f"{said}すべて.{next(iter(counts.endings))}です。"
    sorts = "、".join(f"{f'.{ending}' if ending else 'なし'} {count:,}件" for ending, count in _by(counts))
    return f"{said}拡張子別の文書数：{sorts}。" if sorts else said


def _by(counts: Counts) -> list[tuple[str, int]]:
    return sorted(counts.endings.items(), key=lambda item: (-item[1], item[0]))


def failed_too(counts: Counts, language: str) -> str:
    """Return a sentence on what could not be read; empty if there is nothing."""
    if not counts.failed:
        return ""
    if language == "ja":
        return f"ほかに、読めなかったものが{counts.failed:,}件あります。"
    return f" {counts.failed:,} more could not be read."


def unread(failures: Sequence[tuple[str, str]], *, more: int, language: str) -> str:
    """Return which files could not be read, and why."""
    total = len(failures) + more
    if not total:
        return "読めなかったファイルはありません。" if language == "ja" else "All files could be read."
    head = f"{total:,}件を読めませんでした。" if language == "ja" else f"{number(total, 'file')} could not be read:"
    return listed(head, [f"{path}: {error}" for path, error in failures], more=more, language=language)


def extreme(plan: Plan, files: Sequence[str], *, language: str) -> str:
    """Return which file is the newest (or oldest, largest, smallest); `files` have dates or sizes, in order."""
    if not files:
        return "文書がありません。" if language == "ja" else "There are no documents."
    if language == "ja":
        head, then = f"{_MOST_JAPANESE[plan.most]}ファイルは {files[0]} です。", "続いて："
    else:
        head, then = f"The {plan.most} file is {files[0]}.", " Next:"
    return listed(head + then, files[1:], more=0, language=language) if files[1:] else head


def mentions(plan: Plan, found: int, total: int, *, loosely: int, language: str) -> str:
    """Return how many documents mention the terms; `loosely` of them have all the words, but apart."""
    terms = named(plan.terms, plan.join, language=language)
    if language == "ja":
        kind = f"の{plan.kind}文書" if plan.kind else "の文書"
        if not found and loosely:
            apart = f"語をすべて含むものは{loosely:,}件あります。"
            return f"{total:,}件{kind}のうち、{terms}という語句を含むものはありませんが、{apart}"
        return f"{total:,}件{kind}のうち、{terms}に触れているもの" + (
            f"は{found:,}件です。" if found else "はありません。"
        )
    noun = f"{plan.kind} document" if plan.kind else "document"
    if not found and loosely:
        have = "has" if loosely == 1 else "have"
        return f"None of the {number(total, noun)} mentions {terms} word for word; {loosely:,} {have} all of the words."
    return f"{_some(found, total, noun)} {'mentions' if found < 2 else 'mention'} {terms}."


def named(terms: Sequence[str], join: Join, *, language: str) -> str:
    """Return terms in quotes.

    >>> named(["tea", "silk"], "any", language="en"), named(["京都"], "all", language="ja")
    ('“tea” or “silk”', '「京都」')
    """
    if language == "ja":
        return ("と" if join == "all" else "または").join(f"「{term}」" for term in terms)
    return (" and " if join == "all" else " or ").join(f"“{term}”" for term in terms)


def listed(head: str, lines: Sequence[str], *, more: int, language: str, where: str = "") -> str:
    """Return a sentence, and lines below it; `more` is the number of lines left out, `where` where they are."""
    text = "\n".join([head, *(f"- {line}" for line in lines)])
    if more:
        left = f"（ほか{more:,}件{where}）" if language == "ja" else f"… and {more:,} more{where}."
        text += f"\n{left}"
    return text


def number(count: int, noun: str) -> str:
    """Return a number with its noun.

    >>> number(1, "file"), number(1206, "document")
    ('1 file', '1,206 documents')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _some(count: int, total: int, noun: str) -> str:
    return f"{count:,} of {number(total, noun)}" if count else f"None of the {number(total, noun)}"
