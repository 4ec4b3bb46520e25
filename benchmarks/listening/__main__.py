"""How near the sounds of seeds are to recordings: one table, a column for each artifact.

    python -m benchmarks.listening RECORDINGS_FOLDER ARTIFACT... [--held-out FOLDER]

docs/listening.md says what each row is.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import torch

from benchmarks.figures import Figure, save
from benchmarks.listening.figures import ROWS, Figures, ceiling, of_generated, of_recordings, table
from benchmarks.listening.machine import machine
from benchmarks.listening.picture import draw
from benchmarks.listening.sounds import Sound, generate, read_recordings
from distill_runtime import Artifact, DistillError, SessionOptions
from distill_runtime.files.paths import portable_name
from distill_runtime.generation.plot import require_matplotlib


def main() -> None:
    """Measure, print, and keep."""
    arguments = _parser().parse_args()
    torch.set_num_threads(arguments.threads)
    try:
        if arguments.picture:
            require_matplotlib()
        _measure(arguments)
    except DistillError as reason:
        sys.exit(f"Error: {reason}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.listening",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("recordings", type=Path, help="folder that the models learnt from")
    parser.add_argument("artifacts", type=Path, nargs="*", help="none: only the recordings")
    parser.add_argument(
        "--held-out",
        type=Path,
        metavar="FOLDER",
        help="recordings of the same kind, for the ceiling; by default the recordings' own halves",
    )
    parser.add_argument("--seeds", type=int, default=10, help="how many")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each seed's sound")
    parser.add_argument(
        "--nearness",
        type=float,
        action="append",
        metavar="X",
        help="0 to 1, by default the artifact's own; again for another column of each artifact",
    )
    parser.add_argument(
        "--one-gain",
        action="store_true",
        help="leave the levels between the seconds of a generated sound as they are",
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures")
    parser.add_argument(
        "--picture", type=Path, metavar="FILE.png", help="draw recordings and sounds side by side"
    )
    return parser


def _measure(arguments: argparse.Namespace) -> None:
    recordings = read_recordings(arguments.recordings, warn=_say)
    _say(f"recordings: {_amount(recordings)}")
    columns: dict[str, Figures] = {"recordings": of_recordings(recordings)}
    sounds = {"recordings": recordings}
    if arguments.held_out:
        held_out = read_recordings(arguments.held_out, warn=_say)
        _say(f"held out, the ceiling: {_amount(held_out)}")
        columns["held out"] = of_generated(held_out, recordings)
        sounds["held out"] = held_out
    else:
        columns["halves"] = ceiling(recordings)
    for path in arguments.artifacts:
        options = SessionOptions(threads=arguments.threads)
        # What is measured is one's own, and may be of a structure that is only being tried.
        artifact = Artifact.load(path, options=options, trust=True)
        for nearness in arguments.nearness or [None]:
            started = time.perf_counter()
            found = list(
                generate(
                    artifact,
                    seeds=range(arguments.first_seed, arguments.first_seed + arguments.seeds),
                    duration_s=arguments.seconds,
                    nearness=nearness,
                    one_gain=arguments.one_gain,
                )
            )
            took_s = time.perf_counter() - started
            name = _free(_name(path, nearness), columns)
            facts = artifact.metadata
            _say(
                f"{name}: {facts.reconstruction}, {facts.precision}, {_amount(found)} in "
                f"{took_s:.1f} s"
            )
            if not found:
                _say(f"skipped {name}: all its sounds are silent")
                continue
            columns[name], sounds[name] = of_generated(found, recordings), found
    print(table(columns))
    if arguments.json:
        save(_kept(columns), arguments.json, machine(arguments))
    if arguments.picture:
        draw(arguments.picture, sounds)


def _kept(columns: dict[str, Figures]) -> list[Figure]:
    return [
        Figure(column, key, figures[key], row.unit)
        for column, figures in columns.items()
        for row in ROWS
        for key in row.keys
        if figures.get(key) is not None and figures[key] == figures[key]
    ]


def _name(path: Path, nearness: float | None) -> str:
    stem = Path(portable_name(path)).stem
    return stem if nearness is None else f"{stem} at {nearness:g}"


def _free(name: str, taken: dict[str, Figures]) -> str:
    """Return the name, with a number if a file of the same name has it."""
    number = 2
    free = name
    while free in taken:
        free = f"{name} ({number})"
        number += 1
    return free


def _amount(sounds: list[Sound]) -> str:
    return f"{len(sounds)} sounds, {sum(len(sound.seconds) for sound in sounds)} seconds"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
