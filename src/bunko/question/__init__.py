"""What a question asks for: its language, words, quantities, names and expected answer. Pure functions."""
