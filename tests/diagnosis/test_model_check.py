"""`models check` on real files: tiny models with real tokenizers and templates, in the real engine.

An engine start takes half a second, so the engine is asked only once whether it knows an architecture.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bunko.cli.main import main
from bunko.diagnosis.model_check.check import check_model, model_file
from bunko.diagnosis.model_check.report import Report
from bunko.engine.gpus import Gpu
from bunko.engine.stand_in import StandIn, engine_knows, write_stand_in
from bunko.errors import EngineError, ModelBroken, ModelNotFound, NotDownloaded, WrongModelKind
from bunko.hardware.memory import MachineMemory
from bunko.models import read_gguf
from bunko.models.gguf.header import read_layout
from bunko.settings import Settings, apply_overrides
from tests.engine.support import CHATML, CHATML_MARKS, make_tiny_model
from tests.golden.templates import FAMILIES
from tests.tiny_gguf import make_adapter_gguf, make_bert_gguf, make_chat_gguf

GIB = 2**30
ROOMY = MachineMemory(total=16 * GIB, available=12 * GIB)
LLAMA_2 = (
    "{% for message in messages %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
    "{% else %}{{ message['content'] }}{% endif %}{% endfor %}"
)


_known_architectures: dict[str, bool] = {}


@pytest.fixture(autouse=True)
def ask_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the engine's answers about architectures between tests."""

    def known(architecture: str, *, log_directory: Path) -> bool:
        if architecture not in _known_architectures:
            _known_architectures[architecture] = engine_knows(architecture, log_directory=log_directory)
        return _known_architectures[architecture]

    monkeypatch.setattr("bunko.diagnosis.model_check.check.engine_knows", known)


