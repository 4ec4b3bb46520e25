"""A short part of the campaign against the readers of model files and of PyTorch's archives."""

from __future__ import annotations

import sys

import pytest

from tests.fuzz import campaign, pickles, zips
from tests.fuzz.doing_harm import WORDS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it limits processes as Linux does")

TARGET = "tests.fuzz.reading_models"
COUNT = 250


@pytest.mark.parametrize("generator", [pickles, zips])
def test_no_file_does_harm(generator: object) -> None:
    report = campaign.run(generator.__name__, TARGET, seed=1, count=COUNT)
    assert report.faults == []
    assert report.count == COUNT
    # It comes to something: some files are read, and most are refused.
    read = sum(count for outcome, count in report.outcomes.items() if " read" in outcome)
    assert COUNT / 50 < read < COUNT / 2
    assert len(report.labels) > 10


@pytest.mark.parametrize("generator", [pickles, zips])
def test_a_case_is_made_again_from_its_numbers(generator: object) -> None:
    first, second = (generator.case(7, index) for index in (3, 3))
    assert first == second
    following = generator.cases(7)
    assert [next(following) for _ in range(4)][3] == first
    assert generator.case(8, 3) != first
    assert generator.case(7, 4) != first


@pytest.mark.parametrize(
    ("word", "fault"),
    [
        ("hang", "FAULT hung"),
        ("spin", "FAULT hung"),
        ("crash", "FAULT died of SIGABRT"),
        ("exit", "FAULT ended with 3"),
        ("swell", "FAULT out of memory"),
        ("wrong", "FAULT KeyError: \"'wrong'\""),
        ("touch", "FAULT left ['left behind']"),
        ("code", "FAULT code was run"),
        ("temporary", "FAULT left ['left there']"),
    ],
)
def test_a_campaign_notices_what_it_is_for(word: str, fault: str) -> None:
    harm = "tests.fuzz.doing_harm"
    seed = WORDS.index(word)
    report = campaign.run(harm, harm, seed=seed, first=3, count=4, seconds=0.1)
    assert len(report.faults) == 1, report
    assert report.faults[0].startswith(f"{harm} {seed} 4 ({word}): {fault}")
    assert report.outcomes["read"] == 3
