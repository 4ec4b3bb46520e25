"""The table has every figure of every column, and a recording is no distance from its copy."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("torch")

from benchmarks.listening.figures import (
    AUC,
    DIFFERENCE,
    MODULATION,
    NEAREST,
    ONSET,
    REVERSE,
    ROWS,
    Figures,
    ceiling,
    of_generated,
    of_recordings,
    shown,
    table,
)
from benchmarks.listening.sounds import Sound
from tests.benchmarks.listening.synthetic_sounds import clicks, noise, pad, sounds

KEYS = {key for row in ROWS for key in row.keys}


@pytest.fixture(scope="module")
def recordings() -> list[Sound]:
    return [*sounds(noise, 3), *sounds(clicks, 3)]


def test_a_copy_of_the_recordings_is_the_recordings(recordings: list[Sound]) -> None:
    copies = [Sound.of(sound.name, sound.whole) for sound in recordings]
    own, found = of_recordings(recordings), of_generated(copies, recordings)
    assert set(found) == KEYS
    for row in (DIFFERENCE, MODULATION, NEAREST, REVERSE):
        assert found[row.name] == pytest.approx(0, abs=1e-3)
    assert own[NEAREST.name] > 1
    assert found[ONSET.name] == pytest.approx(own[ONSET.name])


def test_what_is_unlike_is_said_to_be(recordings: list[Sound]) -> None:
    ceil, found = ceiling(recordings), of_generated(sounds(pad, 4), recordings)
    assert set(ceil) == KEYS
    for row in (DIFFERENCE, NEAREST, REVERSE):
        assert found[row.name] > 2 * ceil[row.name]
    assert found[AUC.name] > 0.95
    assert ceil[AUC.name] < 0.8


def test_one_recording_has_no_ceiling(recordings: list[Sound]) -> None:
    assert ceiling(recordings[:1]) == {}
    assert NEAREST.name not in of_recordings(recordings[:1])


def test_the_table_has_a_line_for_each_row_and_dashes_for_nothing() -> None:
    figures: Figures = dict.fromkeys(KEYS, 1.25)
    lines = table({"recordings": {}, "demo": figures}).splitlines()
    assert len(lines) == len(ROWS) + 2
    assert len({len(line) for line in lines}) == 1
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    assert cells[0] == ["", "unit", "recordings", "demo"]
    assert {row[2] for row in cells[2:]} == {"-"}
    assert ["told from the recordings", "AUC", "-", "1.25"] in cells
    assert ["levels of bands 0 to 15", "dB", "-", "1, 1, 1, 1"] in cells
    assert shown(AUC, {AUC.name: math.nan}) == "-"


def test_figures_are_medians_over_sounds(recordings: list[Sound]) -> None:
    hits, others = recordings[3:], [Sound.of(str(i), pad(i, 3.0)) for i in range(4)]
    assert of_recordings([*hits, *others])[ONSET.name] < 10
    assert of_recordings([*hits, *others[:2]])[ONSET.name] > 20
