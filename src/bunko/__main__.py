"""Run the command line: `python -m bunko` is `bunko`."""

import sys

from bunko.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
