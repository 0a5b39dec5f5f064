"""The catalogue of known models."""
