"""Examine a model file before it is used. In: a GGUF file. Out: what it is, what it needs, and what will go wrong.

    report         the records of a report
    chat_template  how its chat template behaves, as the engine renders it
    tokenizer      how many tokens English and Japanese take
    check          all of it, in order

Nothing is imported here: import from the modules.
"""
