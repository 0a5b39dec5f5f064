"""The user's instructions, prompts and lengths reach a real server as they were written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bunko.answering.answer_length import most_tokens
from bunko.answering.prompt_files import user_folder
from bunko.cli.main import main
from bunko.errors import SettingsError
from bunko.library import Library
from bunko.ports import GeneratorSpec
from bunko.settings import Settings, apply_overrides
from bunko.testing import FakeEmbedder, FakeGenerator
from bunko.types import Answer
from tests.conftest import Cli
from tests.engine.loopback import Handler, Loopback, Request, serve
from tests.support import make_library, write_files

TAGS = "Begin each sentence with <FACT> ### REASONING: 「厳守」 {why} <think_hard>"
QUESTION = "Who built the mill?"
MILL = {"mill.md": "# The mill\n\nAda Lind built the mill in 1911. It has three wheels.\n"}


def answer_all(handler: Handler, request: Request) -> None:
    if request.method == "GET":
        handler.reply({"object": "list", "data": [{"id": "plain", "object": "model"}]})
        return
    if not request.path.endswith("/chat/completions"):
        handler.reply({"error": {"message": "no such route"}}, status=404)
        return
    handler.begin_events()
    chunk = {"index": 0, "delta": {"content": "<FACT> Ada Lind built the mill in 1911 [1]."}, "finish_reason": None}
    handler.event({"choices": [chunk]})
    handler.event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    handler.event("[DONE]")
    handler.chunk(b"")


@pytest.fixture
def server() -> Iterator[Loopback]:
    with serve(answer_all) as running:
        yield running


def ask(server: Loopback, root: Path, **values: object) -> tuple[Answer, Request]:
    """Return the answer of a model on the server, and the request that it got last."""
    settings = apply_overrides(
        Settings(),
        {"model": f"{server.url}/v1#plain", **{name.replace("__", "."): value for name, value in values.items()}},
    )
    with Library(root, settings=settings, embedder=FakeEmbedder()) as library:
        library.sync()
        answer = library.ask(QUESTION)
    return answer, server.asked("/v1/chat/completions")[-1]


def test_instructions_arrive_letter_for_letter_beside_ours(server: Loopback, tmp_path: Path) -> None:
    answer, request = ask(server, write_files(tmp_path / "docs", MILL), answers__instructions=TAGS)
    system, user = request.body["messages"]
    assert TAGS in system["content"] and "Use only what the sources say" in system["content"]
    assert "[1] mill.md, The mill\n" in user["content"] and f"Question: {QUESTION}" in user["content"]
    assert "stop" not in request.body or "\nQuestion:" not in (request.body["stop"] or [])
    assert "<FACT>" in answer.text and answer.citations[0].verified
    assert not any("did not reach" in note for note in answer.notes)


def test_a_prompt_file_is_the_whole_prompt(server: Loopback, tmp_path: Path) -> None:
    prompt = tmp_path / "own.txt"
    prompt.write_text('[user]\n<DOCS>\n{sources}\n</DOCS>\n### REASONING:\n{question} {"json": 1}\n', encoding="utf-8")
    root = write_files(tmp_path / "docs", MILL)
    answer, request = ask(server, root, answers__prompt_file=str(prompt), answers__instructions="Be brief.")
    content = request.body["messages"][0]["content"]
    assert content.startswith("<DOCS>\n[1] mill.md, The mill\n")
    assert content.endswith(f'</DOCS>\n### REASONING:\n{QUESTION} {{"json": 1}}')
    assert any("{instructions}" in note and "did not reach" in note for note in answer.notes)


def test_a_library_s_template_of_the_user_s_is_used(server: Loopback, tmp_path: Path) -> None:
    root = write_files(tmp_path / "docs", MILL)
    path = user_folder(root) / "en" / "answer.txt"
    path.parent.mkdir(parents=True)
    path.write_text("[user]\nMINE {sources} {question}", encoding="utf-8")
    _, request = ask(server, root)
    assert request.body["messages"][0]["content"].startswith("MINE [1]")


def test_a_faulty_prompt_is_reported_before_anything_is_asked(server: Loopback, tmp_path: Path) -> None:
    prompt = tmp_path / "own.txt"
    prompt.write_text("[user]\n{sources} {qestion}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="qestion") as caught:
        ask(server, write_files(tmp_path / "docs", MILL), answers__prompt_file=str(prompt))
    assert "{question}" in caught.value.hint
    assert not server.asked("/v1/chat/completions")


@pytest.mark.parametrize(("length", "tokens"), [("short", 256), ("normal", 512), ("long", 1024)])
def test_the_length_sets_the_tokens_and_the_form(server: Loopback, tmp_path: Path, length: str, tokens: int) -> None:
    root = write_files(tmp_path / "docs", MILL)
    _, request = ask(server, root, answers__length=length)
    assert request.body["max_tokens"] == tokens
    _, request = ask(server, root, answers__length=length, generation__max_tokens=77)
    assert request.body["max_tokens"] == 77
    assert (
        most_tokens(apply_overrides(Settings(), {"answers.length": length}), GeneratorSpec(name="s", parameters=9))
        == 256
    )


@pytest.mark.parametrize(("parameters", "heard"), [(135_000_000, False), (500_000_000, True)])
def test_small_models_get_instructions_where_their_prompt_has_a_place(
    tmp_path: Path, parameters: int, heard: bool
) -> None:
    root = write_files(tmp_path / "docs", MILL)
    generator = FakeGenerator("Ada Lind", parameters=parameters)
    library = make_library(root, generator=generator, answers__instructions=TAGS)
    library.sync()
    answer = library.ask(QUESTION)
    assert (TAGS in str([message.content for message in generator.prompts[-1]])) == heard
    assert any("did not reach" in note and "generation.prompt=chat" in note for note in answer.notes) != heard


def test_the_flag_takes_a_text_or_a_file(tmp_path: Path, cli: Cli) -> None:
    root = write_files(tmp_path / "docs", MILL)
    file = tmp_path / "wishes.txt"
    file.write_text(f"\ufeff{TAGS}\nAnd short.\n", encoding="utf-8")
    for given, expected in ((TAGS, TAGS), (str(file), f"{TAGS}\nAnd short.")):
        generator = FakeGenerator()
        assert cli("ask", str(root), QUESTION, "--instructions", given, "--no-cache", generator=generator).code == 0
        assert expected in generator.prompts[-1][0].content
    outcome = cli("ask", str(root), QUESTION, "--instructions", str(tmp_path / "wishs.txt"))
    assert outcome.code == 2 and "there is no file" in outcome.err


def test_the_commands_list_show_edit_and_check_prompts(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_files(tmp_path / "docs", MILL)
    listed = cli("prompts", "list", "--json")
    assert {row["name"] for row in listed.json["prompts"]} >= {"answer", "phrase", "continue", "rewrite", "translate"}
    assert "{sources}" in cli("prompts", "show", "answer", "--language", "ja").out
    cli("prompts", "show", "answr").assert_clear(2, "answer")
    assert cli("prompts", "check").code == 0
    made = Path(cli("prompts", "edit", "answer", str(root), "--json").json["path"])
    assert made.is_file() and root not in made.parents
    origins = {row["origin"] for row in cli("prompts", "list", str(root), "--json").json["prompts"]}
    assert str(made) in origins
    made.write_text("[user]\n{sorces} {question}", encoding="utf-8")
    faulty = cli("prompts", "check")
    assert faulty.code == 2 and "{sources}" in faulty.out
    cli("prompts", "edit", "answer", str(root), "--remove")
    assert not made.exists()


def test_the_rendered_prompt_is_what_the_server_gets(
    server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_files(tmp_path / "docs", MILL)
    monkeypatch.setattr(Library, "embedder", FakeEmbedder())
    monkeypatch.setattr(Library, "_begin_embedder", lambda library: None)
    flags = ["--mode", "lexical", "--model", f"{server.url}/v1#plain", "--instructions", TAGS]
    assert main(["prompts", "show", "--rendered", QUESTION, str(root), "--json", *flags]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert not server.asked("/v1/chat/completions"), "nothing is generated"
    _, request = ask(server, root, answers__instructions=TAGS, retrieval__mode="lexical")
    assert shown["messages"] == request.body["messages"]
    assert json.dumps(shown["messages"], ensure_ascii=False).count("厳守") == 1
