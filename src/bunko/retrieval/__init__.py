"""Find passages and choose the evidence in them. Start with search.py."""
