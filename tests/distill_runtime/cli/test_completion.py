"""Help that teaches, and completion by the shell."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest

from distill_runtime.cli.app import app

COMMANDS = [
    command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands
]


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
def test_every_help_has_an_example(cli: Any, command: list[str]) -> None:
    done = cli(*command, "--help")
    assert (done.code, done.err) == (0, "")
    assert "Example" in done.out
    assert "distill-run " in plain(done.out).partition("Example")[2]


def test_the_help_of_play_names_every_option(cli: Any) -> None:
    text = plain(cli("play", "--help").out)
    for option in (
        *("--duration", "--seed", "--count", "--output", "--mode", "--slider", "--randomize"),
        *("--evolution", "--preset", "--save-preset", "--stereo", "--width", "--depth"),
        *("--blend", "--blend-mode", "--weight", "--format", "--sample-rate", "--bit-depth"),
        *("--title", "--artist", "--album", "--sidecar", "--plot", "--play", "--raw"),
        *("--force", "--json", "--provider", "--threads", "-d", "-s", "-n", "-o"),
    ):
        assert re.search(rf"(?<![\w-]){option}(?![\w-])", text), option


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_given_a_completion_script(process: Any, shell: str) -> None:
    # Which shell it is, typer finds by itself unless it is told not to look.
    environment = {**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    with process("--show-completion", shell, env=environment) as showing:
        out, err = showing.communicate(timeout=30)
    assert (showing.returncode, err) == (0, b"")
    assert "_DISTILL_RUN_COMPLETE" in out.decode()


def complete(process: Any, line: str) -> list[str]:
    environment = {
        **os.environ,
        "_DISTILL_RUN_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split()) - (not line.endswith(" "))),
    }
    with process(env=environment) as completing:
        out, err = completing.communicate(timeout=30)
    assert err == b""
    return out.decode().split()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("distill-run ", set(COMMANDS)),
        ("distill-run rep", {"reproduce"}),
        ("distill-run play --sl", {"--slider"}),
        ("distill-run list --js", {"--json"}),
    ],
)
def test_words_are_completed(process: Any, line: str, expected: set[str]) -> None:
    assert set(complete(process, line)) >= expected
