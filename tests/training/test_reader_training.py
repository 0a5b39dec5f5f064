"""Training and export in small. Runs where torch is installed: see training/reader/requirements.txt."""

import math
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from training.reader import model  # noqa: E402
from training.reader.examples import Group, Tokens  # noqa: E402
from training.reader.plan import Plan  # noqa: E402
from training.reader.train import (  # noqa: E402
    collate,
    load_progress,
    losses,
    optimizer,
    save_progress,
    set_rate,
    step,
    train,
)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"WIDTH": 32, "INNER": 48, "HEADS": 4, "LAYERS": 1, "VOCABULARY": 1100}.items():
        monkeypatch.setattr(model, name, value)
    torch.manual_seed(1)
    torch.set_num_threads(1)


def group(*, span: tuple[int, int] | None, negatives: int = 0, mark: int = 1000) -> Group:
    tokens = Tokens(ids=[mark, 1001, 1002, 1003], span=span)
    others = [Tokens(ids=[1004, 1005], span=None)] * negatives
    return Group(kind=("squad2", span is not None), question=[7, 8], passage=tokens, negatives=others)


def with_passages(one: Group) -> tuple[Group, list[Tokens]]:
    return one, [one.passage, *one.negatives]


def test_a_batch_places_the_answer_after_the_question() -> None:
    batch = collate([with_passages(group(span=(1, 2), negatives=1)), with_passages(group(span=None))])
    assert batch.input_ids.shape == (3, 9)
    assert batch.input_ids[0].tolist() == [101, 7, 8, 102, 1000, 1001, 1002, 1003, 102]
    assert batch.token_type_ids[0].tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 1]
    assert batch.attention_mask[1].tolist() == [1, 1, 1, 1, 1, 1, 1, 0, 0]
    assert (batch.starts.tolist(), batch.ends.tolist()) == ([5, -100, -100], [6, -100, -100])
    assert batch.groups == [([0, 1], 1), ([2], 0)]


def test_with_one_passage_the_listwise_loss_is_the_logistic_one() -> None:
    batch = collate([with_passages(group(span=None))])

    def fake(*_: object) -> tuple[object, object, object]:
        return torch.zeros(1, 9), torch.zeros(1, 9), torch.tensor([1.5])

    span, relevance, pairs = losses(fake, batch)
    assert float(span) == float(pairs) == 0.0
    assert float(relevance) == pytest.approx(math.log1p(math.exp(1.5)), rel=1e-5)


def test_the_pair_loss_wants_answered_questions_above_the_best_passage_of_the_others() -> None:
    batch = collate([with_passages(group(span=(0, 0))), with_passages(group(span=None, negatives=1))])

    def saying(*relevance: float) -> float:
        def fake(*_: object) -> tuple[object, object, object]:
            return torch.zeros(3, 9), torch.zeros(3, 9), torch.tensor(relevance)

        return float(losses(fake, batch)[2])

    assert saying(3.0, -3.0, -1.0) == pytest.approx(math.log1p(math.exp(-4.0)), rel=1e-4)
    assert saying(-1.0, 3.0, 0.0) == pytest.approx(math.log1p(math.exp(4.0)), rel=1e-4)
    assert saying(-1.0, 0.0, 3.0) == saying(-1.0, 3.0, 0.0)


def test_padding_changes_no_logit() -> None:
    reader = model.Reader().eval()
    alone = collate([with_passages(group(span=(1, 2)))])
    wide = collate([with_passages(group(span=(1, 2))), with_passages(group(span=None, negatives=1))])
    short = collate([(group(span=None), [Tokens(ids=[1004], span=None)])])
    padded = collate([(group(span=None), [Tokens(ids=[1004], span=None)]), with_passages(group(span=None))])
    with torch.inference_mode():
        for small_batch, large_batch in ((alone, wide), (short, padded)):
            one = reader(small_batch.input_ids, small_batch.attention_mask, small_batch.token_type_ids)
            two = reader(large_batch.input_ids, large_batch.attention_mask, large_batch.token_type_ids)
            width = small_batch.input_ids.shape[1]
            torch.testing.assert_close(one[0][0], two[0][0, :width])
            torch.testing.assert_close(one[2][0], two[2][0])


def marked_groups() -> list[Group]:
    return [group(span=(0, 0), mark=1010 + number) for number in range(8)] + [group(span=None, mark=1020)]


def test_steps_lower_the_loss() -> None:
    reader, items = model.Reader(), [with_passages(one) for one in marked_groups()]
    adam = optimizer(reader, Plan(rate=2e-3))
    seen = [sum(step(reader, adam, items)) for _ in range(40)]
    assert seen[-1] < seen[0] / 2


def test_training_changes_the_layers_keeps_the_words_and_leaves_its_weights(tmp_path: Path) -> None:
    reader = model.Reader()
    before = {name: value.clone() for name, value in reader.state_dict().items()}
    plan = Plan(processor_minutes=6 / 60, workers=2, batch_tokens=200)
    counts = train(marked_groups(), reader, plan=plan, checkpoint=tmp_path / "reader.pt")
    assert counts["questions"] > counts["steps"] > 0
    kept = torch.load(tmp_path / "reader.pt")
    assert torch.equal(kept["word.weight"], before["word.weight"])
    for name in ("span.weight", "relevance.weight", "layers.0.widen.weight"):
        assert not torch.equal(kept[name], before[name])
        assert torch.equal(kept[name], reader.state_dict()[name])


