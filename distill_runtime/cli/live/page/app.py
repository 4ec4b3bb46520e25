"""The page: faders in a terminal, moved by keys and mouse."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from distill_runtime.cli.live.fader import CONTROL, DRIFT, SLIDER, Fader, find_fader
from distill_runtime.cli.live.page.bar_drawing import Glyphs, glyphs_for
from distill_runtime.cli.live.page.fader_line import FaderLine
from distill_runtime.cli.live.page.head import meters, title
from distill_runtime.cli.live.quiet import page_on_stdout
from distill_runtime.cli.live.stage import Ending, Stage
from distill_runtime.errors import DistillError, FailureError

_PERIOD_S = 0.05
_HEADINGS = {CONTROL: " Controls", SLIDER: " Sliders"}
_HELP = (
    ("←→", "move"),
    ("shift", "tenths"),
    ("↑↓", "choose"),
    ("0", "reset"),
    ("z", "all"),
    ("r", "random"),
    ("s", "new seed"),
    ("space", "hold"),
    ("d D", "drift"),
    ("l", "learn"),
    ("R", "keep"),
    ("q", "quit"),
)


class LivePage(App[Ending]):
    """The page of an instrument that is playing."""

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Screen { layout: vertical; }
    #title, #meters, #notice { height: 1; }
    #faders {
        height: 1fr;
        scrollbar-size-vertical: 1;
        scrollbar-background: ansi_default;
        scrollbar-background-hover: ansi_default;
        scrollbar-background-active: ansi_default;
        scrollbar-color: ansi_bright_black;
        scrollbar-color-hover: ansi_bright_black;
        scrollbar-color-active: ansi_bright_black;
        scrollbar-corner-color: ansi_default;
    }
    .heading { height: 1; color: ansi_bright_black; }
    #help { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "nudge(-1)"),
        Binding("right", "nudge(1)"),
        Binding("shift+left,comma", "nudge(-0.1)"),
        Binding("shift+right,full_stop", "nudge(0.1)"),
        Binding("up,k", "choose(-1)"),
        Binding("down,j", "choose(1)"),
        Binding("home", "choose(-999)"),
        Binding("end", "choose(999)"),
        Binding("0", "reset"),
        Binding("z", "reset_all"),
        Binding("r", "randomise"),
        Binding("s", "new_seed"),
        Binding("space", "hold"),
        Binding("d", "drift(1)"),
        Binding("D", "drift(-1)"),
        Binding("l", "learn"),
        Binding("backspace", "forget"),
        Binding("escape", "give_up"),
        Binding("R", "take"),
        Binding("q", "leave"),
        Binding("ctrl+q", "leave", priority=True),
        Binding("ctrl+c", "interrupt", priority=True),
    ]

    def __init__(self, stage: Stage, *, glyphs: Glyphs | None = None) -> None:
        """Make the page.

        Args:
            stage: What is played.
            glyphs: What bars are drawn with; None finds out what the terminal has.
        """
        super().__init__()
        # The terminal's own colours, so that it fits a light one and a dark one.
        self.theme = "ansi-dark"
        self._stage = stage
        self._instrument = stage.instrument
        self._glyphs = glyphs or glyphs_for(getattr(sys.__stdout__, "encoding", None))
        self._lines = [FaderLine(fader, self._glyphs) for fader in self._instrument.faders]
        self._title, self._meters = Static(id="title"), Static(id="meters")
        self._notice, self._help = Static(id="notice"), Static(id="help")
        self._chosen = 0

    def compose(self) -> ComposeResult:
        """Lay the page out: head, faders, remark, keys."""
        yield self._title
        yield self._meters
        with VerticalScroll(id="faders", can_focus=False):
            yield from self._grouped()
        yield self._notice
        yield self._help

    def on_mount(self) -> None:
        """Begin to follow the instrument."""
        self._choose(0)
        self._follow()
        self.set_interval(_PERIOD_S, self._follow)

    def on_resize(self, event: events.Resize) -> None:
        """Fit what the keys do into the width."""
        self._help.update(_help(event.size.width))

    def on_fader_line_wanted(self, wanted: FaderLine.Wanted) -> None:
        """Do what the mouse wants."""
        self._choose(self._instrument.faders.index(wanted.fader))
        if wanted.value is not None:
            self._try(lambda: self._instrument.move(wanted.fader, wanted.value))
        elif wanted.steps:
            self._try(lambda: self._instrument.nudge(wanted.fader, wanted.steps))

    def action_nudge(self, steps: float) -> None:
        """Move the chosen fader."""
        self._try(lambda: self._instrument.nudge(self._fader, steps))

    def action_choose(self, by: int) -> None:
        """Choose another fader."""
        self._choose(min(max(self._chosen + by, 0), len(self._lines) - 1))

    def action_reset(self) -> None:
        """Reset the chosen fader."""
        self._try(lambda: self._instrument.reset(self._fader))

    def action_reset_all(self) -> None:
        """Reset all sliders and controls."""
        self._try(self._instrument.reset_all)

    def action_randomise(self) -> None:
        """Move all sliders to a random place."""
        self._try(lambda: self._tell(f"random sliders of seed {self._instrument.randomise()}"))

    def action_new_seed(self) -> None:
        """Walk on from a new seed."""
        self._try(lambda: self._tell(f"walking on from seed {self._instrument.walk()}"))

    def action_hold(self) -> None:
        """Freeze the wandering, or let it go."""
        self._try(
            lambda: self._tell("held: space lets go" if self._instrument.hold() else "wandering on")
        )

    def action_drift(self, steps: float) -> None:
        """Wander more, or less."""
        drift = find_fader(self._instrument.faders, DRIFT, 0)
        self._try(lambda: self._instrument.nudge(drift, steps))

    def action_learn(self) -> None:
        """Bind the next controller that moves to the chosen fader; once more gives up."""
        hands = self._stage.hands
        if hands is None:
            self._tell("there is no MIDI port: --midi PORT opens one")
        elif hands.learning is not None:
            self.action_give_up()
        else:
            hands.learn(self._fader)

    def action_forget(self) -> None:
        """Take the chosen fader's controller away."""
        if self._stage.hands is not None:
            self._stage.hands.forget(self._fader)

    def action_give_up(self) -> None:
        """Learn nothing."""
        hands = self._stage.hands
        if hands is not None and hands.learning is not None:
            hands.learn(None)
            self._tell("no controller was learned")

    def action_take(self) -> None:
        """Write what was played so far, while it plays on."""
        self._tell("writing what was played ...")
        self.run_worker(self._take, thread=True, exclusive=True)

    def action_leave(self) -> None:
        """Leave the page."""
        self.exit(Ending.LEFT)

    def action_interrupt(self) -> None:
        """Leave it as Ctrl-C leaves other programs."""
        self.exit(Ending.INTERRUPTED)

    @property
    def _fader(self) -> Fader:
        return self._lines[self._chosen].fader

    def _grouped(self) -> Iterable[FaderLine | Static]:
        """Yield the faders, a heading before the controls and before the sliders."""
        before = ""
        for line in self._lines:
            kind = line.fader.kind
            if kind != before and kind in _HEADINGS:
                yield Static(_HEADINGS[kind], classes="heading")
            before = kind
            yield line

    def _choose(self, index: int) -> None:
        self._lines[self._chosen].chosen = False
        self._chosen = index
        self._lines[index].chosen = True
        self._lines[index].scroll_visible(animate=False)

    def _follow(self) -> None:
        """Show how things stand, and leave when it is over."""
        if not self._help.is_attached:
            return  # the page is being taken down
        if (ending := self._stage.ended()) is not None:
            self.exit(ending)
            return
        state, hands = self._instrument.state(), self._stage.hands
        for line, position in zip(self._lines, state.positions, strict=True):
            line.position = position
            line.idle = state.walking and line.fader.kind == SLIDER
            if hands is not None:
                line.controller = hands.mapping.controller_of(line.fader)
                line.learning = hands.learning is line.fader
        width, sound = self.size.width, self._instrument.sound
        self._title.update(title(sound.artifact, channels=sound.channels, state=state, width=width))
        self._meters.update(
            meters(
                state,
                late=self._stage.out.late,
                refused=self._stage.notices.refused,
                recording=self._stage.recorder.on_leaving,
                width=width,
                glyphs=self._glyphs,
            )
        )
        self._notice.update(
            Text(f" {self._stage.notices.latest}", no_wrap=True, overflow="ellipsis")
        )

    def _take(self) -> None:
        self._try(lambda: self._tell(str(self._stage.recorder.take())))

    def _try(self, move: Callable[[], object]) -> None:
        """Make a move; what does not work is told, and the sound goes on."""
        try:
            move()
        except DistillError as error:
            self._tell(str(error))

    def _tell(self, remark: str) -> None:
        self._stage.notices.tell(remark)


def play_with_page(stage: Stage) -> Ending:
    """Show the page until the player leaves it; the terminal is then as it was.

    Raises:
        FailureError: The page itself failed.
    """
    page = LivePage(stage)
    with page_on_stdout():
        ending = page.run()
    if ending is None:
        raise FailureError("the page has failed (a bug)")
    return ending


def _help(width: int) -> Text:
    """Return what the keys do, in as many lines of the width as it takes."""
    text, used = Text(no_wrap=True), 0
    for keys, does in _HELP:
        cells = len(keys) + len(does) + 3
        if used and used + cells > width:
            text.append("\n")
            used = 0
        text.append(f" {keys}", "bold").append(f" {does} ")
        used += cells
    return text
