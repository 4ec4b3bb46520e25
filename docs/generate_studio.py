"""Draws docs/studio.png: the plug-in's parameters as a host sees them, with the demo model.

    PYTHONPATH=. python docs/generate_studio.py BUILD

BUILD is where tests/hosts/plugin was built (benchmarks/plugin.py says how); it needs the demo
artifact that `make demo` exports.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from matplotlib.figure import Figure

from benchmarks.plugin import ClapHost

REPOSITORY = Path(__file__).parents[1]
ARTIFACT = REPOSITORY / "artifacts" / "ambience.onnx"
PICTURE = REPOSITORY / "docs" / "studio.png"
_TRACK, _FILLED = "#dde5ec", "#446688"


def main(build: Path) -> None:
    """Ask the plug-in for its parameters, and draw them."""
    if not ARTIFACT.is_file():
        raise SystemExit("artifacts/ambience.onnx is not there: make demo first")
    with tempfile.TemporaryDirectory() as folder:
        host = ClapHost(build.resolve(), ARTIFACT, Path(folder))
        parameters = [*host.parameters.values()]
        found = host.run(*host.plays(), *(f"get {p.number}" for p in parameters))
    columns = 2
    rows = -(-len(parameters) // columns)
    figure = Figure(figsize=(10, 0.32 * rows + 0.2))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, columns), ylim=(rows, 0))
    axes.axis("off")
    for place, parameter in enumerate(parameters):
        left, row = place // rows, place % rows + 0.5
        value, text = found[parameter.number]
        share = (value - parameter.least) / (parameter.most - parameter.least)
        axes.text(left + 0.03, row, parameter.name, va="center", fontsize=9)
        axes.barh(row, 0.22, 0.5, left + 0.33, color=_TRACK)
        axes.barh(row, 0.22 * share, 0.5, left + 0.33, color=_FILLED)
        shown = text if len(text) <= 24 else text[:23] + "\u2026"
        axes.text(left + 0.57, row, shown, va="center", fontsize=9)
        reach = f"{parameter.least:g} to {parameter.most:g}"
        axes.text(left + 0.97, row, reach, va="center", ha="right", fontsize=7, color="#778899")
    figure.savefig(PICTURE, dpi=100)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: generate_studio.py BUILD")
    main(Path(sys.argv[1]))
