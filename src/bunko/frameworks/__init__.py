"""Libraries in the frameworks that people already use: `langchain` and `llama_index`, each a module with its extra.

Nothing is imported here: each module imports its framework, and names the extra if it is missing.
"""
