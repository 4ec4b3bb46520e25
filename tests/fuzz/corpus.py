"""Every input that ever did harm, as a generator: tests/fuzz/corpus, in the order of the names.

A name says how the input was made, as in `zips-5-1234.distill`: generator, seed, number. Inputs
that somebody made by hand have a name that says what is in them.
"""

from __future__ import annotations

from pathlib import Path

from tests.fuzz.case import Case

FOLDER = Path(__file__).with_name("corpus")


def files() -> list[Path]:
    """Return the inputs."""
    return sorted(path for path in FOLDER.iterdir() if path.suffix != ".md")


def case(seed: int, index: int) -> Case:
    """Return one input; those of the seed 0 are empty, to warm up with."""
    path = files()[index]
    return Case(path.name, path.suffix, path.read_bytes() if seed else b"")
