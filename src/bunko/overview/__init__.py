"""Answer questions about the whole folder: how many documents, which mention a name, what do all of them say.

`plan` tells such a question from others, `surveying` answers it. `library` is what calls them.
"""
