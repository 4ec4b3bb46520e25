"""`distill-run`: play, describe and verify artifacts."""

from __future__ import annotations

import sys
from typing import Any

from distill_runtime.cli import program as command_line


def main() -> None:
    """Run the command line and exit."""
    sys.exit(command_line.run(_app, "distill-run"))


def _app(**settings: Any) -> Any:
    """Import the app and run it: Ctrl-C may come during the import, too."""
    from distill_runtime.cli.app import app  # noqa: PLC0415  (the package is also imported alone)

    return app(**settings)
