"""Sounds of a destination, some of them, rendered again here and compared byte for byte."""

from __future__ import annotations

import io
import itertools
import random
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import soundfile

from distill_runtime.audio.snr import snr_db
from distill_runtime.cli.cluster.cpu import describe_cpu
from distill_runtime.cli.cluster.destination import Destination
from distill_runtime.cli.cluster.outcome import FileOutcome
from distill_runtime.cli.cluster.rows import Row
from distill_runtime.cli.cluster.shard import read_sounds
from distill_runtime.cli.cluster.workshop import Workshop
from distill_runtime.errors import OutputError


@dataclass(frozen=True)
class Sample:
    """A sound that was rendered again.

    Attributes:
        number: Its row or seed.
        file: What it is in.
        equal: Whether its bytes are those that this machine makes.
        snr_db: How near it is, where they are not; None where it is no sound of that length.
        cpu: What it was made on, as far as that is known.
        here: What it was rendered on again.
    """

    number: int
    file: str
    equal: bool
    snr_db: float | None
    cpu: str | None
    here: str


def compare(
    workshop: Workshop,
    place: Destination,
    rows: Iterable[Row],
    files: Sequence[FileOutcome],
    count: int,
) -> list[Sample]:
    """Render some sounds again.

    Args:
        workshop: What renders them.
        place: Where the sounds are.
        rows: All rows.
        files: What is there.
        count: How many sounds to take, at random.

    Raises:
        DistillError: A file cannot be read, or a sound cannot be made.
    """
    drawn = {sound.number: sound for sound in _drawn(place, files, count)}
    samples = []
    for row in rows:
        sound = drawn.pop(row.number, None)
        if sound is None:
            continue
        again = workshop.bytes_of(row)
        equal = sound.data == again
        near = None if equal else _nearness(again, sound.data)
        samples.append(Sample(row.number, sound.file, equal, near, sound.cpu, describe_cpu()))
    return samples


@dataclass(frozen=True)
class _Drawn:
    number: int
    file: str
    data: bytes
    cpu: str | None


def _drawn(place: Destination, files: Sequence[FileOutcome], count: int) -> Iterator[_Drawn]:
    """Yield sounds drawn from all."""
    ends = list(itertools.accumulate(file.sounds for file in files))
    total = ends[-1] if ends else 0
    wanted: dict[int, set[int]] = {}
    for index in random.sample(range(total), min(count, total)):
        at = bisect_right(ends, index)
        wanted.setdefault(at, set()).add(index - (ends[at] - files[at].sounds))
    for index, places in sorted(wanted.items()):
        file = files[index]
        with place.open(file.name) as opened:
            if not file.is_shard:
                yield _Drawn(file.number, file.name, opened.read(), file.cpu)
                continue
            try:
                for place_in, (number, data, cpu) in enumerate(read_sounds(opened, file.name)):
                    if place_in in places:
                        yield _Drawn(number, file.name, data, cpu)
            except Exception:  # whatever a damaged file makes of its reader
                raise OutputError(f"{file.name} cannot be read: it is damaged") from None


def _nearness(expected: bytes, found: bytes) -> float | None:
    try:
        first, second = (soundfile.read(io.BytesIO(data))[0] for data in (expected, found))
        return round(snr_db(np.asarray(first), np.asarray(second)), 1)
    except (RuntimeError, ValueError):  # it is no sound, or one of another length
        return None
