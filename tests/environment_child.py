"""A child process that prints its environment, for tests/test_child_environment.py."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Print each variable on a line."""
    sys.stdout.write("".join(f"{name}={value}\n" for name, value in os.environ.items()))
    sys.stdout.flush()
