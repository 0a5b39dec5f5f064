"""Choose the documents that a question is asked of: filters, their language, and what passes them."""
