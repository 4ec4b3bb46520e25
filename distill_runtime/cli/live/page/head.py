"""The head of the page: what plays, and how it does."""

from __future__ import annotations

from rich.text import Text

from distill_runtime.artifact.artifact import Artifact
from distill_runtime.cli.live.instrument import LiveState
from distill_runtime.cli.live.page.bar_drawing import Glyphs
from distill_runtime.files.one_line import one_line

_QUIETEST_DB, _WARM_DB, _HOT_DB = -60.0, -12.0, -3.0
_FULL_LOAD = 0.7  # beyond it a busy moment of the machine is heard


def title(artifact: Artifact, *, channels: int, state: LiveState, width: int) -> Text:
    """Return the line of what plays: the model, and the seed."""
    name = one_line(artifact.metadata.model.name) or "artifact"
    sound = f"{artifact.metadata.reconstruction} {('mono', 'stereo')[channels - 1]}"
    seed = f"{'walk of ' if state.walking else ''}seed {state.seed}"
    held = " HOLD" if state.hold else ""
    left = Text.assemble((f" {name}", "bold"), f"  {sound}")
    right = Text.assemble(seed, (held, "bold reverse" if held else ""), " ")
    left.truncate(max(1, width - len(right.plain) - 1), overflow="ellipsis")
    gap = max(1, width - len(left.plain) - len(right.plain))
    return Text.assemble(left, " " * gap, right)


def meters(
    state: LiveState, *, late: int, refused: int, recording: bool, width: int, glyphs: Glyphs
) -> Text:
    """Return the line of how it goes: level, load, gaps, time.

    Args:
        state: How things stand.
        late: How often the device itself went without samples.
        refused: How many messages from outside were refused; 0 is not shown.
        recording: Whether it is written on leaving.
        width: In cells; the level gets what is left of it.
        glyphs: What to draw with.
    """
    gaps = state.underruns + late
    clock = f"{int(state.played_s) // 60}:{int(state.played_s) % 60:02d}"
    parts = [
        (f" {state.peak_db:6.1f} dB" if state.peak_db > _QUIETEST_DB else "  quiet  ", ""),
        (f"  load {state.load:.0%}", "bold red" if state.load > _FULL_LOAD else ""),
        (f"  underruns {gaps}" if width >= 70 else f"  gaps {gaps}", "bold red" if gaps else ""),
        (f"  rec {clock}" if recording else f"  {clock}", "red" if recording else ""),
    ]
    if refused:
        parts.append((f"  refused {refused}", "yellow"))
    cells = width - 2 - sum(len(text) for text, _ in parts)
    line = Text(" ", no_wrap=True, overflow="crop")
    line.append(_level(state.peak_db, max(cells, 4), glyphs))
    for text, style in parts:
        line.append(text, style)
    return line


def _level(peak_db: float, cells: int, glyphs: Glyphs) -> Text:
    """Return the level as a bar from -60 dB to 0."""
    bar = Text()
    for cell in range(cells):
        here_db = _QUIETEST_DB * (1.0 - (cell + 1) / cells)
        if peak_db < here_db or peak_db <= _QUIETEST_DB:
            bar.append(glyphs.beyond, "bright_black")
        else:
            bar.append(glyphs.filled, _colour(here_db))
    return bar


def _colour(level_db: float) -> str:
    if level_db > _HOT_DB:
        return "red"
    return "yellow" if level_db > _WARM_DB else "green"
