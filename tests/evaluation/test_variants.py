"""How variants are told apart and combined."""

from __future__ import annotations

import pytest

from bunko.errors import SettingsError, UsageError
from bunko.evaluation.variants import Variant, build_variants
from bunko.settings import Settings


def names(variants: list[Variant]) -> list[str]:
    return [variant.name for variant in variants]


def test_each_model_is_a_variant_and_without_documents_another() -> None:
    variants = build_variants(Settings(), models=["a.gguf", "models/b.gguf"], answer_from=("documents", "model"))
    assert names(variants) == ["a", "b", "a, without documents", "b, without documents"]
    assert [variant.settings.model for variant in variants[:2]] == ["a.gguf", "models/b.gguf"]
    assert [variant.answer_from for variant in variants] == ["documents", "documents", "model", "model"]


def test_each_value_of_a_setting_makes_one_of_each_model() -> None:
    variants = build_variants(
        Settings(), models=["a", "b"], changes=["retrieval.mode=hybrid, lexical", "generation.temperature=0,0.7"]
    )
    assert len(variants) == 8
    assert names(variants)[:2] == ["a, mode hybrid, temperature 0", "a, mode hybrid, temperature 0.7"]
    assert variants[7].settings.generation.temperature == 0.7
    assert variants[7].changed == {"model": "b", "retrieval.mode": "lexical", "generation.temperature": "0.7"}


def test_retrieval_makes_no_variant_without_documents() -> None:
    variants = build_variants(Settings(), changes=["retrieval.mode=hybrid,lexical"], answer_from=("documents", "model"))
    assert names(variants) == ["mode hybrid", "mode lexical", "smollm2-135m, without documents"]


def test_a_variant_can_be_written_out() -> None:
    (only,) = build_variants(Settings(), written_out=["Words: model=a.gguf, retrieval.mode=lexical, rag=no"])
    assert (only.name, only.settings.model, only.settings.retrieval.mode, only.answer_from) == (
        "Words", "a.gguf", "lexical", "model",
    )  # fmt: skip
    (ignoring,) = build_variants(Settings(), written_out=["X: reading.ignore=*.tmp,*.bak"])
    assert ignoring.settings.reading.ignore == ("*.tmp", "*.bak")
    assert names(build_variants(Settings(), models=["a"], written_out=["X: model=b"])) == ["X", "a"]


def test_a_variant_may_have_adapters() -> None:
    (one,) = build_variants(Settings(), written_out=["Mine: model=a.gguf, adapter=x.gguf:0.5, adapter=y.gguf"])
    assert one.settings.generation.adapters == ("x.gguf:0.5", "y.gguf")
    assert one.changed == {"model": "a.gguf", "generation.adapters": "x.gguf:0.5,y.gguf"}
    plain, mine = build_variants(Settings(), models=["a"], changes=["generation.adapters=x.gguf, y.gguf"])
    assert [plain.settings.generation.adapters, mine.settings.generation.adapters] == [("x.gguf",), ("y.gguf",)]
    assert names([plain, mine]) == ["adapter x", "adapter y"]


def test_each_model_is_compared_with_each_adapter_and_without() -> None:
    variants = build_variants(Settings(), models=["a", "b"], adapters=["x.gguf", "y.gguf:0.5", "x.gguf"])
    plain, terse, half, *_ = variants
    assert names(variants)[:3] == ["a", "a, adapter x", "a, adapter y.gguf:0.5"]
    assert len(variants) == 6
    assert plain.changed == {"model": "a"}
    assert [terse.settings.generation.adapters, half.settings.generation.adapters] == [("x.gguf",), ("y.gguf:0.5",)]
    assert names(build_variants(Settings(), adapters=["x.gguf"])) == ["smollm2-135m", "adapter x"]


def test_without_anything_there_is_the_librarys_own() -> None:
    (only,) = build_variants(Settings(model="http://here:8080/v1"))
    assert (only.name, only.changed) == ("http://here:8080/v1", {})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"models": ["x/a.gguf", "y/a.gguf"]}, "2 variants have the name 'a'"),
        ({"changes": ["retrieval.mode"]}, "names no values"),
        ({"changes": ["retrieval.mode="]}, "names no values"),
        ({"written_out": ["no colon"]}, "can't be parsed"),
        ({"written_out": ["X: model"]}, "can't be parsed"),
        ({"written_out": ["X: model=a, rag=perhaps"]}, "rag=perhaps"),
    ],
)
def test_what_can_not_be_understood_is_told(options: dict[str, list[str]], said: str) -> None:
    with pytest.raises(UsageError, match=said.replace("'", ".")):
        build_variants(Settings(), **options)  # type: ignore[arg-type]


def test_settings_that_do_not_exist_are_told() -> None:
    with pytest.raises(SettingsError, match="no setting"):
        build_variants(Settings(), changes=["retrieval.modes=hybrid"])
