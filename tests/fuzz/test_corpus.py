"""Whatever once did harm does none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.fuzz import campaign, corpus
from tests.fuzz.__main__ import HARM, TARGET, Total, generators, keep, table
from tests.fuzz.doing_harm import WORDS


@pytest.mark.skipif(sys.platform != "linux", reason="it limits processes as Linux does")
def test_nothing_in_the_corpus_does_harm_any_more() -> None:
    count = len(corpus.files())
    assert count > 10
    report = campaign.run("tests.fuzz.corpus", TARGET, seed=1, count=count)
    assert report.faults == []
    assert report.count == count


def test_every_generator_gets_its_turn() -> None:
    assert {"artifacts", "json_documents", "pickles", "zips"} <= set(generators())
    assert not {"corpus", "doing_harm", "campaign"} & set(generators())


@pytest.mark.skipif(sys.platform != "linux", reason="it limits processes as Linux does")
def test_harm_is_counted_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "FOLDER", tmp_path)
    harm = "tests.fuzz.doing_harm"
    total = Total()
    for word in ("crash", "spin", "code", "wrong"):
        report = campaign.run(harm, harm, seed=WORDS.index(word), first=3, count=2, seconds=0.1)
        total.add(report)
        (fault,) = report.faults
        assert keep(fault).read_text() == word
    assert total.files == 8
    assert total.harm == {"crashes": 1, "hangs": 1, "code run": 1, "untranslated errors": 1}
    assert set(total.harm) <= set(HARM.values())
    assert table({"harm": total}).splitlines()[1].startswith("harm                    8")
    assert len(list(tmp_path.iterdir())) == 4
