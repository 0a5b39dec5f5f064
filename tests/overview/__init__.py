"""Questions about the whole folder."""
