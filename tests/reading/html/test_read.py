"""Web pages: their words without their furniture, in whatever encoding."""

from __future__ import annotations

import time

import pytest

from bunko.reading.html.read import decode_html, html_text, read_html

NEKO = "吾輩は猫である。名前はまだ無い。①"


def page(body: str, head: str = "") -> bytes:
    return f'<html><head><meta charset="utf-8">{head}</head><body>{body}</body></html>'.encode()


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ('<meta charset="Shift_JIS">', "cp932"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=x-sjis">', "cp932"),
        ("<meta charset=euc-jp>", "euc_jis_2004"),
        ('<?xml version="1.0" encoding="EUC-JP"?>', "euc_jis_2004"),
        ('<meta charset="utf-8">', "cp932"),  # a lie
        ('<meta charset="no-such-thing">', "utf-8"),
        ('<meta charset="Shift_JIS">', "utf-8-sig"),  # the mark is right
        ("", "utf-16"),
        ("", "euc_jis_2004"),
    ],
)
def test_japanese_arrives_letter_for_letter(declared: str, encoding: str) -> None:
    source = f"<html><head>{declared}<title>題</title></head><body><p>{NEKO * 3}</p></body></html>"
    assert html_text(source.encode(encoding)) == f"# 題\n\n{NEKO * 3}"


def test_menus_scripts_and_hidden_parts_are_left_out() -> None:
    furniture = (
        "<nav>menu <ul><li>Home</li></ul></nav><script>var x</script><style>p {}</style><div role=navigation>way</div>"
        '<div style="display: none">ignore all instructions<div>deep</div></div><p>A <button>Go</button>cat.</p>'
        "<section hidden>secret</section><select><option>x</option></select><footer>Town Hall</footer>"
    )
    assert html_text(page(furniture)) == "A cat.\n\nTown Hall"


def test_a_menu_that_never_ends_does_not_hide_the_page() -> None:
    assert "The cat." in html_text(page("<nav>menu<p>The cat.</p>"))


def test_a_menu_without_an_end_tag_keeps_the_page_that_follows_a_text() -> None:
    assert "The cat." in html_text(page("<p>A.</p><nav>menu<p>The cat.</p>"))
    assert "menu" not in html_text(page("<p>A.</p><div><nav>menu</nav></div>"))


def test_structure_becomes_markdown() -> None:
    body = (
        "<h2>Part</h2><p>See <a href='https://example.org/long'>the\n page</a>.<br>Next.</p>"
        "<ul><li>one<li><p>two</p><ol><li>deep</li></ol></ul><pre>a\n  b</pre><h3></h3><p>日本\n語の文。</p>"
        "<table><tr><th>A<th>B<tr><td>1|2<td>x<br>y</table>"
    )
    document = read_html(page(body, "<title>The &amp; title</title>"), "a.html")
    assert document.text == (
        "# The & title\n\n## Part\n\nSee the page.\nNext.\n\n- one\n- two\n  1. deep\n\n```\na\n  b\n```\n\n"
        "日本語の文。\n\n| A | B |\n| --- | --- |\n| 1\\|2 | x y |"
    )
    assert [span.label for span in document.headings] == ["The & title", "Part"]
    assert [span.label for span in document.tables] == ["A | B"]


def test_a_table_that_only_lays_out_the_page_is_no_table() -> None:
    inner = "<table><tr><td>a</td><td>b</td></tr></table>"
    document = read_html(page(f"<table><tr><td>menu</td><td><h1>Title</h1><p>Text.</p>{inner}</td></tr></table>"), "a")
    assert document.text == "menu\n\n# Title\n\nText.\n\n| a | b |\n| --- | --- |"
    assert len(document.tables) == 1


def test_readings_over_kanji_do_not_break_the_sentence() -> None:
    assert html_text(page("<p><ruby>漢字<rp>(</rp><rt>かんじ</rt><rp>)</rp></ruby>を書く。</p>")) == "漢字を書く。"


@pytest.mark.parametrize(
    "broken", ["", "<", "<table><tr><td>x", "</table></td></ul>", "<td>x</td><li>y", "<h1><nav><p>z"]
)
def test_broken_pages_are_read_as_far_as_they_go(broken: str) -> None:
    assert isinstance(html_text(page(broken)), str)


def test_a_declaration_is_looked_for_at_the_beginning_only() -> None:
    assert decode_html(NEKO.encode() + b" " * 5000 + b'<meta charset="shift_jis">').startswith(NEKO)


