"""Export a reader as int8 ONNX. In: a trained reader. Out: `reader.onnx`, `tokenizer.json`. Knows nothing of data.

Weights are int8 with one scale a channel: one scale a tensor loses about half of what the reader learnt.
"""

import copy
import json
from pathlib import Path
from typing import Literal

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from training.reader.model import POSITIONS, Reader, base_folder
from training.reader.packed_words import PackedWords

INPUTS = ["input_ids", "attention_mask", "token_type_ids"]
OUTPUTS = ["start", "end", "relevance"]
EXAMPLE_TOKENS = (1000, 2000)  # Any words: the exporter only follows the shapes.


def export(reader: Reader, folder: Path, *, words: Literal["int8", "packed"] = "int8") -> None:
    """Write `reader.float.onnx` and `reader.onnx` (int8) into the folder, and the English `tokenizer.json`.

    `words`: how the rows of words are kept. "packed" is 4 bits, without loss if the base's rows are of that kind; then
    the float file has them so, too.
    """
    folder.mkdir(parents=True, exist_ok=True)
    floats, quantized = folder / "reader.float.onnx", folder / "reader.onnx"
    ids = torch.randint(*EXAMPLE_TOKENS, (2, 37))
    example = (ids, torch.ones_like(ids), torch.zeros_like(ids))
    sizes = {0: torch.export.Dim("batch", min=1, max=64), 1: torch.export.Dim("length", min=4, max=POSITIONS)}
    torch.onnx.export(
        with_packed_words(reader) if words == "packed" else reader.eval(),
        example,
        str(floats),
        dynamo=True,
        external_data=False,
        input_names=INPUTS,
        output_names=OUTPUTS,
        dynamic_shapes=(sizes,) * len(INPUTS),
    )
    operators = ["MatMul", "Gemm"] if words == "packed" else None
    quantize_dynamic(
        str(floats), str(quantized), weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=operators
    )
    for file in (floats, quantized):
        without_traces(file)
    if words == "int8":  # else the training cut one
        (folder / "tokenizer.json").write_text(tokenizer_text(), encoding="utf-8")


def without_traces(file: Path) -> None:
    """Take out of a model where each node came from: the exporter keeps the paths of the machine that it ran on."""
    model = onnx.load(file)
    del model.metadata_props[:]
    model.doc_string = ""
    graphs = [model.graph, *(item.g for node in model.graph.node for item in node.attribute if item.HasField("g"))]
    for graph in graphs:
        graph.doc_string = ""
        del graph.metadata_props[:]
        for part in (*graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
            part.doc_string = ""
            del part.metadata_props[:]
    for function in model.functions:
        function.doc_string = ""
        del function.metadata_props[:]
        for node in function.node:
            node.doc_string = ""
            del node.metadata_props[:]
    onnx.save(model, file)


def with_packed_words(reader: Reader) -> Reader:
    """Return a copy of the reader, ready to run, whose words are in 4 bits."""
    made: Reader = copy.deepcopy(reader).eval()
    made.word = PackedWords(reader.word.weight)
    return made


def tokenizer_text() -> str:
    """Return the base model's tokenizer without its cut and its padding: the caller cuts passages, not pairs."""
    described = json.loads((base_folder() / "tokenizer.json").read_text(encoding="utf-8"))
    return json.dumps({**described, "truncation": None, "padding": None}, ensure_ascii=False)
