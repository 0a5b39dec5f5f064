"""Compare ways to find the text of a web page. `python -m benchmarks.pages [FOLDER]`; benchmarks/LOG.md has results.

The pages are made here: layouts as sites have them, filled with sentences in English and Japanese. Of each sentence it
is known whether it is text or stands beside it. FOLDER has HTML files: the characters that each way keeps are counted.
trafilatura and readability-lxml are measured where they are installed.
"""

from __future__ import annotations

import importlib.util
import itertools
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bunko.reading.html.main_text import main_part
from bunko.reading.html.read import html_text

TEXT = {
    "en": [
        "The mill of Varn was built in 1803 by the brothers Lind.",
        "Its wheel is four metres wide and made of oak.",
        "In dry summers the pond was filled from the upper weir, which took two nights.",
        "A fire destroyed the roof in 1911, and the town paid for a new one.",
        "Since 1987 the building has been a museum with 12,000 visitors a year.",
        "It is open from April to October, except on Mondays.",
    ],
    "ja": [
        "水車小屋は1803年にリンド兄弟によって建てられた。",
        "水車は幅が4メートルあり、樫の木でできている。",
        "夏に水が少ないときは、上流の堰から二晩かけて池に水を引いた。",
        "1911年の火事で屋根が焼け、町が新しい屋根の費用を出した。",
        "1987年からは博物館になり、毎年1万2千人が訪れる。",
        "4月から10月まで開いており、月曜日は休みである。",
    ],
}
BESIDE = {
    "en": [
        "Subscribe to our newsletter for weekly stories.", "We use cookies to improve your experience.",
        "Read next: ten gardens to visit in spring.", "Share this story with your friends today.",
        "Anna wrote: what a lovely place, we went last year.", "Copyright 2024 Varn Media, all rights reserved.",
        "Home / Places / Mills and wheels", "Special offer: garden chairs at half the price.",
    ],
    "ja": [
        "週刊ニュースのメールマガジンに登録してください。", "このサイトはクッキーを使用しています。",
        "関連記事：春に訪れたい十の庭園", "この記事をお友達に共有しましょう。",
        "花子さん：去年行きました、すてきな所ですね。", "著作権2024年ヴァルン新聞社、無断転載禁止。",
        "ホーム＞名所＞水車と水路", "特別セール：庭の椅子が半額です。",
    ],
}  # fmt: skip


def _paragraphs(text: list[str]) -> str:
    return "".join(f"<p>{sentence}</p>" for sentence in text)