def test_the_rate_rises_then_falls_and_is_higher_for_heads() -> None:
    plan = Plan(rate=1e-3)
    adam, rates = optimizer(model.Reader(), plan), []
    for done in (0.0, 0.05, 0.5, 1.0):
        set_rate(adam, plan, done=done, here=done)
        rates.append([part["lr"] for part in adam.param_groups])
    layers = [rate[0] for rate in rates]
    assert layers[0] < layers[2] < layers[1]
    assert layers[3] < layers[2]
    assert all(rate[2] == pytest.approx(4 * rate[0]) for rate in rates)


def test_an_interrupted_training_goes_on_where_it_was(tmp_path: Path) -> None:
    reader, checkpoint = model.Reader(), tmp_path / "reader.pt"
    assert load_progress(reader, checkpoint) == 0.0
    other = model.Reader()
    save_progress(other, checkpoint, done=0.4)
    assert load_progress(reader, checkpoint) == 0.4
    assert torch.equal(reader.span.weight, other.span.weight)


def test_the_exported_model_says_what_the_trained_one_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxscript")
    from onnxruntime import InferenceSession
    from training.reader import export

    monkeypatch.setattr(export, "tokenizer_text", lambda: "{}")
    monkeypatch.setattr(export, "EXAMPLE_TOKENS", (5, 1000))
    reader = model.Reader().eval()
    export.export(reader, tmp_path)
    batch = collate([with_passages(group(span=None)), with_passages(group(span=None, negatives=1))])
    tensors = (batch.input_ids, batch.attention_mask, batch.token_type_ids)
    with torch.inference_mode():
        expected = reader(*tensors)
    given = {name: tensor.numpy() for name, tensor in zip(export.INPUTS, tensors, strict=True)}
    for file, tolerance in (("reader.float.onnx", 1e-4), ("reader.onnx", 0.1)):
        made = InferenceSession(str(tmp_path / file)).run(export.OUTPUTS, given)
        for one, other in zip(made, expected, strict=True):
            assert np.abs(one - other.numpy()).max() < tolerance


def test_rows_of_four_bits_lose_nothing_and_others_little() -> None:
    from training.reader.packed_words import PackedWords

    scales = torch.tensor([[0.5], [0.25], [0.0]]).half().float()
    numbers = torch.randint(-8, 8, (3, 32)).float()
    numbers[:, 7] = -8.0
    rows = numbers * scales
    ids = torch.tensor([[2, 0], [1, 1]])
    assert torch.equal(PackedWords(rows)(ids), rows[ids])
    any_rows = torch.randn(50, 64)
    held = PackedWords(any_rows)
    assert held.pairs.nbytes == any_rows.numel() / 2
    assert (held(torch.arange(50)[None])[0] - any_rows).abs().max() < any_rows.abs().max() / 7


def test_a_model_with_packed_words_says_what_the_trained_one_says(tmp_path: Path) -> None:
    pytest.importorskip("onnxscript")
    onnx = pytest.importorskip("onnx")
    from onnxruntime import InferenceSession
    from training.reader import export

    reader = model.Reader(rows=2100).eval()  # not as many as the English one has
    export.export(reader, tmp_path, words="packed")
    assert not (tmp_path / "tokenizer.json").exists()
    batch = collate([with_passages(group(span=None)), with_passages(group(span=None, negatives=1))])
    tensors = (batch.input_ids, batch.attention_mask, batch.token_type_ids)
    with torch.inference_mode():
        expected = export.with_packed_words(reader)(*tensors)
    given = {name: tensor.numpy() for name, tensor in zip(export.INPUTS, tensors, strict=True)}
    for file, tolerance in (("reader.float.onnx", 1e-4), ("reader.onnx", 0.1)):
        made = InferenceSession(str(tmp_path / file)).run(export.OUTPUTS, given)
        for one, other in zip(made, expected, strict=True):
            assert np.abs(one - other.numpy()).max() < tolerance
    sizes = {
        item.data_type: item.dims for item in onnx.load(tmp_path / "reader.onnx").graph.initializer if 2100 in item.dims
    }
    assert sizes == {onnx.TensorProto.UINT8: [2100, 16], onnx.TensorProto.FLOAT16: [2100, 1]}


@pytest.mark.parametrize("words", ["int8", "packed"])
def test_a_shipped_model_gives_back_its_weights_to_within_a_step(
    words: Literal["int8", "packed"], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxscript")
    from training.reader import export
    from training.reader.shipped import read_shipped

    monkeypatch.setattr(export, "tokenizer_text", lambda: "{}")
    monkeypatch.setattr(export, "EXAMPLE_TOKENS", (5, 1000))
    reader = model.Reader().eval()
    for parameter in reader.parameters():  # the exporter writes equal ones once, and an untrained reader has many
        torch.nn.init.normal_(parameter, std=0.02)
    export.export(reader, tmp_path, words=words)
    found, expected = read_shipped(tmp_path / "reader.onnx"), reader.state_dict()
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert found[name].shape == tensor.shape
        step = tensor.abs().max() / (7 if name == "word.weight" and words == "packed" else 127)
        assert (found[name] - tensor).abs().max() <= step, name
