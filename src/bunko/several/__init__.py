"""Ask several libraries at once: each with its own index and embedder. Start reading in libraries.py."""

from bunko.several.libraries import SeveralLibraries, open_several

__all__ = ["SeveralLibraries", "open_several"]
