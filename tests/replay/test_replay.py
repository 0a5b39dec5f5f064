"""Saving an answer with what it was made from, and answering again: what is noticed, and what is refused."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bunko import signing
from bunko.contract.saved_answer import SavedAnswer
from bunko.contract.schema import json_schema
from bunko.replay import Recording, read_saved, write_saved
from bunko.replay.comparing import compare
from bunko.settings import known_names
from bunko.testing import FakeEmbedder, FakeGenerator
from tests.conftest import Cli
from tests.support import CATS, KYOTO, SHIPS, Outcome, make_library, write_files

QUESTION = "Where does the cat sleep?"


FILES = {"cats.txt": CATS, "ships.md": f"# Kobe\n\n{SHIPS}", "京都.txt": KYOTO}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder that a test may change."""
    return write_files(tmp_path / "library", FILES)


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with its index, for the tests that don't change it."""
    root = write_files(tmp_path_factory.mktemp("shared") / "library", FILES)
    with make_library(root) as library:
        library.sync()
    return root


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where an answer is saved. The models that the settings name are files here, which the fakes don't open."""
    monkeypatch.setenv("BUNKO_CACHE_DIR", str(tmp_path / "cache"))
    write_files(tmp_path, {"chat.gguf": b"GGUF chat", "tune.gguf": b"GGUF tune", "embedder.gguf": b"GGUF embedder"})
    return tmp_path / "answer.json"


Ask: Any = Callable[..., Outcome]


@pytest.fixture
def save(cli: Cli, request: pytest.FixtureRequest, indexed: Path, place: Path) -> Ask:
    """Save the answer to a question."""
    own = "folder" in request.fixturenames
    root, sync = (request.getfixturevalue("folder"), ()) if own else (indexed, ("--no-sync",))

    def run(question: str = QUESTION, *more: str, **fakes: Any) -> Outcome:
        models = "--model", str(place.with_name("chat.gguf")), "--embedder", str(place.with_name("embedder.gguf"))
        outcome = cli("ask", str(root), question, *models, "--save", str(place), *sync, *more, **fakes)
        assert outcome.code == 0, outcome.err
        return outcome

    return run


AS_INDEXED = "--no-sync", "--json"  # where the folder is as it was: a sync takes most of a test's time


def changed(outcome: Outcome) -> list[str]:
    assert outcome.code == (1 if outcome.json["changed"] else 0), outcome
    return list(dict.fromkeys(change["what"] for change in outcome.json["changes"]))


# --- what is kept -----------------------------------------------------------------------------------------------


def test_a_saved_answer_keeps_all_that_it_was_made_from(save: Ask, indexed: Path, place: Path) -> None:
    generator = FakeGenerator()
    outcome = save(QUESTION, "--seed", "7", "--top-k", "2", "--json", generator=generator)
    tree = json.loads(place.read_text("utf-8"))
    assert tree["question"] == QUESTION
    assert tree["library"]["folder"] == str(indexed)
    assert tree["library"]["documents"] == 3
    assert (tree["settings"]["generation.seed"], tree["settings"]["retrieval.top_k"]) == (7, 2)
    assert tree["settings"]["model"] == str(place.with_name("chat.gguf"))
    assert all(tree["versions"][name] for name in ("bunko", "xllamacpp", "onnxruntime", "lancedb"))
    assert [file["name"] for file in tree["model"]["files"]] == ["chat.gguf"]
    assert [len(file["sha256"]) for file in tree["embedder"]["files"]] == [64]
    (prompt,) = tree["prompts"]
    assert [message["content"] for message in prompt["messages"]] == [each.content for each in generator.prompts[-1]]
    assert prompt["seed"] == 7
    assert {document["path"] for document in tree["documents"]} >= {"cats.txt"}
    assert len(tree["passages"]) == len(tree["answer"]["hits"]) == 2
    assert tree["answer"]["answer"] == outcome.json["answer"]
    assert "total" in tree["answer"]["timings_ms"]
    assert "prompts" not in outcome.json


