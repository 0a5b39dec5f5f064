"""GGUF files are imported by the command, with the real engine. No torch."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gguf
import numpy as np
import pytest

from bunko.cli.main import main
from bunko.errors import DiskFull, LibraryEmpty, LibraryNotFound, ModelBroken, ModelNotFound, UsageError, WrongModelKind
from bunko.importing.calibrating import chosen_pieces
from bunko.importing.licences import licence_facts
from bunko.importing.making import ImportOptions, import_model
from bunko.models import LocalModel, resolve
from bunko.models.cache import model_directory
from bunko.models.imported import find_imported
from bunko.models.inventory import list_models, pull, remove, show_model
from bunko.settings import Settings
from tests.tiny_gguf import make_chat_gguf

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return make_chat_gguf(tmp_path / "tiny.gguf", template=CHATML, special=["<|im_start|>", "<|im_end|>"])


def _import(source: Path, settings: Settings, name: str = "mine", **options: Any) -> None:
    import_model(ImportOptions(source=source, name=name, checks=False, **options), settings=settings)


def _leftovers(settings: Settings) -> list[Path]:
    return list(Path(settings.cache_dir).glob("models/*/.import-*"))


def test_the_command_makes_a_model_that_is_listed_shown_used_and_removed(
    tiny: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = ["--set", f"cache_dir={settings.cache_dir}"]
    assert main(["models", "import", str(tiny), "--quantize", "q8_0", "--name", "mine", *cache]) == 0
    printed = capsys.readouterr()
    assert "--model mine" in printed.out and "Quantising to Q8_0" in printed.err
    assert "renders, system role, several turns, opens the answer" in printed.out
    assert "KL divergence" in printed.out

    assert main(["models", "list", *cache]) == 0
    assert "mine" in capsys.readouterr().out
    assert main(["models", "show", "mine", *cache]) == 0
    shown = capsys.readouterr().out
    assert "KL divergence" in shown and "Q8_0" in shown
    assert main(["models", "show", "mine", "--json", *cache]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["quantisation"] == "Q8_0"
    assert facts["import"]["checks"]["quality"]["kl_mean"] < 0.01

    assert main(["ask", "--no-rag", "--model", "mine", "--max-tokens", "4", "Hello?", "--json", *cache]) == 0
    assert json.loads(capsys.readouterr().out)["model"] == "mine"

    assert main(["models", "remove", "mine", *cache]) == 0
    assert find_imported("mine", settings) is None
    assert not _leftovers(settings)


def test_a_model_of_ones_own_comes_before_a_file_of_its_name(
    tiny: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _import(tiny, settings)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    model = resolve("mine", kind="chat", settings=settings)
    assert isinstance(model, LocalModel)
    assert model.files["model"].name == "mine.Q4_K_M.gguf"


@pytest.mark.parametrize("name", ["", "../x", "a/b", "hf", "mine.gguf", "-x", "a b", "日本", "x" * 65])
def test_names_that_can_not_be(name: str, tiny: Path, settings: Settings) -> None:
    with pytest.raises(UsageError, match="is not a valid model name"):
        _import(tiny, settings, name)


def test_a_name_of_the_catalogue_is_taken(tiny: Path, settings: Settings) -> None:
    with pytest.raises(UsageError, match="of the catalogue"):
        _import(tiny, settings, "smollm2-135m")


def test_a_name_is_given_once(tiny: Path, settings: Settings) -> None:
    _import(tiny, settings)
    with pytest.raises(UsageError, match="already") as raised:
        _import(tiny, settings)
    assert "bunko models remove mine" in raised.value.hint


def test_what_makes_no_sense_is_refused(tiny: Path, settings: Settings) -> None:
    with pytest.raises(UsageError, match="Q9_X is not supported"):
        _import(tiny, settings, kind="Q9_X")
    with pytest.raises(UsageError, match="nothing to calibrate"):
        _import(tiny, settings, kind="F16", calibrate=tiny.parent)
    with pytest.raises(UsageError, match="is not an adapter"):
        _import(tiny, settings, keep_adapter=True)


def test_a_full_disk_is_reported_before_work_begins(
    tiny: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    with pytest.raises(DiskFull, match="are needed"):
        _import(tiny, settings)
    assert find_imported("mine", settings) is None and not _leftovers(settings)


def test_a_text_that_is_not_there(tiny: Path, settings: Settings, tmp_path: Path) -> None:
    options = ImportOptions(source=tiny, name="mine", text=tmp_path / "no.txt")
    with pytest.raises(ModelNotFound, match="can't be read"):
        import_model(options, settings=settings)
    assert find_imported("mine", settings) is None


def test_an_adapter_can_not_run_by_itself(tiny: Path, settings: Settings) -> None:
    _import(tiny, settings)
    model = find_imported("mine", settings)
    assert model is not None
    record = model.directory / "record.json"
    record.write_text(record.read_text(encoding="utf-8").replace(model.path.name, "mine.adapter.gguf"), "utf-8")
    model.path.rename(model.directory / "mine.adapter.gguf")
    with pytest.raises(WrongModelKind, match="is an adapter"):
        resolve("mine", kind="chat", settings=settings)
    assert show_model("mine", settings).kind is None


def test_a_file_that_somebody_took_away_is_not_listed(tiny: Path, settings: Settings) -> None:
    _import(tiny, settings)
    model = find_imported("mine", settings)
    assert model is not None
    model.path.unlink()
    assert "mine" not in [state.name for state in list_models(settings)]
    _import(tiny, settings)  # the name is free again
    assert "mine" in [state.name for state in list_models(settings)]
    remove("mine", settings=settings)


def test_a_pull_checks_what_was_made(tiny: Path, settings: Settings) -> None:
    _import(tiny, settings)
    assert pull("mine", settings=settings)[0].outcome == "present"
    model = find_imported("mine", settings)
    assert model is not None
    with model.path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x55")
    with pytest.raises(ModelBroken, match="has changed since it was imported"):
        pull("mine", settings=settings)


def test_nothing_begins_before_the_documents_are_found(tiny: Path, settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(LibraryNotFound):
        _import(tiny, settings, calibrate=tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(LibraryEmpty):
        _import(tiny, settings, calibrate=tmp_path / "empty")
    assert not (tmp_path / "cache" / "models").exists()


def _large(path: Path) -> Path:
    """Write a model that takes several seconds to quantise."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(1)
    random = np.random.default_rng(5)
    for number in range(40):
        weights = random.normal(size=(1024, 1024)).astype(np.float16)
        writer.add_tensor(f"blk.{number}.ffn_up.weight", weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_import_leaves_nothing_under_the_name(kill: signal.Signals, tmp_path: Path) -> None:
    settings = Settings(cache_dir=str(tmp_path / "cache"))
    source = _large(tmp_path / "large.gguf")
    command = [sys.executable, "-m", "bunko.cli.main", "models", "import", str(source), "--name", "mine",
               "--no-checks", "--set", f"cache_dir={settings.cache_dir}"]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while not list(Path(settings.cache_dir).glob("models/*/.import-*/mine.Q4_K_M.gguf")):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(process.pid, kill)
    process.communicate(timeout=30)
    assert process.returncode == (-signal.SIGKILL if kill is signal.SIGKILL else 130)
    assert find_imported("mine", settings) is None
    assert "mine" not in [state.name for state in list_models(settings)]
    if kill is signal.SIGINT:
        assert not _leftovers(settings)

    # An import under another name removes the work directory of the killed one.
    tiny = make_chat_gguf(tmp_path / "tiny.gguf")
    _import(tiny, settings, "other")
    assert not _leftovers(settings)
    _import(tiny, settings, "mine")
    assert model_directory(settings, "mine").is_dir()


def test_licences_are_recognised_by_their_text(tmp_path: Path) -> None:
    assert licence_facts(tmp_path) == {}
    (tmp_path / "LICENSE").write_text("\n   Apache License\n   Version 2.0, January 2004\n", encoding="utf-8")
    assert licence_facts(tmp_path) == {"general.license": "apache-2.0"}
    (tmp_path / "LICENSE").write_text("The Windmill Licence\nbe good", encoding="utf-8")
    assert licence_facts(tmp_path) == {"general.license": "other", "general.license.name": "The Windmill Licence"}
    (tmp_path / "README.md").write_text("---\ntags: [x]\nlicense: mit\n---\nHello", encoding="utf-8")
    assert licence_facts(tmp_path) == {}  # the converter takes it from the card itself


def test_a_fifth_of_the_documents_is_held_out() -> None:
    documents = ["".join(f"{number:02d}:{word:04d} " for word in range(600)) for number in range(40)]
    used, held_out = chosen_pieces(documents)
    assert 0 < len(used) <= 96 and {piece[:2] for piece in used} > {"00", "20", "39"}
    assert held_out and not any(piece in held_out for piece in used)
    assert chosen_pieces(["short"]) == (["short"], "")
    assert chosen_pieces([" "]) == ([], "")
