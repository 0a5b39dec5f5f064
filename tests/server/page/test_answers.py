"""Questions and answers on the page, in a real Chromium against a real server with fake engines."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bunko.testing import FakeReader
from tests.browsing import browser
from tests.reading.pdfs import lines, pdf
from tests.server.page.support import (
    BELL,
    FILES,
    MILL,
    Open,
    Tab,
    Thinker,
    ask,
    folder,
    library,
    marked,
    opened,
    sent_in,
    served,
    wait_for,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["browser", "library", "opened"]  # fixtures

WITHOUT_SOURCE = "The moon is made of green cheese from Gouda."
HOSTILE = '<img src=x onerror="alert(1)"><script>alert(1)</script>{{ base }}[x](javascript:alert(1))'


def test_a_question_is_answered_and_its_source_opens_at_the_words(opened: Open) -> None:
    page = opened()
    assert page.evaluate("document.activeElement.id") == "question"
    ask(page, "Who built the water mill of Ashford?")
    assert MILL[:20] in page.locator(".answer").inner_text()
    assert page.locator(".quotes .card").count() >= 1
    page.locator("button.cite").first.click()
    page.locator("#source mark.cited").first.wait_for()
    assert marked(page) == "The water mill of Ashford was built in 1803 by Thomas Croft."
    assert page.locator("#source h2").inner_text() == "mill.txt"
    assert page.locator(".reasoning").get_attribute("open") is None
    page.locator(".reasoning summary").click()
    assert page.locator(".thoughts").inner_text() == "Let me look. <b>Where</b> does it stand?"
    page.locator(".times summary").click()
    stages = page.locator(".waterfall tbody th").all_text_contents()
    assert "search" in stages
    assert stages.index("search") < stages.index("check citations")
    assert (
        "ms" in page.locator(".waterfall tfoot").inner_text() or " s" in page.locator(".waterfall tfoot").inner_text()
    )


def test_the_words_that_answer_are_marked_in_their_quote(browser: Browser, tmp_path: Path) -> None:
    with served(folder(tmp_path / "a"), reader=FakeReader("1397年"), answers__strictness=0.0) as url:
        tab = Tab(browser, url)
        page = tab.open()
        ask(page, "金閣寺はいつ建てられましたか。")
        marks = page.locator(".quotes mark.answers")
        assert marks.all_inner_texts() == ["1397年"]
        assert "金閣寺は1397年に建てられました。" in marks.locator("xpath=..").inner_text()
        page.locator(".times summary").click()
        assert "mark the answer" in page.locator(".waterfall tbody th").all_text_contents()
        tab.close()


def test_japanese_and_characters_beyond_the_first_plane(opened: Open) -> None:
    page = opened(locale="ja-JP")
    assert page.locator("html").get_attribute("lang") == "ja"
    ask(page, "池は何と呼ばれましたか。鏡湖池")
    cards = page.locator(".card blockquote")
    wanted = next(n for n, words in enumerate(cards.all_text_contents()) if "鏡湖池" in words)
    page.locator(".card .place").nth(wanted).click()
    page.locator("#source mark.cited").first.wait_for()
    assert marked(page) == cards.nth(wanted).inner_text()
    assert marked(page) == "𠮷田さん👨‍👩‍👧は池を🌊鏡湖池と呼びました。"
    assert page.locator(".document").last.get_attribute("lang") == "ja"


def test_a_long_document_comes_in_windows_around_the_words(opened: Open) -> None:
    page = opened()
    ask(page, "Where was the bell of Saint Aldhelm cast?")
    index = next(n for n, words in enumerate(page.locator(".card blockquote").all_text_contents()) if "Leuven" in words)
    page.locator(".card .place").nth(index).click()
    page.locator("#source mark.cited").first.wait_for()
    assert marked(page) == BELL
    shown = "document.querySelector('#source .document').textContent.length"
    assert page.evaluate(shown) < 12_000
    box, body = page.locator("mark.cited").first.bounding_box(), page.locator(".source-body").bounding_box()
    assert box and body and body["y"] <= box["y"] < body["y"] + body["height"]
    page.locator(".source-body").evaluate("body => { body.scrollTop = 0; }")
    page.wait_for_timeout(300)
    until = time.monotonic() + 60
    more = "document.querySelectorAll('.source-body > .more:not([hidden])')"
    while page.evaluate(f"() => {{ {more}.forEach((button) => button.click()); return {more}.length; }}"):
        assert time.monotonic() < until
        page.wait_for_timeout(50)
    text = page.evaluate("document.querySelector('#source .document').textContent")
    assert text.strip() == str(FILES["chronicle.txt"]).strip()
    assert marked(page) == BELL


def test_a_window_that_comes_before_leaves_the_words_where_they_are(opened: Open) -> None:
    page = opened()
    ask(page, "Where was the bell of Saint Aldhelm cast?")
    index = next(n for n, words in enumerate(page.locator(".card blockquote").all_text_contents()) if "Leuven" in words)
    page.locator(".card .place").nth(index).click()
    page.locator("#source mark.cited").first.wait_for()
    place = "() => document.querySelector('mark.cited').getBoundingClientRect().top"
    length = page.evaluate("document.querySelector('#source .document').textContent.length")
    # In one turn, before the window can come.
    before = page.evaluate(f"() => {{ document.querySelector('.source-body').scrollTop = 700; return ({place})(); }}")
    until = time.monotonic() + 30
    while page.evaluate("document.querySelector('#source .document').textContent.length") == length:
        assert time.monotonic() < until
        page.wait_for_timeout(20)
    assert abs(page.evaluate(place) - before) < 3


def test_a_pdf_is_seen_as_its_page(opened: Open) -> None:
    page = opened()
    ask(page, "Who is the keeper of the lighthouse? Emi")
    index = next(
        n for n, words in enumerate(page.locator(".card blockquote").all_text_contents()) if "keeper is Emi" in words
    )
    page.locator(".card .place").nth(index).click()
    page.locator("#source mark.cited").first.wait_for()
    page.get_by_role("button", name="Page", exact=True).click()
    picture = page.locator(".page-picture")
    picture.wait_for()
    assert picture.get_attribute("alt") == "Page 2 of report.pdf, with the quote highlighted"
    assert picture.evaluate("image => image.naturalWidth") == 1500
    page.get_by_role("button", name="Previous page").click()
    page.locator('.page-picture[alt^="Page 1 of"]').wait_for()
    assert page.locator(".page-tools .count").inner_text() == "page 1 of 2"
    page.get_by_role("button", name="Text", exact=True).click()
    page.locator("#source mark.cited").first.wait_for()


def test_lines_of_a_pdf_flow_and_marks_stay_exact(browser: Browser, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "a.pdf": pdf(
            lines(
                "The windmill of Emden was built in spring of 1811 by the",
                "miller Weber, who had sold two ships to pay for the oak.",
                "Rye    12    44    96    1811    1812    1813    1814    1815",
                "Oats   10    40    90",
            )
        )
    }
    with served(folder(tmp_path / "a", files), answers__strictness=0.0) as url:
        tab = Tab(browser, url)
        page = tab.open()
        ask(page, "Who built the windmill of Emden?")
        page.locator("button.place").first.click()
        page.locator("#source mark.cited").first.wait_for()
        assert marked(page).startswith("The windmill of Emden was built in spring of 1811 by the\nmiller Weber, who")
        assert page.locator(".wrap").count() == 1
        assert page.locator("mark[data-before]").count() == 1
        assert page.locator("mark[data-after]").count() == 1
        tab.close()


def test_a_sentence_without_a_source_is_marked_in_words(browser: Browser, tmp_path: Path) -> None:
    def make() -> Thinker:
        return Thinker(reply=f"{MILL[:60]} {WITHOUT_SOURCE}")

    with served(folder(tmp_path / "a"), generator=make, generation__style="free", answers__strictness=0.0) as url:
        tab = Tab(browser, url)
        page = tab.open()
        ask(page, "Who built the water mill of Ashford?")
        assert WITHOUT_SOURCE in page.locator(".unsupported").all_text_contents()
        assert page.locator(".no-source").last.inner_text() == "no source"
        page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
        page.get_by_role("button", name="Copy").click()
        assert WITHOUT_SOURCE in page.evaluate("window.copied")
        tab.close()


def test_a_refusal_shows_what_is_nearest(browser: Browser, tmp_path: Path) -> None:
    with served(folder(tmp_path / "a"), answers__strictness=1.0) as url:
        tab = Tab(browser, url)
        page = tab.open()
        ask(page, "What does the president of Mars eat?")
        page.locator(".nearest .card").first.wait_for()
        assert page.locator(".cite").count() == 0
        assert "strictness" in page.locator(".notes").inner_text()
        page.locator(".nearest .place").first.click()
        page.locator("#source mark.cited").first.wait_for()
        tab.close()


@pytest.mark.parametrize("way", ["Escape", "button"])
def test_an_answer_is_stopped(way: str, browser: Browser, tmp_path: Path) -> None:
    def make() -> Thinker:
        return Thinker(step_s=0.2, reply=" ".join(f"word{n}" for n in range(300)))

    with served(folder(tmp_path / "a"), generator=make, generation__style="free", answers__strictness=0.0) as url:
        tab = Tab(browser, url)
        page = tab.open()
        page.locator("#question").fill("Who built the water mill?")
        page.locator("#question").press("Enter")
        page.locator(".lane[data-state=writing]").wait_for()
        assert page.locator(".quotes .card").count()  # the evidence is there before the answer
        page.keyboard.press("Escape") if way == "Escape" else page.get_by_role("button", name="Stop").click()
        wait_for(page, ("stopped",), 1)
        assert "word" in page.locator(".answer").inner_text()
        page.get_by_role("button", name="Try again").click()
        page.locator(".lane[data-state=writing]").wait_for()
        page.keyboard.press("Escape")
        wait_for(page, ("stopped",), 1)
        tab.close()


def test_with_and_without_documents_side_by_side(opened: Open) -> None:
    page = opened()
    page.get_by_label("Compare with").select_option(label="Without documents")
    ask(page, "Who built the water mill of Ashford?")
    assert page.locator(".lane-name").all_text_contents() == ["With documents", "Without documents"]
    lanes = page.locator(".lane")
    assert lanes.nth(0).locator(".card").count()
    assert lanes.nth(1).locator(".card").count() == 0
    boxes = [lanes.nth(n).bounding_box() for n in range(2)]
    assert boxes[0] and boxes[1] and boxes[0]["x"] < boxes[1]["x"] and abs(boxes[0]["y"] - boxes[1]["y"]) < 2
    ask(page, "And when?")  # a follow-up is compared, too
    assert page.locator(".turn").count() == 2


def test_models_are_compared_and_libraries_chosen(browser: Browser, tmp_path: Path) -> None:
    roots = [folder(tmp_path / "one"), folder(tmp_path / "two", {"sea.txt": "The sea is salt. Fish live in it."})]
    models = ("smollm2-135m", "qwen2.5-0.5b")
    with served(*roots, server__models=models, answers__strictness=0.0) as url:
        tab = Tab(browser, url)
        page = tab.open()
        page.get_by_label("Compare with").select_option(label=models[1])
        ask(page, "Who built the water mill of Ashford?")
        assert page.locator(".lane-name").all_text_contents() == list(models)
        page.get_by_label("Library").select_option(label="two")
        page.locator(".welcome").wait_for()
        page.get_by_label("Compare with").select_option(value="")
        ask(page, "What lives in the sea?")
        assert "sea.txt" in page.locator(".quotes").inner_text()
        page.get_by_role("button", name="Settings").click()
        page.get_by_label("Model", exact=True).select_option(label=models[1])
        page.keyboard.press("Escape")
        page.reload()
        page.locator(".welcome").wait_for()
        assert page.get_by_label("Library").input_value() == "two"
        with page.expect_request("**/ask") as request:
            ask(page, "Is the sea salt?")
        assert sent_in(request)["model"] == models[1]
        tab.close()


def test_settings_are_sent_and_remembered(opened: Open) -> None:
    page = opened()
    page.get_by_role("button", name="Settings").click()
    for name, choice in [
        ("Language of answers", "日本語"),
        ("Wording", "Quotes only"),
        ("Strictness", "Strict"),
        ("Thinking", "Off"),
        ("Length", "Short"),
        ("Translation", "Japanese for English, English for other languages"),
    ]:
        page.get_by_label(name, exact=True).select_option(label=choice)
    page.get_by_label("Instructions", exact=True).fill("Begin with <FACT>. ### REASONING: 「厳守」")
    page.keyboard.press("Escape")
    page.reload()
    page.locator(".welcome").wait_for()
    with page.expect_request("**/ask") as request:
        ask(page, "Who built the water mill?")
    sent = sent_in(request)
    assert (
        sent
        | {
            "answer_language": "ja",
            "style": "extractive",
            "strictness": 0.75,
            "think": "off",
            "length": "short",
            "instructions": "Begin with <FACT>. ### REASONING: 「厳守」",
            "translation": "auto",
        }
        == sent
    )


def test_a_follow_up_carries_what_was_said(opened: Open) -> None:
    page = opened()
    ask(page, "Who built the water mill of Ashford?")
    with page.expect_request("**/ask") as request:
        ask(page, "And when was that?")
    history = sent_in(request)["history"]
    assert history[0]["question"] == "Who built the water mill of Ashford?"
    assert "Thomas Croft" in history[0]["answer"]
    assert "Understood as" in page.locator(".standalone").inner_text()
    with page.expect_request("**/ask") as request:
        page.get_by_role("button", name="Ask without the conversation").click()
    assert "history" not in sent_in(request)
    wait_for(page, ("done",), 2)
    page.get_by_role("button", name="New conversation").click()
    page.locator(".welcome").wait_for()
    with page.expect_request("**/ask") as request:
        ask(page, "Who built the mill?")
    assert "history" not in sent_in(request)


def test_hostile_words_are_shown_and_not_run(browser: Browser, tmp_path: Path) -> None:
    name = "a <img src=x onerror=alert(1)>.txt"
    files: dict[str, str | bytes] = {name: f"The mill was built by {HOSTILE} in 1803.", "b.txt": "The mill is old."}

    def make() -> Thinker:
        return Thinker(reply=f"It was {HOSTILE}.")

    with served(
        folder(tmp_path / "a", files), generator=make, generation__style="free", answers__strictness=0.0
    ) as url:
        tab = Tab(browser, url)
        page = tab.open()
        ask(page, f"Who built the mill? {HOSTILE}")
        assert HOSTILE in page.locator(".answer").inner_text()
        assert HOSTILE in page.locator(".question").inner_text()
        index = next(n for n, words in enumerate(page.locator(".card .path").all_text_contents()) if "onerror" in words)
        page.locator(".card .place").nth(index).click()
        page.locator("#source mark.cited").first.wait_for()
        assert HOSTILE in page.locator("#source .document").inner_text()
        page.get_by_role("link", name="Documents").click()
        page.locator("li.document").first.wait_for()
        page.get_by_role("link", name="History").click()
        page.locator(".history-list .path").wait_for()
        assert page.locator("body img, main script, iframe, a[href^=javascript]").count() == 0
        tab.close()


def test_errors_are_told_and_tried_again(opened: Open) -> None:
    page = opened(expected="status of 429")
    page.locator(".welcome").wait_for()
    page.route(
        "**/ask",
        lambda route: route.fulfill(
            status=429,
            headers={"Retry-After": "7"},
            json={"error": {"type": "Busy", "message": "Too many.", "hint": ""}},
        ),
        times=1,
    )
    ask(page, "Who built the water mill?", states=("failed",))
    assert "Try again in 7 seconds." in page.locator(".failure").inner_text()
    page.get_by_role("button", name="Try again").click()
    wait_for(page, ("done",), 1)
    begun = 'event: retrieved\ndata: {"question":"x","evidence":[],"hits":[]}\n\n'
    body = begun + 'event: text\ndata: {"text":"Half an ans"}\n\n'
    page.route("**/ask", lambda route: route.fulfill(content_type="text/event-stream", body=body), times=1)
    ask(page, "Who built the bell?", states=("failed",))
    assert "lost before the answer was complete" in page.locator(".turn:last-child .failure").inner_text()
    assert "Half an ans" in page.locator(".turn:last-child .answer").inner_text()


def test_a_lost_server_is_waited_for(opened: Open) -> None:
    page = opened(expected="ERR_INTERNET_DISCONNECTED")
    page.locator(".welcome").wait_for()
    page.context.set_offline(True)
    ask(page, "Who built the water mill?", states=("failed",))
    page.locator("#banner").wait_for()
    assert "can’t be reached" in page.locator("#banner").inner_text()
    page.context.set_offline(False)
    page.locator("#banner").wait_for(state="hidden")
    page.get_by_role("button", name="Try again").click()
    wait_for(page, ("done",), 1)


def test_the_place_in_the_queue_is_told(opened: Open) -> None:
    page = opened()
    page.locator(".welcome").wait_for()
    page.route(
        "**/ask",
        lambda route: route.fulfill(content_type="text/event-stream", body='event: queued\ndata: {"position":3}\n\n'),
        times=1,
    )
    states = page.evaluate(
        """() => new Promise((resolve) => {
          const seen = [];
          const watch = new MutationObserver(() => seen.push(document.querySelector(".status")?.textContent));
          watch.observe(document.getElementById("main"), { subtree: true, childList: true, characterData: true });
          setTimeout(() => resolve(seen), 3000);
          const field = document.getElementById("question");
          field.value = "Who?";
          field.form.requestSubmit();
        })"""
    )
    assert any("3 questions are ahead of yours" in (state or "") for state in states)