def _layouts(t: list[str], b: list[str]) -> dict[str, str]:
    news, cookies, more, share, comment, rights, path, offer = b
    p = _paragraphs(t)
    rows = "".join(f"<tr><td>{n}</td><td>{sentence}</td></tr>" for n, sentence in enumerate(t))
    return {
        "blog": f"<header class='site-header'><nav>{path}</nav></header><div id='cookie-notice'>{cookies}</div><main>"
        f"<article class='post'><h1>T</h1><div class='entry-content'>{p}</div><div class='sharedaddy sd-sharing'>"
        f"{share}</div></article><div id='comments'>{comment}</div></main><aside id='secondary'>{news}{offer}</aside>"
        f"<footer>{rights}</footer>",
        "news": f"<div id='root'><div class='Header_top__x1'>{path}</div><div class='article-body'><h1>T</h1>{p}<div "
        f"class='newsletterBox'>{news}</div></div><div class='related-articles'><h2>More</h2>{more}</div><div "
        f"class='ad-slot'>{offer}</div><div class='footer'>{rights}</div></div>",
        "documentation": f"<div class='wy-nav-side'><div role='navigation'>{path}</div></div><div role='main' class="
        f"'document'><h1>T</h1>{p}</div><div role='contentinfo'>{rights}</div><div class='sphinxsidebar'>{more}</div>",
        "tables": f"<table width=100%><tr><td colspan=2>{path}</td></tr><tr><td width=150>{more}</td><td><h1>T</h1>{p}"
        f"</td></tr><tr><td colspan=2>{rights}</td></tr></table>",
        "wiki": f"<div id='mw-navigation'><div role='navigation'>{path}</div></div><div id='content' role='main'><h1>T"
        f"</h1><div id='bodyContent'>{p}<table><tr><th>n</th><th>s</th></tr>{rows}</table></div></div><div id='footer' "
        f"role='contentinfo'>{rights}</div><div class='mw-banner banner'>{offer}</div>",
        "shop": f"<div class='breadcrumb'>{path}</div><div class='product'><h1>T</h1><div class='description'>{p}</div>"
        f"</div><section class='recommendations'>{more}</section><div class='modal fade'>{news}</div><footer>{rights}"
        "</footer>",
        "forum": f"<nav>{path}</nav><div class='thread'><h1>T</h1><div class='post'>{_paragraphs(t[:3])}</div><div "
        f"class='post'>{_paragraphs(t[3:])}</div></div><div class='sidebar'>{offer}{more}</div><footer>{rights}"
        "</footer>",
        "office": f"<div id='pankuzu'>{path}</div><div id='honbun'><h1>T</h1>{p}</div><div id='sns_area'>{share}</div>"
        f"<div id='footer'><address>{rights}</address></div>",
        "no names": f"<div><div>{path}</div><div><h1>T</h1>{p}</div><div>{rights}</div></div>",
        "plain": f"<h1>T</h1>{p}",
        "article in parts": f"<main><article><h1>T</h1>{_paragraphs(t[:4])}</article><article>{_paragraphs(t[4:])}"
        f"</article></main><aside>{more}</aside><div class='CookieBanner'>{cookies}</div>",
        "list": f"<div class='social-links'>{share}</div><section><h1>T</h1><ul>"
        + "".join(f"<li>{sentence}</li>" for sentence in t)
        + f"</ul></section><div class='comment-list'>{comment}</div><div class='pagination'>{more}</div>",
    }


def _ways() -> dict[str, Callable[[str], str]]:
    ways: dict[str, Callable[[str], str]] = {
        "HTML reader": lambda page: html_text(page.encode()),
        "main_text": lambda page: html_text(main_part(page).encode()),
    }
    if importlib.util.find_spec("trafilatura"):
        import trafilatura

        ways["trafilatura"] = lambda page: trafilatura.extract(page, include_tables=True) or ""
    if importlib.util.find_spec("readability"):
        import readability

        ways["readability-lxml"] = lambda page: html_text(readability.Document(page).summary().encode())
    return ways


def main() -> None:
    """Print, for each way, the share of the sentences that it kept, of the text and of what is beside it."""
    pages = [
        (name, f"<html lang={language}><head><title>T</title></head><body>{body}</body></html>", language)
        for language in TEXT
        for name, body in _layouts(TEXT[language], BESIDE[language]).items()
    ]
    for way, extract in _ways().items():
        kept = beside = total = total_beside = 0
        begin, faults = time.perf_counter(), list[str]()
        for name, page, language in pages:
            text = re.sub(r"\s", "", extract(page))
            lost = [one for one in TEXT[language] if re.sub(r"\s", "", one) not in text]
            added = [one for one in BESIDE[language] if re.sub(r"\s", "", one) in text]
            there = [one for one in BESIDE[language] if one in page]
            kept, total = kept + len(TEXT[language]) - len(lost), total + len(TEXT[language])
            beside, total_beside = beside + len(added), total_beside + len(there)
            if lost or added:
                faults.append(f"{name}/{language} -{len(lost)} +{len(added)}")
        seconds = time.perf_counter() - begin
        print(f"{way:18} text kept {kept}/{total}, beside kept {beside}/{total_beside}, {seconds / len(pages):.4f} s")
        print("   ", "; ".join(faults))
    files = itertools.chain.from_iterable(Path(folder).rglob("*.html") for folder in sys.argv[1:])
    for file in sorted(files):
        source = file.read_text(encoding="utf-8", errors="replace")
        print(f"{file.name:32}", *(f"{way} {len(extract(source)):,}" for way, extract in _ways().items()))


if __name__ == "__main__":
    main()
