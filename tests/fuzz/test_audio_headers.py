"""A short part of the campaign against what reads recordings."""

from __future__ import annotations

import sys

import pytest

from tests.fuzz import audio_headers, campaign

COUNT = 400


@pytest.mark.skipif(sys.platform != "linux", reason="it limits processes as Linux does")
def test_no_recording_does_harm() -> None:
    report = campaign.run(
        "tests.fuzz.audio_headers", "tests.fuzz.reading_recordings", seed=1, count=COUNT
    )
    assert report.faults == []
    assert report.count == COUNT
    # It comes to something: many are read, and many refused.
    assert COUNT / 4 < report.outcomes["refused"] < 3 * COUNT / 4
    assert report.outcomes["read"] > COUNT / 4
    assert report.outcomes["read, with a note"] > COUNT / 40
    assert len(report.labels) > 40


def test_a_case_is_made_again_from_its_numbers() -> None:
    first, second = (audio_headers.case(7, 3) for _ in range(2))
    assert first == second
    following = audio_headers.cases(7)
    assert [next(following) for _ in range(4)][3] == first
    assert audio_headers.case(8, 3) != first
    assert audio_headers.case(7, 4) != first
