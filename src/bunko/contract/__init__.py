"""The JSON contract: the records as JSON, and back."""
