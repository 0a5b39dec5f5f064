"""Rerankers: models that read a question with a passage, and say how well the passage answers.

    by_reader      Bunko's own: the relevance that a reader gives
    cross_encoder  an ONNX cross-encoder, with ONNX Runtime
    llama          a GGUF reranker, with the engine
    pace           how fast each of them is on this machine
    opening        which of them a setting names

Nothing is imported here: import from the modules. docs/decisions/029-trust-and-reranking.md has the reasons.
"""
