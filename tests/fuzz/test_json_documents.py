"""A short part of the campaign against what reads JSON documents."""

from __future__ import annotations

import json
import sys

import pytest

from tests.fuzz import campaign, json_documents
from tests.fuzz.json_writer import Pairs, Raw, text_of

COUNT = 600


@pytest.mark.skipif(sys.platform != "linux", reason="it limits processes as Linux does")
def test_no_document_does_harm() -> None:
    report = campaign.run(
        "tests.fuzz.json_documents", "tests.fuzz.reading_documents", seed=1, count=COUNT
    )
    assert report.faults == []
    assert report.count == COUNT
    # It comes to something: of every kind some are read, and most are refused.
    assert COUNT / 2 < report.outcomes["refused"] < COUNT * 9 / 10
    for kind in ("recipe", "preset", "metadata"):
        assert report.outcomes[f"read as {kind}"] > COUNT / 100
    assert len(report.labels) > 60


def test_a_case_is_made_again_from_its_numbers() -> None:
    first, second = (json_documents.case(7, index) for index in (3, 3))
    assert first == second
    following = json_documents.cases(7)
    assert [next(following) for _ in range(4)][3] == first
    assert json_documents.case(8, 3) != first
    assert json_documents.case(7, 4) != first


@pytest.mark.parametrize(
    "value", [1, 'a"é', [], {}, [[], {}, [1, [2]]], {"a": {"b": [None, True]}}]
)
def test_good_values_are_written_as_json(value: object) -> None:
    assert json.loads(text_of(value)) == value


def test_bad_ones_are_written_as_they_are() -> None:
    assert text_of(Pairs([("a", 1), ("a", Raw("NaN"))])) == '{"a": 1, "a": NaN}'
    assert text_of(Pairs()) == "{}"


@pytest.mark.parametrize("kind", json_documents.documents())
def test_what_is_changed_is_good_before(kind: str, tmp_path) -> None:
    from tests.fuzz.reading_documents import read

    path = tmp_path / "case.json"
    path.write_text(text_of(json_documents.documents()[kind]))
    expected = {"sidecar": "recipe", "performance": "recipe", "index": "preset in an index"}.get(
        kind, kind
    )
    assert read(path) == f"read as {expected}"
