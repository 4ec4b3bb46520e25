"""Draw the README's picture: a session at the command line as it really ran, and what it made.

`make docs` runs it; it needs the demo artifact that `make demo` exports.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.image
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

REPOSITORY = Path(__file__).parents[1]
ARTIFACT = REPOSITORY / "artifacts" / "ambience.onnx"
PICTURE = REPOSITORY / "docs" / "session.png"
COMMANDS = (
    "distill-run ambience.onnx -d 12 --seed 7 --slider 0:4 --slider 1:-2.5 -o dawn.flac --plot",
    "distill-run reproduce dawn.flac",
    "distill-run verify ambience.onnx",
)
_BACKGROUND, _TEXT, _PROMPT = "#16181d", "#d7dae0", "#7fd1b9"


def session(folder: Path) -> list[tuple[str, str]]:
    """Run the commands and return each line with its colour."""
    lines = []
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "COLUMNS": "100"}
    for command in COMMANDS:
        _, *arguments = command.split()
        done = subprocess.run(
            [sys.executable, "-m", "distill_runtime", *arguments],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
        )
        lines.append((f"$ {command}", _PROMPT))
        lines += [(line, _TEXT) for line in done.stdout.splitlines()]
    return lines


def draw(lines: list[tuple[str, str]], sound: Path, picture: Path) -> None:
    """Draw the session above the sound's own picture."""
    image = matplotlib.image.imread(sound)
    height, width, _ = image.shape
    text_height = 30 * len(lines) + 40
    figure = Figure(figsize=(width / 100, (height + text_height) / 100), facecolor=_BACKGROUND)
    FigureCanvasAgg(figure)
    share = height / (height + text_height)
    axes = figure.add_axes((0, 0, 1, share))
    axes.imshow(image, aspect="auto")
    axes.axis("off")
    for index, (line, colour) in enumerate(lines):
        figure.text(
            0.015,
            1 - (20 + 30 * index) / (height + text_height),
            line,
            color=colour,
            family="monospace",
            fontsize=12.5,
            verticalalignment="top",
        )
    with BytesIO() as drawn:
        figure.savefig(drawn, dpi=100, facecolor=_BACKGROUND)
        # A palette makes it a third of the size.
        Image.open(drawn).convert("RGB").quantize(128).save(picture, optimize=True)


def main() -> None:
    """Make the picture."""
    if not ARTIFACT.is_file():
        raise SystemExit("artifacts/ambience.onnx is not there: make demo first")
    with TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(ARTIFACT, folder)
        draw(session(folder), folder / "dawn.png", PICTURE)


if __name__ == "__main__":
    main()
