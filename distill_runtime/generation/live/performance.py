"""What was played by hand, as a recipe holds it: where it began, and every move since."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np

from distill_runtime.arrays import Float32Array
from distill_runtime.contract import STEP_SAMPLES
from distill_runtime.errors import RequestError
from distill_runtime.files.json_fields import JsonFields
from distill_runtime.generation.live.crossfade import FADE_SAMPLES
from distill_runtime.generation.live.path import MAX_PHASE
from distill_runtime.generation.live.place import Place
from distill_runtime.generation.live.timeline import Start

_MOST = 2**53  # to which JSON counts in any language
_MAX_STEPS_BEFORE = 64  # that are played unheard
_STEPS_BACK = 2  # that an answer renders anew before the step that plays


@dataclass(frozen=True)
class Move:
    """An answer to the hands.

    Attributes:
        at: Position of the first sample that is other than it would have been, counted from the
            start of the stream.
        first: Index of the first step that was rendered anew.
        fade: Over how many samples the answer was faded in.
        restart: Whether the wandering began anew.
        place: Where the sound is from then on.
    """

    at: int
    first: int
    fade: int
    restart: bool
    place: Place


@dataclass(frozen=True)
class Performance:
    """A stretch of a live sound.

    Attributes:
        start: Of a timeline, some steps before the stretch.
        place: Where the sound was then.
        moves: Those since, in their order.
        begin: Position of the stretch's first sample.
        gain: What the model's own sound was multiplied by.
    """

    start: Start
    place: Place
    moves: tuple[Move, ...]
    begin: int
    gain: float

    def document(self) -> dict[str, Any]:
        """Return it as JSON has it; of places, what a move changes."""
        before = (self.place, *(move.place for move in self.moves))
        document: dict[str, Any] = {
            "step": self.start.step,
            "phase": self.start.phase,
            "place": self.place.changes_from(None),
            "moves": [
                _move_document(move, place) for move, place in zip(self.moves, before, strict=False)
            ],
            "begin": self.begin,
            "gain": self.gain,
        }
        if self.start.state is not None:
            document["states"] = [_encoded(row) for row in self.start.state]
        return document

    @classmethod
    def from_fields(cls, fields: JsonFields) -> Performance:
        """Read the object "performance".

        Raises:
            DistillError: A field is missing, of the wrong type or out of range, or a move is not
                where one can be.
        """
        step = fields.integer("step", 0, _MOST)
        start = Start(step, fields.integer("phase", 0, MAX_PHASE - 1), _state(fields))
        place = first_place = Place.from_changes(fields.section("place"), None)
        moves: list[Move] = []
        for move in fields.sections("moves"):
            at = move.integer("at", moves[-1].at if moves else 0, _MOST)
            playing = at // STEP_SAMPLES
            place = Place.from_changes(move, place)
            moves.append(
                Move(
                    at=at,
                    first=move.integer("first", max(step, playing - _STEPS_BACK), playing),
                    fade=move.integer("fade", 0, FADE_SAMPLES) if "fade" in move else FADE_SAMPLES,
                    restart=move.boolean("restart") if "restart" in move else False,
                    place=place,
                )
            )
        first = step * STEP_SAMPLES
        begin = fields.integer("begin", first, first + _MAX_STEPS_BEFORE * STEP_SAMPLES)
        return cls(start, first_place, tuple(moves), begin, fields.number("gain"))


def _move_document(move: Move, before: Place) -> dict[str, Any]:
    document: dict[str, Any] = {"at": move.at, "first": move.first}
    if move.fade != FADE_SAMPLES:
        document["fade"] = move.fade
    if move.restart:
        document["restart"] = True
    return {**document, **move.place.changes_from(before)}


def _encoded(row: Float32Array) -> str:
    return base64.b64encode(row.astype("<f4").tobytes()).decode("ascii")


def _state(fields: JsonFields) -> Float32Array | None:
    """Return `[rows, state_size]`; whether they fit an artifact is for it to say."""
    if "states" not in fields:
        return None
    try:
        return np.stack([_decoded(text) for text in fields.texts("states")])
    except ValueError:
        with fields.about():
            raise RequestError("its state is not rows of finite float32 in base64") from None
    raise AssertionError


def _decoded(text: str) -> Float32Array:
    """Return a row.

    Raises:
        ValueError: It is not one.
    """
    values = np.frombuffer(base64.b64decode(text, validate=True), "<f4").astype(np.float32)
    if not np.isfinite(values).all():
        raise ValueError
    return values
