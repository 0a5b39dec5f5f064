"""Notes for the reader of an answer: what the program says of how an answer was made, in the question's language."""
