"""How likely the documents answer: signals of questions, the weights that are fitted to them, and their figures."""
