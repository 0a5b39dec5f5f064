"""Find text in sources that addresses the language model, and neutralise control tokens. Pure functions."""
