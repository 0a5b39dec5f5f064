"""Read PDF files, page by page."""
