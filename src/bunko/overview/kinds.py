"""The kinds of documents that people name, and the endings of their files. Knows nothing of questions."""

from __future__ import annotations

import re

# By kind, the endings of its files; the name of a kind is what an answer calls it.
ENDINGS: dict[str, tuple[str, ...]] = {
    "PDF": ("pdf",),
    "Word": ("docx", "docm", "doc"),
    "Excel": ("xlsx", "xlsm", "xlsb", "xls"),
    "PowerPoint": ("pptx", "pptm", "ppsx", "ppt"),
    "text": ("txt", "text"),
    "Markdown": ("md", "markdown", "mdown", "mkd"),
    "HTML": ("html", "htm", "xhtml"),
    "CSV": ("csv",),
    "JSON": ("json", "jsonl", "ndjson"),
    "EPUB": ("epub",),
    "image": ("png", "jpg", "jpeg", "tif", "tiff", "bmp", "gif", "webp"),
    "mail": ("eml", "msg", "mbox"),
}
# The names of a kind that always mean a file, and those that may mean something else ("How many emails were sent?").
ENGLISH: dict[str, tuple[str, str]] = {
    "PDF": (r"pdfs?(?: files?| documents?)?", ""),
    "Word": (r"(?:ms |microsoft )?word (?:files?|documents?)|docx?(?: files?)", ""),
    "Excel": (r"(?:ms |microsoft )?excel (?:files?|documents?|sheets?|workbooks?)|xlsx? files?", r"spreadsheets?"),
    "PowerPoint": (r"power ?point (?:files?|documents?|presentations?)|powerpoints|pptx? files?", r"presentations?"),
    "text": (r"(?:plain )?text (?:files?|documents?)|\.?txt files?", ""),
    "Markdown": (r"(?:markdown|\.?md) (?:files?|documents?)", ""),
    "HTML": (r"html? (?:files?|documents?|pages?)", r"web ?pages?"),
    "CSV": (r"csvs|csv files?", ""),
    "JSON": (r"json files?", ""),
    "EPUB": (r"epubs|epub files?", r"e-?books?"),
    "image": (r"(?:image|picture|photo) files?", r"images?|pictures?|photos?"),
    "mail": (r"e-?mail files?", r"e-?mails?"),
}
JAPANESE: dict[str, str] = {
    "PDF": r"pdf(?:ファイル|文書|の文書|のファイル)?",
    "Word": r"(?:ワード|word)(?:ファイル|文書|の文書|のファイル)",
    "Excel": r"(?:エクセル|excel)(?:ファイル|文書|の文書|のファイル)?",
    "PowerPoint": r"(?:パワーポイント|powerpoint)(?:ファイル|文書|の文書|のファイル)?",
    "text": r"(?:テキスト|txt)(?:ファイル|文書)",
    "Markdown": r"(?:マークダウン|markdown)(?:ファイル|文書)",
    "HTML": r"html(?:ファイル|文書)",
    "CSV": r"csv(?:ファイル)?",
    "JSON": r"json(?:ファイル)?",
    "EPUB": r"(?:epub|電子書籍)(?:ファイル)?",
    "image": r"(?:画像|写真)ファイル",
    "mail": r"メールファイル",
}


def kind_of(noun: str) -> str:
    """Return the kind that a noun names; empty where it names any document.

    >>> kind_of("PDF files"), kind_of("ワード文書"), kind_of("documents")
    ('PDF', 'Word', '')
    """
    for kind, (sure, maybe) in ENGLISH.items():
        if any(pattern and re.fullmatch(pattern, noun, re.I) for pattern in (sure, maybe, JAPANESE[kind])):
            return kind
    return ""


def ending_of(path: str) -> str:
    """Return the ending of a document's own name, or of the file that holds it; empty if neither has one.

    >>> ending_of("a/b.PDF"), ending_of("all.zip#in/b.txt"), ending_of("mails.mbox#17"), ending_of("README")
    ('pdf', 'txt', 'mbox', '')
    """
    for name in reversed(path.split("#")):
        stem, dot, ending = name.rpartition("/")[2].rpartition(".")
        if stem and dot and ending.isalnum() and not ending.isdigit():
            return ending.lower()
    return ""


def is_of(path: str, kind: str) -> bool:
    """Return whether a document is of a kind."""
    return not kind or ending_of(path) in ENDINGS[kind]
