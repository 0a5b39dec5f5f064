"""Pipeline 1: walk, read, chunk, embed, store. Start with sync.py."""
