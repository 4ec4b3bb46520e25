"""`distill-run`: play, describe and verify artifacts."""

from __future__ import annotations

import sys

from distill_runtime import command_line


def main() -> None:
    """Run the command line and exit."""
    from distill_runtime.cli.app import app  # noqa: PLC0415  (the package is also imported alone)

    sys.exit(command_line.run(app, "distill-run"))
