"""Examine a model file before it is used. In: a GGUF file. Out: what it is, what it needs, and what will go wrong.

    records    the shapes of a report
    template   how its chat template behaves, as the engine renders it
    tokenizer  how many tokens its languages take
    checking   all of it, in order

Nothing is imported here: take what you need from the module that has it.
"""
