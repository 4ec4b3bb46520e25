"""One line of the page: a fader's name, its bar, where it stands, and its controller."""

from __future__ import annotations

from rich.text import Text
from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from distill_runtime.cli.live.fader import CONTROL, SLIDER, Fader
from distill_runtime.cli.live.page.bar_drawing import LINES, Glyphs, draw_bar, value_at, zone

_VALUE_CELLS, _CONTROLLER_CELLS, _WIDE = 7, 6, 64
_MAX_NAME_CELLS = 22


class FaderLine(Widget):
    """A fader that shows where it stands and follows the mouse.

    An idle one, a slider while the sound walks, stands nowhere. The mouse sets a fader where it
    presses and drags, and the wheel over the bar moves it by a step. The line moves nothing itself:
    it posts what is wanted.
    """

    DEFAULT_CSS = "FaderLine { height: 1; width: 1fr; }"

    position = reactive(0.0)
    chosen = reactive(False)
    idle = reactive(False)
    learning = reactive(False)
    controller: reactive[int | None] = reactive(None)

    class Wanted(Message):
        """The mouse wants the fader somewhere.

        Attributes:
            fader: Which one.
            value: Where to; None only chooses it.
            steps: Or by how many steps.
        """

        def __init__(self, fader: Fader, value: float | None = None, steps: float = 0.0) -> None:
            super().__init__()
            self.fader, self.value, self.steps = fader, value, steps

    def __init__(self, fader: Fader, glyphs: Glyphs = LINES) -> None:
        super().__init__()
        self.fader = fader
        self._glyphs = glyphs
        self._dragging = False

    def render(self) -> Text:
        """Return the line."""
        name_cells, bar_cells = self._layout()
        mark = self._glyphs.chosen if self.chosen else " "
        name = Text(f"{mark}{self.fader.title}", "bold" if self.chosen else "", no_wrap=True)
        name.truncate(name_cells - 1, overflow="crop", pad=True)
        bar = draw_bar(self.fader, self.position, bar_cells, self._glyphs)
        value = Text(self._value().rjust(_VALUE_CELLS), zone(self.fader, self.position))
        return Text.assemble(name, " ", bar, value, self._controller_text())

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Choose the fader, and where the bar is pressed, move it there."""
        event.stop()
        self.post_message(self.Wanted(self.fader, self._pressed(event.x)))
        if self._on_bar(event.x):
            self._dragging = True
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Follow the mouse while it is pressed."""
        if self._dragging:
            name_cells, bar_cells = self._layout()
            self.post_message(
                self.Wanted(self.fader, value_at(self.fader, event.x - name_cells, bar_cells))
            )

    def on_mouse_up(self) -> None:
        """Let go."""
        self._dragging = False
        self.release_mouse()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move the fader up by a step."""
        self._scroll(event, 1.0)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move the fader down by a step."""
        self._scroll(event, -1.0)

    def _scroll(self, event: events.MouseEvent, steps: float) -> None:
        if self._on_bar(event.x):  # elsewhere the page scrolls
            event.stop()
            self.post_message(self.Wanted(self.fader, steps=steps))

    def _pressed(self, x: int) -> float | None:
        name_cells, bar_cells = self._layout()
        return value_at(self.fader, x - name_cells, bar_cells) if self._on_bar(x) else None

    def _on_bar(self, x: int) -> bool:
        name_cells, bar_cells = self._layout()
        return 0 <= x - name_cells < bar_cells

    def _layout(self) -> tuple[int, int]:
        """Return how many cells name and bar have."""
        width = self.size.width
        name_cells = min(_MAX_NAME_CELLS, max(8, width * 3 // 10))
        controller_cells = _CONTROLLER_CELLS if width >= _WIDE else 0
        return name_cells, max(2, width - name_cells - _VALUE_CELLS - controller_cells)

    def _value(self) -> str:
        if self.idle:
            return "-"
        if self.fader.kind in (SLIDER, CONTROL):
            steps = f"{self.position:+.2f}".rstrip("0").rstrip(".")
            return "0" if steps in ("+0", "-0") else steps
        return f"{self.position:.2f}"

    def _controller_text(self) -> Text:
        if self.learning:
            text = "learn"
        else:
            text = "" if self.controller is None else f"cc{self.controller}"
        if self.size.width < _WIDE:
            return Text("")
        return Text(text.rjust(_CONTROLLER_CELLS), "reverse" if self.learning else "cyan")
