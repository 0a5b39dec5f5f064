"""Open a library: a folder on this machine, or one that a running `bunko serve` holds."""
