"""Settings come from many places, in a known order, and nothing unknown or unsafe gets in."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest

from bunko.config import load_settings, user_config_file
from bunko.errors import SettingsError
from bunko.settings import Settings, apply_overrides, cache_directory, known_names, settings_with
from tests.support import write_files


def load(
    folder: Path, *, user: str = "", library: str = "", flags: dict[str, object] | None = None, **env: str
) -> Settings:
    write_files(folder, {"user.toml": user, "library.toml": library})
    environment = {"BUNKO_CONFIG": str(folder / "user.toml"), **env}
    return load_settings(library_config=folder / "library.toml", environment=environment, overrides=flags)


def test_without_any_source_the_defaults_hold(tmp_path: Path) -> None:
    assert load(tmp_path) == Settings()
    assert load_settings(library_config=tmp_path / "none.toml", environment={"BUNKO_CONFIG": "none"}) == Settings()


def test_each_source_wins_over_the_one_before_it(tmp_path: Path) -> None:
    user = "[generation]\nmax_tokens = 1\nseed = 1\nthreads = 1\ntemperature = 1.5\n"
    library = "[generation]\nseed = 2\nthreads = 2\ntemperature = 0.5\n"
    env = {"BUNKO_GENERATION__THREADS": "3", "BUNKO_GENERATION__TEMPERATURE": "0.25"}
    loaded = load(tmp_path, user=user, library=library, flags={"generation.temperature": "0"}, **env).generation
    assert (loaded.max_tokens, loaded.seed, loaded.threads, loaded.temperature) == (1, 2, 3, 0.0)


def test_a_flag_that_was_not_given_replaces_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, user='model = "phi"', flags={"model": None}).model == "phi"


def test_every_setting_can_be_given_by_its_name() -> None:
    values: dict[str, object] = {}
    for name in known_names():
        section, _, key = name.rpartition(".")
        value = getattr(getattr(Settings(), section) if section else Settings(), key)
        values[name] = ",".join(value) if isinstance(value, tuple) else str(value)
    values["reading.ignore"] = "*.tmp, old/"
    assert apply_overrides(Settings(), values) == dataclasses.replace(
        Settings(), reading=dataclasses.replace(Settings().reading, ignore=("*.tmp", "old/"))
    )


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("modle", "model"), ("retrieval.topk", "retrieval.top_k"), ("generation.max_token", "generation.max_tokens")],
)
def test_an_unknown_name_is_refused_with_the_nearest_known_one(name: str, nearest: str) -> None:
    with pytest.raises(SettingsError, match=name) as caught:
        apply_overrides(Settings(), {name: "1"})
    assert nearest in caught.value.hint


@pytest.mark.parametrize(
    "name", ["", ".", "retrieval", "retrieval.", ".model", "a.b.c", "reading.ignore.x", "__class__"]
)
def test_no_odd_name_gets_in(name: str) -> None:
    with pytest.raises(SettingsError):
        apply_overrides(Settings(), {name: "1"})


def test_an_unknown_key_in_a_file_or_the_environment_names_its_place(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"user\.toml") as in_file:
        load(tmp_path, user="[retrieval]\ntopk = 3\n")
    assert "retrieval.top_k" in in_file.value.hint
    with pytest.raises(SettingsError, match="BUNKO_MODLE"):
        load(tmp_path, BUNKO_MODLE="x")


def test_other_variables_are_nobody_s_business(tmp_path: Path) -> None:
    assert load(tmp_path, BUNKO_API_KEY="secret", MODEL="x", bunko_model="y") == Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("retrieval.top_k", "many"),
        ("retrieval.top_k", 1.5),
        ("retrieval.top_k", True),
        ("retrieval.top_k", 0),
        ("retrieval.top_k", -1),
        ("retrieval.mode", "psychic"),
        ("retrieval.mode", ["hybrid"]),
        ("generation.max_tokens", -1),
        ("generation.temperature", "warm"),
        ("generation.temperature", "nan"),
        ("generation.temperature", -0.1),
        ("generation.gpu_layers", -2),
        ("generation.start_timeout_s", float("inf")),
        ("retrieval.top_k", float("inf")),
        ("answers.strictness", -0.1),
        ("answers.strictness", 1.01),
        ("answers.strictness", "strict"),
        ("generation.cache_type", "f64"),
        ("chunking.max_tokens", 3),
        ("offline", "perhaps"),
        ("offline", 2),
        ("model", 3),
        ("model", ["a"]),
        ("reading.ignore", 3),
        ("reading.max_file_mb", None),
        ("reading.max_file_mb", 0),
        ("reading.max_characters", 0),
        ("reading.archive_depth", 0),
        ("evidence.max_tokens", 0),
        ("embedding.batch_tokens", 0),
        ("generation.token_timeout_s", 0),
        ("retrieval.top_k", 10**30),
        ("generation.seed", 2**64),
    ],
)
def test_a_value_that_can_not_be_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(SettingsError, match=name) as caught:
        apply_overrides(Settings(), {name: value})
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("true", True), ("Yes", True), ("0", False), ("off", False), ("", False)]
)
def test_switches_are_written_in_words(text: str, value: bool) -> None:
    assert apply_overrides(Settings(offline=not value), {"offline": text}).offline is value


@pytest.mark.parametrize(
    "text",
    [
        'model = "https://evil.example/model.gguf"',
        'model = "../../somewhere/model.gguf"',
        'model = "hf:owner/repo/file.gguf"',
        'model = "C:\\\\models\\\\a.gguf"',
        'embedder = "http://evil.example"',
        'store = "s3://bucket"',
        'cache_dir = "elsewhere"',
        "offline = false",
        '[reading]\nsandbox = "off"',
        '[generation]\ndraft_model = "https://example.org/small.gguf"',
        '[generation]\ndraft_model = "plain-name"',
    ],
)
def test_a_folder_may_not_send_its_reader_anywhere(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match=r"library\.toml"):
        load(tmp_path, library=text)
    load(tmp_path, user=text)


@pytest.mark.parametrize(
    "text",
    [
        "reading.timeout_s = 0",
        "reading.memory_mb = 0",
        "reading.timeout_s = 100000",
        "reading.memory_mb = 64000",
        "reading.max_file_mb = 5000",
        "reading.archive_mb = 999999",
        "reading.archive_depth = 9",
    ],
)
def test_a_folder_may_lift_no_limit(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="may only lower it") as caught:
        load(tmp_path, library=text)
    assert "--set reading." in caught.value.hint


def test_a_folder_may_lower_a_limit_and_the_user_may_lift_it(tmp_path: Path) -> None:
    assert load(tmp_path, library="reading.timeout_s = 5").reading.timeout_s == 5
    assert load(tmp_path, user="reading.memory_mb = 0", library="reading.memory_mb = 500").reading.memory_mb == 500
    assert load(tmp_path, flags={"reading.timeout_s": "0"}).reading.timeout_s == 0


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 20_000,
        "a = " + "[" * 20_000 + "]" * 20_000,
        "a = " + "{b = " * 20_000 + "1" + "}" * 20_000,
        ".".join(["a"] * 5_000) + " = 1",
        "[" + ".".join(["a"] * 20_000) + "]",
        "model = " + "'x'" + "\n#" + "x" * 1_100_000,
        "retrieval.top_k = 1" + "0" * 5_000,
        'model = "\\ud800"',
    ],
)
def test_a_hostile_config_file_is_a_clear_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, library=text)
    assert len(str(caught.value)) < 2_000


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
@pytest.mark.parametrize("link", [".bunko", ".bunko/config.toml"])
def test_a_folders_config_file_is_not_read_through_a_link(tmp_path: Path, link: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "config.toml").write_text("password = 'of somebody'")
    place = tmp_path / "docs" / link
    place.parent.mkdir(parents=True)
    place.symlink_to(elsewhere if link == ".bunko" else elsewhere / "config.toml")
    with pytest.raises(SettingsError, match="is a link") as caught:
        load_settings(library_config=tmp_path / "docs" / ".bunko" / "config.toml")
    assert "somebody" not in str(caught.value)


def test_a_folder_may_name_a_model_of_the_catalogue(tmp_path: Path) -> None:
    loaded = load(tmp_path, library='model = "smollm2-135m"\nanswer_language = "ja"\n')
    assert loaded.model.endswith("smollm2-135m")
    assert loaded.answer_language == "ja"


@pytest.mark.parametrize("content", [b"model = ", b"\xff\xfe\x00", b"[[[", b'model = "a"\nmodel = "b"'])
def test_a_config_file_that_is_none_is_named(tmp_path: Path, content: bytes) -> None:
    write_files(tmp_path, {"user.toml": content})
    with pytest.raises(SettingsError, match=r"user\.toml"):
        load_settings(environment={"BUNKO_CONFIG": str(tmp_path / "user.toml")})


@pytest.mark.parametrize("text", ["retrieval = 3", "[model]\nx = 1", "[generation.deep]\nseed = 1"])
def test_sections_and_values_are_not_mixed_up(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match=r"user\.toml"):
        load(tmp_path, user=text)


def test_the_places_of_files_can_be_chosen(tmp_path: Path) -> None:
    assert user_config_file({"BUNKO_CONFIG": str(tmp_path / "a.toml")}) == tmp_path / "a.toml"
    assert cache_directory(Settings(cache_dir=str(tmp_path))) == tmp_path
    assert cache_directory(Settings(cache_dir="~/models")) == Path.home() / "models"
    assert "bunko" in str(cache_directory(Settings()))


@pytest.mark.parametrize("given", [{"retrieval.top_k": 2}, {"retrieval": {"top_k": 2}}])
def test_settings_may_be_a_mapping(given: dict[str, object]) -> None:
    changed = settings_with(given, base=Settings())
    assert changed == apply_overrides(Settings(), {"retrieval.top_k": 2})
    assert settings_with(changed, base=Settings()) is changed


@pytest.mark.parametrize("given", [["a"], "retrieval.top_k=2", {"retrieval": 3}, {"no": {"such": 1}}, {3: 4}])
def test_a_mapping_that_is_none_is_refused(given: object) -> None:
    with pytest.raises(SettingsError):
        settings_with(given, base=Settings())  # type: ignore[arg-type]
