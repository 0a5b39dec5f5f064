"""Written language: detection, sentences, words, numerals, quantities, names. Pure functions."""
