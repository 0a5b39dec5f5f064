"""Answer questions over the rows of sheets, exactly. In: a question, the index's sheets. Out: an answer with its SQL.

    sheet -> type the columns -> link the question's words -> form or proposal -> check -> run -> answer

DuckDB computes (`engine.py`); the rows are given to it in memory, and it opens no file.
"""
