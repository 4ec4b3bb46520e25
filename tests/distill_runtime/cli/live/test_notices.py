"""Remarks: the latest is shown, refusals are counted and told once."""

from __future__ import annotations

from distill_runtime.cli.live.notices import Notices


def test_the_latest_remark_is_one_line_without_control_characters() -> None:
    heard: list[str] = []
    notices = Notices(heard.append)
    notices.tell("kept in\n\x1b[31mrain.wav")
    assert notices.latest == "kept in [31mrain.wav"
    assert heard == [notices.latest]


def test_of_a_thousand_refusals_of_a_source_one_is_told_and_all_are_counted() -> None:
    heard: list[str] = []
    notices = Notices(heard.append)
    for number in range(1000):
        notices.refuse("OSC", f"bad {number}")
    notices.refuse("MIDI", "x" * 9999)
    assert notices.refused == 1001
    assert heard[0] == "OSC refused, and so silently what follows: bad 0"
    assert len(heard) == 2
    assert len(heard[1]) < 400
