"""The words around an answer, on a terminal, in plain text and in a notebook. Data, and one function."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerWords:
    """What stands around an answer; braces are filled in."""

    quoted: str
    """A quote in its marks."""
    evidence: str
    reasoning: str
    answer: str
    no_short_answer: str
    closest: str
    """What stands before the closest quote in a note: see `bunko.notes`."""
    translation: str
    found: str
    """Words that a reader marked, after so many seconds."""
    supported: str
    supports: str
    near: str
    """The nearest quote of a sentence that is in none."""
    unsupported: str
    cited: str
    from_list: str
    gives_orders: str
    more_quotes: str
    more_characters: str
    cited_sentences: str
    incomplete: str
    no_hits: str
    scope: str
    page: str
    row: str
    cell: str
    column: str
    sources: str
    nearest: str
    """Above the nearest quotes, where the answer is in none."""
    support: str
    unsupported_sentences: str
    stage_heads: tuple[str, str]


WORDS = {
    "en": AnswerWords(
        quoted="“{}”",
        evidence="Evidence",
        reasoning="Reasoning",
        answer="Answer",
        no_short_answer="No short answer found",
        closest="closest quote:",
        translation="Translation",
        found="Found in {seconds:.1f} s:",
        supported="supported by",
        supports=" (supports the answer)",
        near="not found, near",
        unsupported="not found in any source:",
        cited="{cited} cited, {quoted:,} quoted, {searched:,} searched.",
        from_list="Answered from the list of {documents}.",
        gives_orders=", gives orders to the assistant",
        more_quotes="… and {n:,} more quotes; --json has them.",
        more_characters=" ({n:,} more characters; --verbose shows all)",
        cited_sentences="{found:,} of {cited:,} cited sentences are supported by their sources; --json has them.",
        incomplete="  (a number of the sentence is missing)",
        no_hits="No passage matches.",
        scope="Within {filters}: {documents:,} of {of}",
        page="page {}",
        row="row {:,}",
        cell="row “{}”",
        column=", column “{}”",
        sources="Sources",
        nearest="Found in no source; the nearest quotes",
        support="{} of {} quotes support it",
        unsupported_sentences="Sentences found in no source",
        stage_heads=("stage", "time"),
    ),
    "ja": AnswerWords(
        quoted="「{}」",
        evidence="引用",
        reasoning="思考過程",
        answer="回答",
        no_short_answer="短い答えは見つかりませんでした",
        closest="最も近い引用：",
        translation="翻訳",
        found="{seconds:.1f} 秒で見つかった答え：",
        supported="出典",
        supports="（回答の出典）",
        near="出典に見当たりません。最も近い引用",
        unsupported="どの出典にも見当たりません：",
        cited="文書：出典 {cited} 件、引用 {quoted:,} 件、検索対象 {searched:,} 件",
        from_list="文書 {documents} 件の一覧から回答しました。",
        gives_orders="、アシスタントへの指示が含まれています",
        more_quotes="…ほか {n:,} 件の引用は --json で確認できます。",
        more_characters="（残り {n:,} 文字。--verbose ですべて表示します）",
        cited_sentences="出典を示した {cited:,} 文のうち {found:,} 文の内容が出典にあります（すべて見るには --json）。",
        incomplete="（文中の数値が抜けています）",
        no_hits="該当するパッセージはありません。",
        scope="対象の文書（{filters}）：{of} 件中 {documents:,} 件",
        page="{} ページ",
        row="{:,} 行目",
        cell="「{}」の行",
        column="、「{}」の列",
        sources="出典",
        nearest="出典なし。最も近い引用",
        support="裏付けとなる引用: {}件（全{}件）",
        unsupported_sentences="出典にない文",
        stage_heads=("段階", "時間"),
    ),
}


def words_for(question: str) -> AnswerWords:
    """Return the words in the language of a question: English, but for one in Japanese."""
    from bunko.language.detection import detect_language

    return WORDS["ja" if detect_language(question) == "ja" else "en"]
