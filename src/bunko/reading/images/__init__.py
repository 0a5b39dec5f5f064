"""Read images with OCR."""
