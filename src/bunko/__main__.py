"""Run the command line: `python -m bunko` is `bunko`."""

import sys

from bunko.cli.main import main

sys.exit(main())
