"""One input that a generator has made, and what every generator offers.

A generator is a module with two functions:

    case(seed: int, index: int) -> Case      the same for the same two numbers, without state
    cases(seed: int) -> Iterator[Case]       case(seed, 0), case(seed, 1), ... without end

So a campaign can be cut into pieces, go on after a crash, and show again what was found.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

CANARY = "distill-canary"  # what code creates in the working folder, if any is run


@dataclass(frozen=True)
class Case:
    """A file.

    Attributes:
        label: What is done to it, of a few kinds, to count by.
        suffix: Of the file's name, with the dot.
        content: Its bytes.
    """

    label: str
    suffix: str
    content: bytes


def draws(seed: int, index: int) -> random.Random:
    """Return the random numbers of one case."""
    return random.Random(f"{seed}:{index}")
