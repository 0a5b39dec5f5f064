"""GGUF files: header, shapes, quantisation, adapters."""
