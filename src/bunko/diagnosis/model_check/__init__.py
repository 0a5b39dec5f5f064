"""Check a model file before it is used. In: a GGUF file. Out: its kind, its needs, and problems to expect.

    report         the records of a report
    chat_template  checks the chat template, as the engine renders it
    tokenizer      checks the tokenizer with English and Japanese
    check          runs all checks

Nothing is imported here: import from the modules.
"""
