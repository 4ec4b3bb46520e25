"""What a newcomer reads first: how to make a sound."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "dumb")


def places(text: str, *words: str) -> list[int]:
    return [text.index(word) for word in words]


def test_the_first_command_makes_a_sound(cli: Any) -> None:
    text = cli("--help").out
    order = places(text, "Example", "Make a sound", "Look at an artifact")
    assert order == sorted(order)
    made, looked = order[1:]
    assert all(made < place < looked for place in places(text, "│ play ", "│ reproduce "))
    assert all(looked < place for place in places(text, "│ info ", "│ list ", "│ verify "))


def test_how_the_shell_is_set_up_is_said_at_the_end(cli: Any) -> None:
    text = cli("--help").out
    assert text.index("--install-completion") > text.index("│ bench ")


def test_the_sound_comes_before_how_the_program_runs(cli: Any) -> None:
    text = cli("play", "--help").out
    order = places(text, "─ The sound ─", "─ Sliders ─", "─ The file ─", "─ Running ─")
    assert order == sorted(order)
    assert "─ Options ─" not in text
    assert text.index("--duration") < text.index("--loop") < text.index("--force")


@pytest.mark.parametrize("command", ["info", "list", "verify", "bench", "reproduce"])
def test_help_is_the_last_option(cli: Any, command: str) -> None:
    text = cli(command, "--help").out
    assert text.rindex("--help") > text.rindex("--json")
