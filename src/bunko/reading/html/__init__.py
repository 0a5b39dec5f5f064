"""Read HTML pages, without the text that a browser would hide."""
