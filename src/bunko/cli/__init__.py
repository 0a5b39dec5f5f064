"""The command line: parse, call the library, render. Results go to stdout, everything else to stderr."""
