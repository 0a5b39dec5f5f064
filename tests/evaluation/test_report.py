"""The report: safe and complete as a text, and whole in a real browser, in two languages, schemes and widths.

The browser is Chromium, found in PATH or named by TEST_BROWSER; without one those tests are skipped. With
TEST_SCREENSHOTS=folder the screenshots stay, to be looked at.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from bunko.evaluation.evaluating import METRICS
from bunko.evaluation.report import render
from tests.browsing import browser
from tests.evaluation.sample_comparison import sample

__all__ = ["browser"]  # a fixture

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Dialog
    from playwright.sync_api import Page as Tab

HOSTILE = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<!--<script>",
    "]]>&lt;\u2028\u2029",
    "{{ script }}",
    "\u202eright to left",
    "javascript:alert(1)",
    "'\"`${alert(1)}`",
)


# --- as a text ---------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What a parser makes of a page: its elements, what stands in scripts and styles, what is left open."""

    VOID = ("meta", "link", "br")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.open: list[int] = []
        """Places in `texts`."""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(len(self.texts))
            self.texts.append((tag, ""))

    def handle_endtag(self, tag: str) -> None:
        assert self.texts[self.open.pop()][0] == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            tag, text = self.texts[self.open[-1]]
            self.texts[self.open[-1]] = (tag, text + data)

    def inside(self, tag: str) -> list[str]:
        return [text for name, text in self.texts if name == tag]

    def data(self) -> Any:
        return json.loads(self.inside("script")[0])


def hostile_comparison(text: str) -> dict[str, Any]:
    """Return a comparison with the same text in every place that a model, a document or a user fills."""

    def everywhere(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: everywhere(item) for key, item in value.items()}
        if isinstance(value, list):
            return [everywhere(item) for item in value]
        return text if isinstance(value, str) else value

    comparison = sample(questions=3)
    for row in comparison["questions"]:
        row |= {key: everywhere(row[key]) for key in ("id", "question", "answers")}
        for result in row["results"]:
            parts = ("answer", "evidence", "citations", "unsupported")
            result.update({key: everywhere(result[key]) for key in parts} | {"reasoning": text, "translation": text})
    comparison["questions"][2]["results"][0]["error"] = text
    for variant in comparison["variants"]:
        variant |= {"model": text, "embedder": text, "settings": {text: text}}
    return comparison | {"title": text, "folder": text, "created": text}


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_markup(text: str) -> None:
    page = Page(render(hostile_comparison(text)))
    assert not page.open
    assert [tag for tag, _ in page.elements].count("script") == 2
    assert page.data()["questions"][0]["question"] == text
    assert page.inside("title") == [text]
    assert {tag for tag, _ in page.elements} <= set(
        "html head meta title link style body noscript p br span div script".split()
    )


def test_the_structure_is_valid() -> None:
    text = render(sample())
    page = Page(text)
    assert text.startswith("<!doctype html>\n")
    assert not page.open
    tags = [tag for tag, _ in page.elements]
    assert all(tags.count(once) == 1 for once in ("html", "head", "body", "title", "style"))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert ("meta", {"charset": "utf-8"}) in page.elements
    assert text.index("charset") < 1024  # where a browser looks for it


def test_nothing_comes_from_elsewhere() -> None:
    page = Page(render({}))
    for tag, attributes in page.elements:
        assert "src" not in attributes
        assert tag != "link" or str(attributes["href"]).startswith("data:")
        assert not [name for name in attributes if name.startswith("on")]
    (style,), (_, script) = page.inside("style"), page.inside("script")
    assert not re.search(r"url\(|@import", style)
    addresses = set(re.findall(r"https?://[^\s\"'`]+", style + script))
    assert addresses == {"http://www.w3.org/2000/svg"}  # the name of SVG, which nobody fetches
    assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon|importScripts|import)\s*\(", script)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", script)


