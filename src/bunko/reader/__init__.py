"""The reader: marks the words of a quote that answer a question, before any language model is asked.

    cards   folders with readers, and what their cards say
    late    a reader whose model is loaded when it is first needed
    onnx    the model itself, with ONNX Runtime

Nothing is imported here: import from the modules. docs/decisions/024-reader.md has the reasons and the figures.
"""
