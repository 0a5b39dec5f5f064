"""Read plain text, markup, tables and data files."""