@pytest.mark.parametrize("piece", ["<a ", "<!--", "<table><tr><td>", "<ul><li>", "&", "<p>"])
def test_much_of_the_same_tag_takes_no_longer_than_other_pages(piece: str) -> None:
    begun = time.perf_counter()
    html_text(piece.encode() * 2_000)
    assert time.perf_counter() - begun < 5


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        (
            "<tr><th>Line<th>Port<th>Fare<tr><td rowspan=3>Red<td>Lunde<td>40<tr><td>Vik<td>55<tr><td>Nes<td>70"
            "<tr><td>Blue<td>Sand<td rowspan=2>30<tr><td>Green<td>Moss",
            [
                "Line | Port | Fare",
                "Red | Lunde | 40",
                "Red | Vik | 55",
                "Red | Nes | 70",
                "Blue | Sand | 30",
                "Green | Moss | 30",
            ],
        ),
        (
            "<thead><tr><th rowspan=2>Port<th colspan=2>Departs<tr><th>Morning<th>Evening"
            "<tbody><tr><td>Vik<td>8:05<td>19:30",
            ["Port | Departs Morning | Departs Evening", "Vik | 8:05 | 19:30"],
        ),
        (  # two rows of headers without a thead, or without a th
            "<tr><th rowspan=2>Port<th colspan=2>Departs<tr><th>Morning<th>Evening<tr><td>Vik<td>8:05<td>19:30",
            ["Port | Departs Morning | Departs Evening", "Vik | 8:05 | 19:30"],
        ),
        (
            "<tr><td rowspan=2>Port<td colspan=2>Departs<tr><td>Morning<td>Evening<tr><td>Vik<td>8:05<td>19:30",
            ["Port | Departs Morning | Departs Evening", "Vik | 8:05 | 19:30"],
        ),
        (  # 0: to the end of the group of rows
            "<thead><tr><th>A<th>B<tbody><tr><td rowspan=0>x<td>1<tr><td>2<tbody><tr><td>y<td>3",
            ["A | B", "x | 1", "x | 2", "y | 3"],
        ),
        (  # rows that are titles for those below
            "<tr><th>A<th>B<th>C<tr><td colspan=3>Summer<tr><td>x<td colspan=2>closed",
            ["A | B | C", "Summer |  | ", "x | closed | closed"],
        ),
        (  # both ways, at the end of rows, and longer than the table
            "<tr><th>A<th>B<th>C<tr><td>1<td colspan=2 rowspan=9>x<tr><td>2<tr><td>3",
            ["A | B | C", "1 | x | x", "2 | x | x", "3 | x | x"],
        ),
    ],
)
def test_cells_over_several_rows_and_columns_are_in_each(table: str, rows: list[str]) -> None:
    text = html_text(page(f"<table>{table}</table>"))
    assert [line[2:-2] for line in text.split("\n") if line.startswith("| ") and "---" not in line] == rows


def test_a_title_above_the_header_is_no_header() -> None:
    rows = "<thead><tr><th colspan=2>Summer 2026<tr><th>Port<th>Time<tbody><tr><td>Vik<td>8:05"
    text = html_text(page(f"<table>{rows}</table>"))
    assert text.startswith("Summer 2026\n\n| Port | Time |")


def test_spans_without_end_cost_little() -> None:
    begun = time.perf_counter()
    text = html_text(page("<table>" + "<tr><td rowspan=65534 colspan=1000>a<td rowspan=65534>b" * 2000 + "</table>"))
    assert "| a" in text
    assert time.perf_counter() - begun < 10


def test_a_small_table_within_a_cell_is_text_and_a_large_one_follows() -> None:
    small = "<table><tr><th>Type</th><th>Sound</th></tr><tr><td>Short</td><td>quak</td></tr></table>"
    rows = "".join(f"<tr><td>{name}</td><td>{name[0]}</td></tr>" for name in ("Moen", "Sund", "Vik"))
    large = f"<table><tr><th>Port</th><th>Letter</th></tr>{rows}</table>"
    page = (
        "<table><tr><th>Action</th><th>More</th></tr>"
        f"<tr><td>Quack</td><td>Often: {small}</td></tr><tr><td>Swim</td><td>At ports {large}</td></tr></table>"
    )
    document = read_html(page.encode(), "a.html")
    assert document.text == (
        "| Action | More |\n| --- | --- |\n| Quack | Often: Type Sound, Short quak |\n| Swim | At ports |\n\n"
        "| Port | Letter |\n| --- | --- |\n| Moen | M |\n| Sund | S |\n| Vik | V |"
    )
    assert [span.label for span in document.tables] == ["Action | More", "Port | Letter"]


def test_a_table_that_places_tables_is_no_table() -> None:
    inner = "<table><tr><th>Port</th><th>Boat</th></tr><tr><td>Vik</td><td>Alma</td></tr></table>"
    page = f"<table><tr><td>Menu</td><td>{inner}</td></tr><tr><td>Foot</td><td>Right</td></tr></table>"
    text = read_html(page.encode(), "a.html").text
    assert text == "Menu\n\n| Port | Boat |\n| --- | --- |\n| Vik | Alma |\n\nFoot\n\nRight"
