"""The command line: parse, call the library, print. Results go to stdout, everything else to stderr."""
