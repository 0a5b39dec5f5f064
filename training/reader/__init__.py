"""Train the reader: a small cross-encoder that marks the span of a passage that answers a question.

In: folders of questions with passages. Out: an ONNX model, its tokenizer and its card. The program never imports this.
"""
