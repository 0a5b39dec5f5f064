"""Japanese questions over English texts, each with the sentence that answers, and how often it is found."""