def test_every_setting_is_kept_or_has_no_effect_on_an_answer(save: Ask, place: Path) -> None:
    save()
    kept = set(json.loads(place.read_text("utf-8"))["settings"])
    without = {name for name in known_names() if name not in kept and not name.startswith("server.")}
    assert kept <= set(known_names())
    assert without == {
        "store",
        "cache_dir",
        "offline",
        "answers.keep",
        "generation.speculation",
        "generation.draft_model",
        "generation.start_timeout_s",
        "generation.first_token_timeout_s",
        "generation.token_timeout_s",
    }


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_saved_answer_is_for_its_user_alone_even_over_an_older_one(save: Ask, place: Path) -> None:
    save()
    place.chmod(0o644)
    save()
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert [path.name for path in place.parent.glob(".answer*")] == []


def test_a_saved_answer_is_read_back_whole(folder: Path, place: Path) -> None:
    with make_library(folder) as library:
        library.sync()
        recording = Recording(library, "京都はどんな都ですか。")
        answer = recording.ask()
        saved = recording.saved()
    write_saved(saved, place)
    read = read_saved(place)
    assert read.is_own
    assert read.saved.answer == answer
    assert compare(saved, read.saved) == ()
    assert "京都" in place.read_text("utf-8")


def test_the_schema_of_a_saved_answer_describes_every_field() -> None:
    schema = json_schema(SavedAnswer, surface="cache")
    assert all(field.get("description") for field in schema["properties"].values())


# --- what is noticed --------------------------------------------------------------------------------------------


def test_nothing_has_changed(save: Ask, cli: Cli, folder: Path, place: Path) -> None:
    save()
    assert str(folder) in place.read_text("utf-8")
    outcome = cli("replay", str(place))
    assert (outcome.code, "Nothing has changed." in outcome.out) == (0, True), outcome


@pytest.mark.parametrize(
    "question",
    ["How many documents are there?", "Who is the mayor of Oslo?", "hello", "京都はどんな都ですか。", "1868"],
)
def test_any_kind_of_question_is_given_again(save: Ask, cli: Cli, place: Path, question: str) -> None:
    save(question)
    assert changed(cli("replay", str(place), *AS_INDEXED)) == []


def test_a_sampled_answer_is_given_again_with_its_seed(save: Ask, cli: Cli, place: Path) -> None:
    save(QUESTION, "--temperature", "0.8", "--seed", "3")
    outcome = cli("replay", str(place), *AS_INDEXED)
    assert changed(outcome) == []
    assert "temperature" in " ".join(outcome.json["notes"])


def test_a_kept_answer_is_not_a_replay(save: Ask, cli: Cli, place: Path) -> None:
    generator = FakeGenerator()
    save(generator=generator)
    asked = len(generator.prompts)
    save(generator=generator)
    cli("replay", str(place), generator=generator)
    assert len(generator.prompts) == 3 * asked


def test_a_changed_document_is_named_with_what_follows_from_it(save: Ask, cli: Cli, folder: Path, place: Path) -> None:
    save()
    write_files(folder, {"cats.txt": "The cat sleeps under the green table. Cats dislike cold water."})
    outcome = cli("replay", str(place), "--json")
    assert changed(outcome) == ["documents", "passages", "evidence", "prompt", "text"]
    assert outcome.json["changes"][0]["message"] == "cats.txt has changed."
    assert "roof" in outcome.json["before"]
    assert "table" in outcome.json["answer"]["answer"]
    assert "cats.txt has changed." in cli("replay", str(place)).out


def test_a_document_that_was_added_or_removed_is_noticed(save: Ask, cli: Cli, folder: Path, place: Path) -> None:
    save(QUESTION, "--top-k", "1")
    write_files(folder, {"tax.txt": "Taxes are due in March."})
    outcome = cli("replay", str(place), "--json")
    assert changed(outcome) == ["documents"]
    assert "3 documents; it now has 4" in outcome.json["changes"][0]["message"]
    (folder / "tax.txt").unlink()
    assert changed(cli("replay", str(place), "--json")) == []


