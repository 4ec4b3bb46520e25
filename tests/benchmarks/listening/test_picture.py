"""A strip shows the beginnings of the longest sounds, apart from each other."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from benchmarks.listening.levels import heard_bands
from benchmarks.listening.picture import LONGEST_S, SOUNDS, strip
from benchmarks.listening.sounds import Sound
from benchmarks.listening.spectra import FRAME_RATE_HZ
from tests.benchmarks.listening.synthetic_sounds import noise


def test_the_longest_are_shown_in_their_order() -> None:
    every = [Sound.of(str(i), noise(i, length)) for i, length in enumerate((1, 0.2, 5, 1, 1))]
    levels = strip(every)
    frames = round(LONGEST_S * FRAME_RATE_HZ)
    assert levels.shape == (heard_bands(), SOUNDS * frames + (SOUNDS - 1) * 6)
    shown = ~np.isnan(levels[0])
    starts = np.arange(SOUNDS) * (frames + 6)
    assert [int(shown[at : at + frames].sum()) for at in starts] == [94, frames, 94, 94]
