"""Open a library: a folder on this machine, or a library on a `bunko serve`."""