def test_the_policy_forbids_all_but_this_style_and_this_script() -> None:
    page = Page(render(sample(questions=2)))
    (policy,) = [str(a["content"]) for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    for rule, text in [("style-src", page.inside("style")[0]), ("script-src", page.inside("script")[1])]:
        digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
        assert rules[rule] == f"'sha256-{digest}'"


def test_numbers_that_json_lacks_and_half_characters_are_mended() -> None:
    odd = {
        "title": "\ud83d",
        "variants": [{"name": "a", "summary": {"f1": {"value": float("nan"), "low": -float("inf")}}}],
    }
    data = Page(render(odd)).data()
    assert data["title"] == "\ufffd"
    assert data["variants"][0]["summary"]["f1"] == {"value": None, "low": None}
    render(odd).encode("utf-8")


def test_what_is_rendered_is_the_comparison() -> None:
    comparison = sample(questions=5)
    assert Page(render(comparison)).data() == comparison


def test_both_languages_have_the_same_words() -> None:
    script = Page(render({})).inside("script")[1]
    words = script[script.index("const WORDS") : script.index("\n  };")]
    entry = re.compile(r"(?:^ +|, )(\w+): \"((?:[^\"\\]|\\.)*)\"", re.MULTILINE)
    english, japanese = (dict(entry.findall(part)) for part in words.split("\n    ja: {\n"))
    assert len(english) > 100
    assert english.keys() == japanese.keys()
    for name, text in english.items():
        places, others = (set(re.findall(r"\{\w+\}", one)) for one in (text, japanese[name]))
        assert places == others or name in {"pairCounts", "tradeoffPoint"}, name


def test_every_measure_is_explained_in_both_languages() -> None:
    script = Page(render({})).inside("script")[1]
    meanings = script[script.index("const MEANINGS") : script.index("const GROUPS")]
    explained = dict(re.findall(r"^    (\w+): (\[(?:\"[^\"]+\"(?:, )?){4}\])", meanings, re.MULTILINE))
    assert [metric["name"] for metric in METRICS if metric["name"] not in explained] == []


# --- in a browser ------------------------------------------------------------------------------------------------

Open: TypeAlias = "Callable[..., Tab]"


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open a comparison's page. In the end: it has said nothing on the console, and asked for nothing."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []
    requests: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def open_page(
        comparison: dict[str, Any],
        *,
        language: str = "en-GB",
        scheme: Any = "light",
        width: int = 1280,
        before: str = "",
    ) -> Tab:
        path = tmp_path / f"report-{len(contexts)}.html"
        path.write_text(render(comparison), encoding="utf-8")
        context = browser.new_context(
            locale=language,
            color_scheme=scheme,
            reduced_motion="reduce",
            timezone_id="Asia/Tokyo",
            viewport={"width": width, "height": 900},
        )
        contexts.append(context)
        tab = context.new_page()
        tab.set_default_timeout(60_000)  # other work may have the machine
        tab.add_init_script(before)
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("dialog", dismiss)
        tab.on("request", lambda request: None if request.url == path.as_uri() else requests.append(request.url))
        tab.goto(path.as_uri())
        return tab

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints
    assert not [url for url in requests if not url.startswith("data:")]


def shown(tab: Tab) -> list[str]:
    """Return the ids of the questions that are shown, in order."""
    texts = tab.locator(".question:not([hidden]) .id > bdi").all_text_contents()
    return [text.strip() for text in texts]


def fill(tab: Tab) -> None:
    """Have all questions drawn, as for printing."""
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")


def test_questions_are_filtered_and_searched(opened: Open) -> None:
    comparison = sample()
    rows = comparison["questions"]
    tab = opened(comparison)
    assert shown(tab) == [row["id"] for row in rows]

    tab.get_by_role("button", name="Wrong").click()
    wrong = [row["id"] for row in rows if any(result["right"] is False for result in row["results"])]
    assert shown(tab) == wrong
    assert tab.locator("#status").text_content() == f"{len(wrong)} of 40 questions"
    assert tab.get_by_role("button", name="Wrong").get_attribute("aria-pressed") == "true"

    tab.locator("#by-variant").select_option(label="starter")
    assert shown(tab) == [row["id"] for row in rows if row["results"][0]["right"] is False]

    tab.get_by_role("button", name="Unanswerable").click()
    both = [row for row in rows if row["unanswerable"] and row["results"][0]["right"] is False]
    assert shown(tab) == [row["id"] for row in both]

    tab.get_by_role("button", name="All", exact=True).click()
    tab.locator("#by-variant").select_option("-1")
    tab.get_by_role("searchbox").fill("NITRATE well")
    assert shown(tab)
    assert set(shown(tab)) == {row["id"] for row in rows if "nitrate" in row["question"]}
    tab.get_by_role("searchbox").fill("１８０３年")  # full width finds half width
    assert shown(tab)
    tab.get_by_role("searchbox").fill("no such thing")
    assert shown(tab) == []
    tab.get_by_role("button", name="Show all").click()
    assert len(shown(tab)) == 40
    tab.locator("#by-language").select_option(label="Japanese")
    assert shown(tab) == [row["id"] for row in rows if row["language"] == "ja"]


def test_the_interface_speaks_two_languages(opened: Open) -> None:
    tab = opened(sample(questions=4), language="ja-JP")
    assert tab.locator("html").get_attribute("lang") == "ja"
    assert tab.get_by_role("heading", name="品質と時間").is_visible()
    tab.get_by_role("button", name="English").click()
    assert tab.locator("html").get_attribute("lang") == "en"
    assert tab.get_by_role("heading", name="Quality against time").is_visible()
    assert tab.evaluate("document.activeElement.textContent") == "English"
    tab.reload()
    assert tab.locator("html").get_attribute("lang") == "en"
    missing = re.compile(r"\b(?:undefined|NaN|null|unit_\w+|group_\w+|stage_\w+)\b|\{\w+\}|\[object")
    for language in ("English", "日本語"):
        tab.get_by_role("button", name=language).click()
        fill(tab)
        assert not missing.findall(tab.locator("#report").inner_text())


def test_colours_follow_the_system_until_they_are_chosen(opened: Open) -> None:
    from playwright.sync_api import expect  # there, since `opened` is

    tab = opened(sample(questions=2), scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = tab.evaluate(ground)
    tab.get_by_role("button", name="Light").click()
    light = tab.evaluate(ground)
    assert light != dark
    tab.reload()
    expect(tab.locator("body")).to_have_css("background-color", light)  # once the page has been drawn again
    tab.get_by_role("button", name="As the system").click()
    expect(tab.locator("body")).to_have_css("background-color", dark)


def test_keys_move_search_and_unfold(opened: Open) -> None:
    tab = opened(sample())
    active = "document.activeElement.dataset.index ?? document.activeElement.id"
    tab.keyboard.press("j")
    assert tab.evaluate(active) == "0"
    tab.keyboard.press("j")
    tab.keyboard.press("j")
    assert tab.evaluate(active) == "2"
    tab.keyboard.press("k")
    assert tab.evaluate(active) == "1"
    assert tab.evaluate("document.activeElement.getBoundingClientRect().top") >= 100  # not under the toolbar
    tab.keyboard.press("o")
    tab.locator("#question-1 .sources li").first.wait_for()
    tab.keyboard.press("/")
    assert tab.evaluate(active) == "search"
    tab.keyboard.type("jk")  # letters are letters in a field
    assert tab.get_by_role("searchbox").input_value() == "jk"
    tab.keyboard.press("Escape")
    assert len(shown(tab)) == 40
    tab.keyboard.press("Escape")
    assert tab.evaluate("document.activeElement === document.body")


def test_a_citation_leads_to_its_source(opened: Open) -> None:
    tab = opened(sample())
    tab.locator(".cite").first.click()
    tab.locator(
        ".sources li.is-cited:focus"
    ).wait_for()  # not wait_for_function: it evaluates, which the policy forbids
    assert tab.locator(".sources blockquote").first.is_visible()


def two_answers(first: str, second: str) -> dict[str, Any]:
    comparison = sample(questions=1, variants=2)
    for result, answer in zip(comparison["questions"][0]["results"], (first, second), strict=True):
        result |= {"answer": answer, "unsupported": [], "citations": []}
    return comparison


@pytest.mark.parametrize(
    ("first", "second", "marks"),
    [
        ("It was built in 1803 by Croft.", "It was built in 1851 by Croft.", [["1803"], ["1851"]]),
        ("The mill is old.", "The mill is old. Very old.", [[], ["Very old."]]),
        ("the same", "the same", [[], []]),
        ("Same words", "same Words", [[], []]),
        (
            "水車小屋は1803年に建てられた。",
            "水車小屋は1951年に取り外された。",
            [["1803", "建てら"], ["1951", "取り外さ"]],
        ),
        ("One thing entirely.", "Nothing alike here?", [[], ["completely different from starter"]]),
        ("10月です。", "橋の工事は10月に始まる。", [["です"], ["橋の工事は", "に始まる"]]),
        ("", "Something", [[], []]),
    ],
)
def test_differing_words_are_marked(opened: Open, first: str, second: str, marks: list[list[str]]) -> None:
    tab = opened(two_answers(first, second))
    fill(tab)
    columns = tab.locator(".result")
    assert [columns.nth(n).locator("mark").all_text_contents() for n in range(2)] == marks
    tab.get_by_label("Mark differences from").select_option(label="nothing")
    tab.locator(".result mark").first.wait_for(state="detached")


def test_marks_do_not_change_the_answer(opened: Open) -> None:
    comparison = sample()
    tab = opened(comparison)
    fill(tab)
    seen = tab.evaluate(
        """[...document.querySelectorAll(".results")].map((results) => [...results.children].map((column) => {
          const answer = column.querySelector(".answer:not(.none)")?.cloneNode(true);
          answer?.querySelectorAll(".cite, .no-source").forEach((mark) => mark.remove());
          return answer?.textContent ?? "";
        }))"""
    )
    assert seen == [[result["answer"] for result in row["results"]] for row in comparison["questions"]]


def test_pairs_are_told_in_sentences(opened: Open) -> None:
    comparison = sample(questions=10, variants=2)
    comparison["pairs"] = [
        {
            "a": "starter",
            "b": "Qwen 0.5B",
            "wins": 14,
            "losses": 1,
            "ties": 80,
            "p": 0.00098,
            "f1_difference": {"value": -0.05, "low": -0.09, "high": -0.01},
            "time_ratio": {"value": 0.5, "low": 0.4, "high": 0.8},
        }
    ]
    text = " ".join(opened(comparison).locator(".pair").inner_text().split())
    assert "Only starter was right on 14 questions, only Qwen 0.5B on 1 question;" in text
    assert "on 80 questions they were equal." in text
    assert "(McNemar, p < 0.001)." in text
    assert "Qwen 0.5B has the higher F1, by 5.0 points (1.0 to 9.0)." in text
    assert "Qwen 0.5B takes 2.00 times as long (1.25 to 2.50)." in text


def test_nuggets_are_listed_with_the_places_where_they_were_found(opened: Open) -> None:
    comparison = sample(questions=1, variants=2)
    names = ("vital_recall", "nugget_recall")
    comparison["metrics"] = [
        *comparison["metrics"],
        *(metric for metric in METRICS if metric["name"] in names),
    ]
    found = [(True, True, True), (True, True, False), (False, False, False), (False, None, False)]
    for variant, result in zip(comparison["variants"], comparison["questions"][0]["results"], strict=True):
        result["nuggets"] = [
            {"fact": f"Fact {n} <b>.", "vital": vital, "in_context": context, "in_answer": answer}
            for n, (vital, context, answer) in enumerate(found)
        ]
        result["scores"] |= {"vital_recall": 0.5, "nugget_recall": 0.25}
        variant["summary"] |= {name: {"value": 0.5, "low": 0.4, "high": 0.6, "n": 1} for name in names}
    comparison["pairs"][0]["differences"] = {"vital_recall": {"value": 0.2, "low": 0.1, "high": 0.3}}
    tab = opened(comparison)
    text = " ".join(tab.locator(".pair").inner_text().split())
    assert "starter has the higher “Vital recall”, by 20.0 points (10.0 to 30.0)." in text
    fill(tab)
    fold = tab.locator(".result details", has_text="Nuggets").first
    assert "1 of 4" in str(fold.locator("summary").text_content())
    fold.locator("summary").click()
    assert [" ".join(each.split()) for each in fold.locator(".nuggets li").all_text_contents()] == [
        "in the answer Fact 0 <b>. vital",
        "in the context only Fact 1 <b>. vital",
        "in neither Fact 2 <b>.",
        "not in the answer Fact 3 <b>.",
    ]
    japanese = " ".join(opened(comparison, language="ja-JP").locator(".pair").inner_text().split())
    assert "「必須ナゲットの再現率」は" in japanese and "20.0 ポイント高いです" in japanese


def test_best_is_said_only_where_the_intervals_allow_it(opened: Open) -> None:
    comparison = sample(questions=4)
    for variant, (low, high) in zip(comparison["variants"], [(0.7, 0.8), (0.5, 0.69), (0.1, 0.2)], strict=True):
        for name, shift in (("right", 0.0), ("f1", 0.02 if low == 0.5 else 0.0)):
            middle = (low + high) / 2
            variant["summary"][name] = {"value": middle, "low": low, "high": high + shift, "n": 4}
    tab = opened(comparison)
    assert tab.get_by_role("row", name="Right", exact=False).first.locator("td.best").count() == 1
    assert tab.get_by_role("row", name="F1").locator("td.best").count() == 0
    assert "is clearly ahead" in tab.locator(".lead").inner_text()


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_shown_and_not_run(opened: Open, text: str) -> None:
    tab = opened(hostile_comparison(text))
    fill(tab)
    for fold in tab.locator("details").all():
        fold.evaluate("fold => { fold.open = true; }")
    tab.wait_for_timeout(100)
    assert tab.locator(".question h3").first.text_content() == text
    assert tab.locator("#report script, #report img, #report iframe").count() == 0
    assert tab.locator(".reasoning").first.text_content() == text


def nothing(value: Any) -> Any:
    """Return the same shape with None for every text and number."""
    if isinstance(value, dict):
        return {key: nothing(item) for key, item in value.items()}
    return [nothing(item) for item in value] if isinstance(value, list) else None


SPARSE: dict[str, dict[str, Any]] = {
    "empty": {},
    "no questions": sample(questions=0, variants=0),
    "None for all": nothing(sample(questions=3)),
    "None for all but names": nothing(sample(questions=3)) | {"metrics": sample()["metrics"]},
    "one variant": sample(questions=10, variants=1),
    "four variants": sample(questions=10, variants=4),
    "bare": {"variants": [{"name": "a"}], "questions": [{"question": "Why?", "results": [{"variant": "a"}]}]},
    "one question": {
        "variants": [{"name": "a", "times_ms": [1200.0], "timings_ms": {"write": {"median": 1200.0}}}],
        "questions": [{"question": "Why?", "results": [{"variant": "a", "answer": "So.", "citations": [{}]}]}],
    },
    "wrong kinds": {"title": 7, "metrics": None, "variants": {"a": 1}, "questions": "none", "machine": []},
}


@pytest.mark.parametrize("name", SPARSE)
def test_what_is_missing_is_left_out(opened: Open, name: str) -> None:
    tab = opened(SPARSE[name])
    fill(tab)
    text = tab.locator("#report").inner_text()
    assert tab.get_by_role("heading", level=1).count() == 1
    assert not re.search(r"\b(?:undefined|NaN|null|None|Infinity)\b|\[object", text)
    assert len(tab.locator(".question").all()) == len(
        tab.evaluate("data => Array.isArray(data) ? data : []", SPARSE[name].get("questions"))
    )


def test_a_thousand_questions_are_drawn_as_they_come_near(opened: Open) -> None:
    drawn = "new Set([...document.querySelectorAll('.result')].map((result) => result.closest('.question'))).size"
    comparison = sample(questions=1000, variants=4)
    tab = opened(comparison, before="window.requestIdleCallback = () => 0;")
    tab.locator("#question-0").scroll_into_view_if_needed()
    tab.locator("#question-0 .answer").first.wait_for()
    assert tab.evaluate(drawn) < 20
    tab.get_by_role("searchbox").fill("footbridge")
    assert 0 < len(shown(tab)) < 1000
    tab.get_by_role("searchbox").fill("")
    tab.locator("#question-999").scroll_into_view_if_needed()
    tab.locator("#question-999 .answer").first.wait_for()
    assert tab.evaluate(drawn) < 60


def test_what_is_far_away_is_drawn_when_there_is_time(opened: Open) -> None:
    tab = opened(sample(questions=60))  # so that the browser's own search finds it
    tab.locator("#question-59 .answer").first.wait_for(state="attached")


def test_print_has_no_controls(opened: Open) -> None:
    tab = opened(sample(questions=6), scheme="dark")
    tab.emulate_media(media="print")
    assert not tab.locator(".toolbar").is_visible()
    assert not tab.locator(".switches").is_visible()
    assert tab.pdf(prefer_css_page_size=True).startswith(b"%PDF")


LOOKS = [
    (language, scheme, width)
    for language in ("en-GB", "ja-JP")
    for scheme in ("light", "dark")
    for width in (390, 1280)
]


@pytest.mark.parametrize(("language", "scheme", "width"), LOOKS)
def test_it_looks_right(opened: Open, tmp_path: Path, language: str, scheme: str, width: int) -> None:
    tab = opened(sample(questions=12), language=language, scheme=scheme, width=width)
    fill(tab)
    tab.locator(".source-list").first.evaluate("fold => { fold.open = true; }")
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    # A window as high as the page, so that all of it is drawn.
    tab.set_viewport_size({"width": width, "height": tab.evaluate("document.documentElement.scrollHeight")})
    tab.set_viewport_size({"width": width, "height": tab.evaluate("document.documentElement.scrollHeight")})
    tab.wait_for_timeout(300)
    folder = Path(os.environ.get("TEST_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    picture = tab.screenshot(path=folder / f"report-{language[:2]}-{scheme}-{width}.png")
    assert len(picture) > 100_000


@pytest.mark.parametrize(("language", "scheme", "width"), [LOOKS[n] for n in (1, 2, 4, 7)])  # each value twice
def test_it_is_accessible(opened: Open, language: str, scheme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe: pip install --group dev")
    comparison = sample(questions=9)
    comparison["questions"] = comparison["questions"][2:7]  # a refusal, an error, both languages
    tab = opened(comparison, language=language, scheme=scheme, width=width)
    fill(tab)
    tab.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    tab.set_viewport_size({"width": width, "height": tab.evaluate("document.documentElement.scrollHeight")})
    tab.wait_for_timeout(200)
    found = axe.Axe().run(tab).response["violations"]
    assert not [(rule["id"], [node["html"][:200] for node in rule["nodes"][:3]]) for rule in found]
