"""Recordings that no recorder would write: headers and bodies changed where their structure is.

    python -m tests.fuzz.campaign tests.fuzz.audio_headers tests.fuzz.reading_recordings

Bytes that are changed blindly die at the first check of a decoder. These keep the structure (lists
of chunks, checksums of pages, lengths of tags) and lie in a field or a few, so that they get far.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator

from tests.fuzz.audio_chunks import CHUNKED, chunked
from tests.fuzz.audio_originals import original, put
from tests.fuzz.audio_streams import flac, mp3, ogg
from tests.fuzz.case import Case, draws

Made = tuple[str, str, bytes]  # what was done to what, the ending, the bytes
OTHERS = (
    ("AU", "PCM_16", 1),
    ("AU", "G721_32", 1),
    ("NIST", "PCM_16", 1),
    ("VOC", "PCM_16", 1),
    ("SVX", "PCM_16", 1),
    ("PAF", "PCM_24", 1),
    ("IRCAM", "PCM_16", 1),
    ("MAT4", "PCM_16", 1),
    ("MAT5", "DOUBLE", 1),
    ("PVF", "PCM_16", 1),
    ("SDS", "PCM_16", 1),
    ("AVR", "PCM_16", 1),
    ("HTK", "PCM_16", 1),
    ("WVE", "ALAW", 1),
    ("MPC2K", "PCM_16", 1),
    ("XI", "DPCM_16", 1),
)


def case(seed: int, index: int) -> Case:
    """Return a hostile recording; the same two numbers give the same one."""
    choices = draws(seed, index)
    make = choices.choices(list(_FAMILIES), list(_FAMILIES.values()))[0]
    label, suffix, content = make(choices)
    if choices.random() < 0.15:
        content = content[: choices.randrange(len(content) + 1)]
        label = f"{label.partition(':')[0]}: cut"
    return Case(label, suffix, content)


def cases(seed: int) -> Iterator[Case]:
    """Yield case(seed, 0), case(seed, 1), ... without end."""
    return (case(seed, index) for index in itertools.count())


def _other(chance: random.Random) -> tuple[str, str, bytes]:
    format, subtype, channels = chance.choice(OTHERS)
    content = bytearray(original(format, subtype, channels))
    for _ in range(chance.choice((1, 2, 4))):
        code = chance.choice("BHI")
        order = chance.choice("<>")
        put(chance, content, chance.randrange(min(200, len(content))), order + code)
    return f"{format}: head", f".{format.lower()}", bytes(content)


def _spliced(chance: random.Random) -> tuple[str, str, bytes]:
    """Return the beginning of one file and the end of another."""
    one, other = (original(*chance.choice(CHUNKED)[1:]) for _ in range(2))
    if chance.random() < 0.5:
        other = original("OGG", "VORBIS", 1)
    content = one[: chance.randrange(len(one))] + other[chance.randrange(len(other)) :]
    return "two files: spliced", ".wav", content


_FAMILIES: dict[Callable[[random.Random], Made], int] = {
    chunked: 8,
    flac: 3,
    ogg: 4,
    mp3: 4,
    _other: 2,
    _spliced: 1,
}
