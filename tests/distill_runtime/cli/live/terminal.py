"""A terminal to play in: tmux, whose screen can be read."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

REPOSITORY = Path(__file__).parents[4]
_PATIENCE_S = 30.0


def wait_for(condition: Callable[[], object], *, within_s: float = _PATIENCE_S) -> None:
    """Wait until something is so."""
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.03)


class Terminal:
    """A shell in a tmux of its own; it is gone when it is closed."""

    def __init__(self, folder: Path, *, size: tuple[int, int] = (80, 24)) -> None:
        if shutil.which("tmux") is None:
            pytest.skip("there is no tmux")
        self._place = TemporaryDirectory()  # a socket's path must be short
        self._socket = Path(self._place.name) / "tmux"
        self._log = folder / "stderr"
        columns, rows = map(str, size)
        environment = {
            **{name: text for name, text in os.environ.items() if name != "TMUX"},
            "PYTHONPATH": str(REPOSITORY),
            "LC_ALL": "C.UTF-8",
        }
        self._tmux(
            "-f", os.devnull, "new-session", "-d", "-x", columns, "-y", rows, "sh",
            env=environment,
        )  # fmt: skip
        wait_for(lambda: self.text().strip())  # the prompt
        self.type("stty -g > before")
        program = shlex.join([sys.executable, "-m", "distill_runtime", "live"])
        self.command = f"sh -c 'echo $$ > pid; exec \"$@\"' pid {program}"

    def type(self, line: str) -> None:
        """Type a line and press Enter."""
        self._tmux("send-keys", "-l", line)
        self.press("Enter")

    def live(self, arguments: str) -> None:
        """Start the page and wait for it."""
        self.type(f"clear; {self.command} {arguments} 2> {self._log}; echo code $?")
        wait_for(lambda: "q quit" in self.text() or re.search(r"^code \d", self.text(), re.M))
        assert "q quit" in self.text(), self.complaint()

    def press(self, *keys: str) -> None:
        """Press keys by tmux' names for them."""
        self._tmux("send-keys", *keys)

    def send(self, sequence: str) -> None:
        """Send what a terminal sends, the mouse for example."""
        self._tmux("send-keys", "-l", sequence)

    def resize(self, columns: int, rows: int) -> None:
        """Give the window another size."""
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def lines(self) -> list[str]:
        """Return what is on the screen."""
        return self.text().splitlines()

    def text(self, *, escapes: bool = False) -> str:
        """Return what is on the screen, with the colours if asked."""
        return self._tmux("capture-pane", "-p", *(["-e"] if escapes else []))

    def sees(self, *texts: str) -> None:
        """Wait until a line has all of these texts."""
        wait_for(lambda: any(all(text in line for text in texts) for line in self.lines()))

    def left_with(self, code: int) -> None:
        """Wait until the page was left, and check that the terminal is as it was."""
        self.sees(f"code {code}")
        self.type("stty -g > after")
        after = Path("after")
        wait_for(lambda: after.is_file() and after.stat().st_size)
        assert after.read_text("ascii") == Path("before").read_text("ascii")
        assert self._tmux("display", "-p", "#{alternate_on}#{mouse_any_flag}#{cursor_flag}") == (
            "001\n"
        )

    def complaint(self) -> str:
        """Return what the program wrote to stderr."""
        return self._log.read_text("utf-8")

    def close(self) -> None:
        """Close the window, and with it whatever runs in it."""
        self._tmux("kill-server", check=False)
        self._place.cleanup()

    def _tmux(self, *arguments: str, check: bool = True, **options: object) -> str:
        command = ["tmux", "-S", str(self._socket), *arguments]
        done = subprocess.run(  # type: ignore[call-overload]
            command, check=check, capture_output=True, text=True, timeout=30, **options
        )
        return str(done.stdout)
