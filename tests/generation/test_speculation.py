"""Which models guess words ahead, and that the starter's text stays the same."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from bunko.config import load_settings
from bunko.engine.parameters import Machine, chat_parameters
from bunko.engine.tuned import EIGHT_BITS, Speculation, Tuned, TunedModels, speculates, tuned_key
from bunko.errors import UsageError
from bunko.generation import open_generator
from bunko.generation.speculation import draft_file, tuning_of, writes_freely
from bunko.models import LocalModel, read_gguf, resolve
from bunko.models.ability import EXTRACTIVE_UP_TO
from bunko.ports import GenerationOptions
from bunko.settings import Settings, apply_overrides
from bunko.types import Message
from tests.engine.support import MACHINE, make_tiny_model

PASSAGE = (
    "The ferry across the Lenne was founded in 1883 by Otto Brandt, who had been a cooper. It carried forty people and "
    "two carts, and it was drawn along a rope by hand. In the winter of 1911 the ice broke the rope and the ferry "
    "drifted as far as the weir at Holm. The parish then bought a steel cable for six hundred marks."
)
ASKED = (
    f"{PASSAGE}\n\nThe same text again, word for word:\n\nThe ferry across",
    f"{PASSAGE}\n\nQuestion: What happened to the ferry in 1911?\nAnswer: In the winter of 1911",
    f"{PASSAGE}\n\nQuestion: Who founded the ferry?\nAnswer:",
    f"{PASSAGE * 2}\n\nA summary of the text above, in two sentences:",
    "One, two, three, four, one, two, three, four, one, two,",
)


def settings_with(cache: Path, **generation: object) -> Settings:
    values = {f"generation.{name}": value for name, value in generation.items()}
    return apply_overrides(Settings(), {"cache_dir": str(cache), **values})


@pytest.mark.parametrize(
    ("size", "style", "expected"),
    [
        (EXTRACTIVE_UP_TO, "auto", False),
        (EXTRACTIVE_UP_TO + 1, "auto", True),
        (0, "auto", True),
        (100, "free", True),
        (EXTRACTIVE_UP_TO * 8, "extractive", False),
    ],
)
def test_words_are_guessed_where_texts_are_written(tmp_path: Path, size: int, style: str, expected: bool) -> None:
    assert writes_freely(settings_with(tmp_path, style=style), size=size) is expected


def test_what_was_measured_for_a_model_is_what_it_runs_with(tmp_path: Path) -> None:
    model = make_tiny_model(tmp_path)
    settings = settings_with(tmp_path, style="free")
    defaults = chat_parameters(model, read_gguf(model), settings.generation, machine=MACHINE)
    assert tuning_of(defaults, settings, machine=MACHINE, size=1).parameters == defaults
    found = Tuned(values={"n_batch": 64, "n_ubatch": 64}, speculation=Speculation(most=4))
    TunedModels(tmp_path).keep(tuned_key(defaults, MACHINE), found)
    tuning = tuning_of(defaults, settings, machine=MACHINE, size=1)
    assert tuning.tuned == found
    assert tuning.parameters.values["n_batch"] == 64
    assert speculates(tuning.parameters)
    off = settings_with(tmp_path, style="free", speculation="off")
    assert not speculates(tuning_of(defaults, off, machine=MACHINE, size=1).parameters)


def test_a_draft_model_that_is_not_used_is_said(tmp_path: Path) -> None:
    model = make_tiny_model(tmp_path)
    settings = settings_with(tmp_path, style="free", draft_model=str(model))
    defaults = chat_parameters(model, read_gguf(model), settings.generation, machine=MACHINE)
    assert "bench --tune" in tuning_of(defaults, settings, machine=MACHINE, size=1).notes[0]
    phrases = settings_with(tmp_path, style="extractive", draft_model=str(model))
    assert "phrases" in tuning_of(defaults, phrases, machine=MACHINE, size=1).notes[0]
    guessed = Tuned(speculation=Speculation(draft=tmp_path / "elsewhere.gguf", most=4))
    TunedModels(tmp_path).keep(tuned_key(defaults, MACHINE, draft=model), guessed)
    tuning = tuning_of(defaults, settings, machine=MACHINE, size=1)
    assert tuning.notes == ()
    assert tuning.parameters.values["speculative.draft.mparams.path"] == str(model.resolve())
    with pytest.raises(UsageError, match="server"):
        draft_file(settings_with(tmp_path, draft_model="http://127.0.0.1:9/v1"))


@pytest.fixture(scope="module")
def starter() -> LocalModel:
    settings = load_settings(environment={})
    model = resolve(settings.model, kind="chat", settings=settings)
    assert isinstance(model, LocalModel)
    return model


@pytest.fixture(scope="module")
def written_without_guesses(starter: LocalModel, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return texts_of(starter, tuned_settings(starter, tmp_path_factory.mktemp("off"), speculation="off"), guessing=False)


@pytest.mark.models
@pytest.mark.parametrize("drafted", [False, True], ids=["prompt", "draft"])
def test_the_starter_writes_the_same_text_with_guesses(
    tmp_path: Path, starter: LocalModel, written_without_guesses: list[str], drafted: bool
) -> None:
    """At temperature 0. The starter guesses for itself in place of a draft model: nearly every guess is right."""
    draft = starter.files["model"] if drafted else None
    settings = tuned_settings(starter, tmp_path, speculation="auto", draft=draft)
    assert texts_of(starter, settings, guessing=True) == written_without_guesses
    assert all(written_without_guesses)


def tuned_settings(model: LocalModel, cache: Path, *, speculation: str, draft: Path | None = None) -> Settings:
    """Return settings with which words are guessed unless `speculation` is off, as `bench --tune` would have found."""
    wanted = {"cache_dir": str(cache), "generation.style": "free", "generation.speculation": speculation}
    if draft:
        wanted["generation.draft_model"] = str(draft)
    settings = apply_overrides(load_settings(environment={}), wanted)
    assert model.info is not None
    defaults = chat_parameters(model.files["model"], model.info, settings.generation, machine=Machine.here())
    found = Tuned(attention=EIGHT_BITS, speculation=Speculation(draft=draft, match=3, most=6))
    TunedModels(cache).keep(tuned_key(defaults, Machine.here(), draft=draft), found)
    return settings


def texts_of(model: LocalModel, settings: Settings, *, guessing: bool) -> list[str]:
    texts = []
    with closing(open_generator(model, settings)) as generator:
        for text in ASKED:
            options = GenerationOptions(max_tokens=48, logprobs=True)
            pieces = list(generator.stream([Message(role="raw", content=text)], options=options))
            texts.append("".join(piece.text for piece in pieces))
            # The engine has no probabilities of guessed tokens: none is better than a wrong one.
            assert (pieces[-1].log_probability is None) == guessing
    return texts
