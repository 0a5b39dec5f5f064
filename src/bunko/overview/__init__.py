"""Answer questions about the whole folder: how many documents, which mention a name, what do all of them say.

`plan` recognises such questions, `surveying` answers them, and `library` calls both.
"""
