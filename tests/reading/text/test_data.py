"""JSON and XML are written out for reading; YAML and TOML stay as they are."""

from __future__ import annotations

import itertools
import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.reading.text.data import read_xml, render
from tests.reading.files import labels, read_one

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


def test_json_is_written_out_with_its_topmost_keys_as_headings(tmp_path: Path) -> None:
    value = {"title": "報告書", "author": {"name": "Ada", "age": 36}, "parts": [{"a": 1}, {"a": 2}], "empty": {}}
    document = read_one(tmp_path, "a.json", json.dumps(value))
    assert document.text == "title: 報告書\nauthor:\n  name: Ada\n  age: 36\n\nparts:\n  a: 1\n\n  a: 2"
    assert labels(document) == [(1, "author"), (1, "parts")]
    assert [document.text[span.start :].partition(":")[0] for span in document.headings] == ["author", "parts"]


def test_what_is_no_strict_json_is_read_as_it_is(tmp_path: Path) -> None:
    text = '// settings\n{"a": 1,}'
    assert read_one(tmp_path, "a.json", text).text == text


@given(_JSON)
def test_every_text_of_json_is_found_in_what_is_written_out(value: object) -> None:
    rendered = render(value)

    def check(inner: object) -> None:
        if isinstance(inner, dict):
            for key, item in inner.items():
                check(item)
                assert item in (None, "", [], {}) or isinstance(item, list | str) or " ".join(key.split()) in rendered
        elif isinstance(inner, list):
            for item in inner:
                check(item)
        elif inner is not None and not isinstance(inner, bool):
            assert str(inner).strip() in rendered

    check(value)


def test_yaml_and_toml_stay_as_they_are_and_tell_their_sections(tmp_path: Path) -> None:
    yaml = "name: Ada\nparents: # two\n  - a\n会社:\n  x: 1\n"
    document = read_one(tmp_path, "a.yml", yaml)
    assert (document.text, labels(document)) == (yaml, [(1, "parents"), (1, "会社")])
    toml = 'a = 1\n[server.main]\nport = 80\n[[rows]]\nx = ["[no]"]\n'
    document = read_one(tmp_path, "a.toml", toml)
    assert (document.text, labels(document)) == (toml, [(1, "server.main"), (1, "rows")])


def test_xml_of_data_is_read_as_names_and_values(tmp_path: Path) -> None:
    xml = """<?xml version="1.0"?><book><country code="FR"><name>France</name><capital>Paris</capital></country>
    <country><name>Trinidad &amp; Tobago</name></country></book>"""
    text = read_one(tmp_path, "a.xml", xml).text
    assert text == "country | code: FR\nname: France\ncapital: Paris\n\nname: Trinidad & Tobago"


def test_xml_of_prose_is_read_in_paragraphs_with_titles(tmp_path: Path) -> None:
    xml = "<book><title>Cats</title><chapter><title>Of <b>Sleep</b></title><para>A cat <em>sleeps</em>\nlong.</para>"
    document = read_one(tmp_path, "a.xml", xml + "<para>It <!-- no -->wakes.</para></chapter></book>")
    assert document.text == "Cats\nOf Sleep\nA cat sleeps long.\n\nIt wakes."
    assert labels(document) == [(1, "Cats"), (2, "Of Sleep")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "euc-jp", "shift_jis", "iso-2022-jp"])
def test_xml_is_read_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    xml = f'<?xml version="1.0" encoding="{encoding}"?><note><body>吾輩は猫である。</body></note>'
    assert read_one(tmp_path, "a.xml", xml.encode(encoding)).text == "body: 吾輩は猫である。"


def test_a_feed_is_read_without_the_markup_in_its_items(tmp_path: Path) -> None:
    feed = (
        "<rss><item><title>News</title><description>&lt;p&gt;Rain &amp;amp; wind.&lt;/p&gt;</description></item></rss>"
    )
    assert read_one(tmp_path, "a.rss", feed).text == "News\ndescription: Rain & wind."


def test_entities_make_no_file_endless_and_reach_no_other_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    for declared in (
        '<!ENTITY a "aaaaaaaaaa">'
        + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in itertools.pairwise("abcdefghi")),
        f'<!ENTITY i SYSTEM "{secret.as_uri()}">',
    ):
        xml = f"<!DOCTYPE x [{declared}]><x>&i;</x>"
        begin = time.process_time()
        document = read_xml(xml.encode(), "a.xml")
        assert time.process_time() - begin < 1
        assert document.text == xml


@given(st.one_of(st.binary(max_size=200), st.text(alphabet="<>ab/ &;'\"=!?[]-", max_size=100).map(str.encode)))
def test_no_bytes_stop_the_reader_of_xml(data: bytes) -> None:
    document = read_xml(data, "a.xml")
    assert all(document.text[span.start :].startswith(span.label) for span in document.headings)
