"""Pipeline 2: retrieve, select evidence, prompt, generate, ground. Start with pipeline.py."""
