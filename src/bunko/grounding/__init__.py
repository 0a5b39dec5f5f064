"""Check an answer against its sources, sentence by sentence. Pure functions. Start with ground.py."""