def test_a_changed_model_file_is_noticed(save: Ask, cli: Cli, place: Path) -> None:
    save()
    place.with_name("chat.gguf").write_bytes(b"GGUF that")
    outcome = cli("replay", str(place), *AS_INDEXED)
    assert changed(outcome) == ["model"]
    assert outcome.json["changes"][0]["before"] != outcome.json["changes"][0]["now"]
    place.with_name("embedder.gguf").write_bytes(b"another")
    assert changed(cli("replay", str(place), *AS_INDEXED)) == ["model", "embedder"]


def test_an_adapter_is_compared_by_content_and_scale(save: Ask, cli: Cli, place: Path) -> None:
    adapter = place.with_name("tune.gguf")
    save(QUESTION, "--adapter", f"{adapter}:0.5")
    assert changed(cli("replay", str(place), *AS_INDEXED)) == []
    assert changed(cli("replay", str(place), "--adapter", f"{adapter}:0.8", *AS_INDEXED)) == ["model"]
    adapter.write_bytes(b"GGUF turn")
    assert changed(cli("replay", str(place), *AS_INDEXED)) == ["model"]


def test_a_model_without_files_is_compared_by_name_and_noted(cli: Cli, indexed: Path, place: Path) -> None:
    url = "http://127.0.0.1:9/v1#big"
    cli("ask", str(indexed), QUESTION, "--model", url, "--save", str(place), "--no-sync")
    outcome = cli("replay", str(place), *AS_INDEXED)
    assert changed(outcome) == []
    assert any("can't be seen" in note for note in outcome.json["notes"])
    assert changed(cli("replay", str(place), *AS_INDEXED, generator=FakeGenerator(name="other"))) == ["model"]


def test_a_flag_of_the_replay_is_a_changed_setting(save: Ask, cli: Cli, place: Path) -> None:
    save()
    outcome = cli("replay", str(place), "--set", "evidence.quotes=1", *AS_INDEXED)
    assert changed(outcome)[0] == "settings"
    assert "evidence.quotes was 3; it is now 1" in outcome.json["changes"][0]["message"]


def test_settings_of_today_do_not_change_a_replay(
    save: Ask, cli: Cli, folder: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save()
    monkeypatch.setenv("BUNKO_EVIDENCE__QUOTES", "1")
    write_files(folder, {".bunko/config.toml": "[retrieval]\ntop_k = 1\n"})
    assert changed(cli("replay", str(place), "--json")) == []


def test_another_text_of_the_same_model_is_noticed(save: Ask, cli: Cli, place: Path) -> None:
    save(generator=FakeGenerator("On the roof."))
    assert changed(cli("replay", str(place), *AS_INDEXED, generator=FakeGenerator("On the warm roof."))) == ["text"]


def test_another_version_is_noticed(save: Ask, cli: Cli, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save()
    monkeypatch.setattr("bunko.__version__", "99.0")
    outcome = cli("replay", str(place), *AS_INDEXED)
    assert changed(outcome) == ["version"]
    assert "99.0" in outcome.json["changes"][0]["message"]


def test_the_model_alone_is_asked_again_without_documents(cli: Cli, place: Path) -> None:
    cli("ask", "--no-rag", "Say hello.", "--save", str(place), generator=FakeGenerator("Hello."))
    assert changed(cli("replay", str(place), *AS_INDEXED, generator=FakeGenerator("Hello."))) == []
    assert changed(cli("replay", str(place), *AS_INDEXED, generator=FakeGenerator("Hi."))) == ["text"]


# --- what is refused --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("The cat sleeps.", "not a saved answer"),
        ("[]", "not a saved answer"),
        ('{"question": "Who?"}', "not a saved answer"),
        ("[" * 100_000, "not a saved answer"),
        ('{"format": "bunko saved answer", "format_version": 2}', "newer version"),
        ('{"format": "bunko saved answer", "format_version": 1}', "damaged"),
    ],
)
def test_a_file_that_is_no_saved_answer_is_refused(cli: Cli, place: Path, content: str, said: str) -> None:
    place.write_text(content, encoding="utf-8")
    cli("replay", str(place)).assert_clear(2, said)


