"""The JSON of the commands and of the APIs: records as JSON and back, their schemas, and the text of the documentation.

A field is defined once, in its record (`bunko.types`, `records.py`). `fields.py` holds what is special about a few.
"""