@pytest.fixture
def without_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip the checks of tokenizer and template."""
    monkeypatch.setattr("bunko.diagnosis.model_check.check._test_in_engine", lambda *_, **__: (None, None, []))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return apply_overrides(Settings(), {"cache_dir": tmp_path / "cache", "generation.threads": 1})


def check(path: Path, settings: Settings, **more: object) -> Report:
    return check_model(path, settings, **{"memory": ROOMY, **more})  # type: ignore[arg-type]


def texts(report: Report, state: str) -> str:
    return "\n".join(finding.text for finding in report.findings if finding.state == state)


def test_a_sound_chat_model_has_no_problems(tmp_path: Path, settings: Settings) -> None:
    report = check(make_tiny_model(tmp_path, context=4096), settings)
    assert (report.kind, report.architecture, report.engine_knows) == ("chat", "llama", True)
    assert report.template is not None
    assert report.template.format == "ChatML"
    assert report.template.system_role
    assert report.template.several_turns
    assert report.template.opens_answer
    assert report.tokenizer is not None
    assert (report.tokenizer.model, report.tokenizer.pre, report.tokenizer.round_trip) == ("gpt2", "gpt-2", True)
    assert report.tokenizer.japanese == "poor"  # its only tokens are bytes
    assert {row.form for row in report.forms} == {"F32"}
    assert [row.context_tokens for row in report.memory] == [2048, 4096]
    assert texts(report, "problem") == texts(report, "warning") == ""
    json.dumps({name: getattr(report, name) for name in ("kind", "signs", "context_tokens")})


@pytest.mark.parametrize("family", sorted(FAMILIES.keys() - {"base"}))
def test_the_templates_of_known_families_are_sound(tmp_path: Path, settings: Settings, family: str) -> None:
    known = FAMILIES[family]
    path = make_chat_gguf(
        tmp_path / f"{family}.gguf", template=known.template, special=known.marks, bos=known.bos, context=4096
    )
    report = check(path, settings)
    assert report.template is not None
    assert report.template.renders, report.findings
    assert "not tokens of this model" not in texts(report, "problem")
    assert report.template.format or family == "phi4-mini-reasoning", family
    if family.startswith(("deepseek", "qwen3")):
        assert report.kind == "reasoning"


def test_another_models_template_is_named(tmp_path: Path, settings: Settings) -> None:
    wrong = check(make_chat_gguf(tmp_path / "wrong.gguf", template=CHATML, special=["<|user|>"]), settings)
    assert "<|im_start|>, <|im_end|> of its chat template (ChatML) are not tokens" in texts(wrong, "problem")
    # What the notebook's author met: Llama 2's template on a model that was taught ChatML.
    old = check(make_chat_gguf(tmp_path / "old.gguf", template=LLAMA_2, special=CHATML_MARKS), settings)
    assert "is Llama 2's ([INST]), but its vocabulary has <|im_start|>" in texts(old, "problem")
    assert "no generation prompt" in texts(old, "warning")


@pytest.mark.parametrize(
    ("template", "state", "said"),
    [
        ("{{ raise_exception('never') }}", "problem", "can't be rendered"),
        ("{% for m in messages %}{{ m['content'] }", "problem", ""),
        ("Hello{% if add_generation_prompt %}!{% endif %}", "problem", "leaves out what the user says"),
        (
            "{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('no') }}{% endif %}"
            "{{ m['content'] }}{% endfor %}{% if add_generation_prompt %}A:{% endif %}",
            "note",
            "refuses or drops system messages",
        ),
        (
            "{% for m in messages %}{% if m['role'] != 'system' %}{{ m['content'] }}{% endif %}{% endfor %}"
            "{% if add_generation_prompt %}A:{% endif %}",
            "note",
            "refuses or drops system messages",
        ),
        ("{{ messages[-1]['content'] }}{% if add_generation_prompt %}A:{% endif %}", "warning", "several turns"),
        ("{% for m in messages %}{{ m['content'] }}{% endfor %}", "warning", "no generation prompt"),
    ],
)
def test_faults_of_a_template_are_reported(
    tmp_path: Path, settings: Settings, template: str, state: str, said: str
) -> None:
    report = check(make_chat_gguf(tmp_path / "odd.gguf", template=template), settings)
    assert said in texts(report, state), report.findings
    assert all(finding.cure for finding in report.findings if finding.state != "note")


def test_kinds_have_their_signs(tmp_path: Path, settings: Settings) -> None:
    base = check(make_chat_gguf(tmp_path / "base.gguf", context=4096), settings)
    assert (base.kind, base.signs) == ("base", ("it has no chat template",))
    assert "base model" in texts(base, "note")
    bert = check(make_bert_gguf(tmp_path / "bert.gguf"), settings)
    assert bert.kind == "embedding"
    assert bert.template is None
    assert bert.tokenizer is not None
    thinking = CHATML.replace("assistant\\n", "assistant\\n<think>\\n").replace("assistant\n", "assistant\n<think>\n")
    reasoning = check(make_chat_gguf(tmp_path / "r.gguf", template=thinking, special=CHATML_MARKS), settings)
    assert (reasoning.kind, reasoning.signs) == ("reasoning", ("its chat template knows <think>",))
    adapter = check(make_adapter_gguf(tmp_path / "a.gguf"), settings)
    assert (adapter.kind, adapter.memory, adapter.tokenizer) == ("adapter", (), None)


@pytest.mark.usefixtures("without_stand_in")
def test_memory_is_compared_with_this_machines(tmp_path: Path, settings: Settings) -> None:
    path = make_tiny_model(tmp_path)
    small = check(path, settings, memory=MachineMemory(total=50_000_000, available=40_000_000))
    assert {row.fits for row in small.memory} == {"no"}
    assert "this machine has less" in texts(small, "problem")
    tight = check(path, settings, memory=MachineMemory(total=GIB, available=10_000_000))
    assert "other programs must make room" in texts(tight, "warning")


@pytest.mark.usefixtures("without_stand_in")
def test_layers_on_described_gpus_are_counted(tmp_path: Path, settings: Settings) -> None:
    gpu = Gpu(name="CUDA0", description="a GPU", free=8 * GIB, total=8 * GIB)
    path = make_tiny_model(tmp_path)
    assert check(path, settings).gpu_layers == ""
    assert check(path, settings, gpus=[gpu]).gpu_layers == "CUDA0: about 2 of 2 layers"
    none = apply_overrides(settings, {"generation.gpu_layers": 0})
    assert check(path, none, gpus=[gpu]).gpu_layers == ""


@pytest.mark.usefixtures("without_stand_in")
def test_it_can_be_run_and_timed(tmp_path: Path, settings: Settings) -> None:
    report = check(make_tiny_model(tmp_path), settings, speed="measure")
    assert report.speed is not None
    assert report.speed.prompt > 0
    assert report.speed.writing > 0
    assert report.speed.memory > 1_000_000


def test_broken_files_give_clear_errors(tmp_path: Path, settings: Settings) -> None:
    whole = make_tiny_model(tmp_path)
    for size, said in ((100, "truncated"), (whole.stat().st_size - 1000, "truncated"), (0, "not a GGUF file")):
        cut = tmp_path / "cut.gguf"
        cut.write_bytes(whole.read_bytes()[:size])
        with pytest.raises(ModelBroken, match=said):
            check(cut, settings)


def test_names_are_understood(tmp_path: Path, settings: Settings) -> None:
    path = make_tiny_model(tmp_path)
    assert model_file(str(path), settings) == path
    with pytest.raises(ModelNotFound):
        model_file(str(tmp_path / "none.gguf"), settings)
    with pytest.raises(NotDownloaded, match="not on this machine"):
        model_file("qwen3-4b", settings)
    with pytest.raises((WrongModelKind, NotDownloaded)):
        model_file("minilm", settings)


def test_an_architecture_that_the_engine_does_not_know_is_found_by_asking_it(tmp_path: Path) -> None:
    assert engine_knows("llama", log_directory=tmp_path)
    assert engine_knows("gemma3", log_directory=tmp_path)
    assert not engine_knows("no-such-architecture", log_directory=tmp_path)


def test_a_stand_in_is_small_and_does_as_the_model_does(tmp_path: Path) -> None:
    model = make_tiny_model(tmp_path)
    write_stand_in(model, tmp_path / "stand-in.gguf")
    info, own = read_gguf(tmp_path / "stand-in.gguf"), read_layout(model)
    assert info.vocabulary_size == read_gguf(model).vocabulary_size
    assert info.chat_template == own.values["tokenizer.chat_template"]
    with StandIn(model, log_directory=tmp_path) as stand_in:
        assert stand_in.render([{"role": "user", "content": "Hi"}]) == (
            "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
        )
        assert len(stand_in.tokens("<|im_end|>", marks="tokens")) == 1
        assert len(stand_in.tokens("<|im_end|>")) > 1
        with pytest.raises(EngineError):
            stand_in.render([{"role": "user"}])  # no content


def test_the_command_exits_with_1_where_a_model_can_not_be_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUNKO_CACHE_DIR", str(tmp_path / "cache"))
    good, bad = make_tiny_model(tmp_path), make_chat_gguf(tmp_path / "bad.gguf", template=CHATML)
    assert main(["models", "check", str(good)]) == 0
    assert "ChatML, system role, several turns, generation prompt" in capsys.readouterr().out
    assert main(["models", "check", str(bad), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["findings"][0]["state"] == "problem"
    assert report["template"]["format"] == "ChatML"