@pytest.mark.parametrize(
    ("path", "value"),
    [("question", 5), ("saved_at", "now"), ("saved_at", 1e30), ("answer.hits", {}), ("prompts", [[]]), ("model", None)],
)
def test_a_field_of_another_type_is_named(save: Ask, cli: Cli, place: Path, path: str, value: object) -> None:
    save()
    tree = json.loads(place.read_text("utf-8"))
    *above, name = path.split(".")
    inner = tree
    for each in above:
        inner = inner[each]
    inner[name] = value
    place.write_text(json.dumps(tree), encoding="utf-8")
    cli("replay", str(place)).assert_clear(2, "damaged", name)


def test_a_missing_file_and_a_folder_that_moved_name_the_cure(save: Ask, cli: Cli, folder: Path, place: Path) -> None:
    cli("replay", str(place)).assert_clear(2, "There is no file", "--save")
    save()
    moved = folder.rename(folder.with_name("moved"))
    cli("replay", str(place)).assert_clear(1, "no longer there", "bunko replay FILE.json FOLDER")
    assert changed(cli("replay", str(place), str(moved), "--json")) == []


def test_a_server_can_not_be_asked_again(save: Ask, cli: Cli, place: Path) -> None:
    save()
    for address in ("http://localhost:8642/docs", "localhost:8642"):
        cli("replay", str(place), address).assert_clear(2, "server", "folder")


@pytest.mark.parametrize("where", ["library/a.json", "library", "nowhere/a.json", "notes.txt"])
def test_a_bad_place_is_refused_before_anything_is_asked(cli: Cli, folder: Path, place: Path, where: str) -> None:
    notes = write_files(place.parent, {"notes.txt": "precious"}) / "notes.txt"
    generator = FakeGenerator()
    bad = place.parent / where
    cli("ask", str(folder), QUESTION, "--save", str(bad), generator=generator).assert_clear(2)
    assert generator.prompts == []
    assert notes.read_text("utf-8") == "precious"


def test_a_file_of_somebody_else_chooses_neither_folder_nor_server(
    save: Ask, cli: Cli, folder: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save()
    monkeypatch.setattr(signing, "data_directory", lambda: place.parent / "another user")
    cli("replay", str(place)).assert_clear(2, "Another installation", "FOLDER")
    cli("replay", str(place), str(folder)).assert_clear(2, "--model")
    chosen = "--model", "smollm2-135m", "--embedder", "minilm"
    assert "text" not in changed(cli("replay", str(place), str(folder), *chosen, "--json"))


def test_an_edited_file_is_somebody_elses(save: Ask, cli: Cli, indexed: Path, place: Path) -> None:
    save()
    text = place.read_text("utf-8")
    chat = json.dumps(str(place.with_name("chat.gguf")))
    place.write_text(text.replace(f'"model": {chat}', '"model": "https://evil.example/v1"'), encoding="utf-8")
    generator = FakeGenerator()
    cli("replay", str(place), str(indexed), generator=generator).assert_clear(2, "https://evil.example/v1", "--model")
    assert generator.prompts == []


def test_a_file_that_was_only_indented_anew_is_ones_own(save: Ask, cli: Cli, place: Path) -> None:
    save()
    place.write_text(json.dumps(json.loads(place.read_text("utf-8"))), encoding="utf-8")
    assert changed(cli("replay", str(place), *AS_INDEXED)) == []


def test_the_observer_is_gone_after_the_answer(folder: Path) -> None:
    generator = FakeGenerator()
    with make_library(folder, generator=generator, embedder=FakeEmbedder()) as library:
        library.sync()
        recording = Recording(library, QUESTION)
        recording.ask()
        library.ask("When did the harbour of Kobe open?")
        assert len(recording.saved().prompts) == 1
