"""What a client says while it plays live, each a JSON object with a type.

{"type": "begin", "model": "rain", "seed": 7, "drift": 0.3, "encoding": "f32"}
{"type": "resume", "state": "..."}
{"type": "move", "sliders": {"Brightness": 3}, "controls": {"Noise": 1}, "drift": 0.5}
{"type": "read", "samples": 4800}
{"type": "state"}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from distill_runtime import contract
from distill_runtime.audio.spatial import StereoSettings
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief, whole
from distill_runtime.generation.live.handed_stream import HandedStream
from distill_runtime.generation.live.handover import Handover
from distill_runtime.latents.controls import check_controls
from distill_runtime.latents.sliders import check_sliders
from distill_runtime.serving.models import Model, Models

BEGIN, RESUME, MOVE, READ = "begin", "resume", "move", "read"
STATE = contract.STATE  # the word is the graph's: what is handed over is that, and more
ENCODINGS = ("f32", "s16")
MIN_READ_SAMPLES, MAX_READ_SAMPLES = 240, 96_000

_STARTS = ("sliders", "controls", "seed", "drift", "nearness", "gain")
_BEGIN = ("model", "vector", "stereo", "encoding", *_STARTS)
_MOVES = ("sliders", "controls", "vector", "walk", "drift", "nearness", "hold")


def kind_of(message: object) -> str:
    """Return what a message is.

    Raises:
        RequestError: It is no object with a type.
    """
    kind = message.get("type") if isinstance(message, Mapping) else None
    known = (BEGIN, RESUME, MOVE, READ, STATE)
    if kind not in known:
        raise RequestError(f"type is {brief(kind)}, expected one of {', '.join(known)}")
    return str(kind)


def encoding(message: Mapping[str, Any]) -> str:
    """Return how samples are sent.

    Raises:
        RequestError: There is no such encoding.
    """
    asked = message.get("encoding", ENCODINGS[0])
    if asked not in ENCODINGS:
        raise RequestError(f"encoding is {brief(asked)}, expected one of {', '.join(ENCODINGS)}")
    return str(asked)


def beginning(message: Mapping[str, Any], models: Models) -> tuple[Model, Handover]:
    """Return the sound that a client begins with.

    Raises:
        RequestError: A value is unknown, of the wrong kind or out of bounds.
        ProblemError: There is no such model.
    """
    asked = _known(message, _BEGIN)
    model = models.named(asked.get("model"))
    starts = {name: asked[name] for name in _STARTS if name in asked}
    _check_steps(starts)
    handover = Handover.beginning(
        model.artifact, stereo=_stereo(asked.get("stereo")), start=asked.get("vector"), **starts
    )
    return model, handover


def move(stream: HandedStream, message: Mapping[str, Any]) -> None:
    """Do what hands do: all of a message, or nothing.

    Raises:
        RequestError: A value is unknown, of the wrong kind or out of bounds.
    """
    asked = _known(message, _MOVES)
    _check_steps(asked)
    if len({"sliders", "vector", "walk"} & set(asked)) > 1:
        raise RequestError("sliders, vector and walk each say where to go: give one of them")
    with stream.at_once():
        for name, value in asked.items():
            _move(stream, name, value)


def _move(stream: HandedStream, name: str, value: Any) -> None:
    match name:
        case "sliders" if isinstance(value, Mapping):
            for slider, position in value.items():
                stream.move_slider(slider, position)
        case "sliders":
            stream.set_sliders(value)
        case "controls":
            for control, steps in value.items():
                stream.move_control(control, steps)
        case "vector":
            stream.move_to(value)
        case "walk":
            stream.walk(value)
        case "drift":
            stream.drift = value
        case "nearness":
            stream.nearness = value
        case "hold":
            if not isinstance(value, bool):
                raise RequestError(f"hold is {brief(value)}, expected true or false")
            stream.hold = value


def samples(message: Mapping[str, Any]) -> int:
    """Return how many samples a client wants.

    Raises:
        RequestError: It is no such number.
    """
    count = whole(_known(message, ("samples",)).get("samples"))
    if count is None or not MIN_READ_SAMPLES <= count <= MAX_READ_SAMPLES:
        raise RequestError(
            f"samples is {brief(message.get('samples'))}, expected a whole number from "
            f"{MIN_READ_SAMPLES} to {MAX_READ_SAMPLES}"
        )
    return count


def _stereo(asked: object) -> StereoSettings:
    values = asked if isinstance(asked, Mapping) else {"mode": asked or "mono"}
    known = [one.name for one in fields(StereoSettings) if one.name != "sofa"]
    if unknown := [name for name in values if name not in known]:
        raise RequestError(
            f"stereo has unknown fields, {brief(unknown[0])}: expected some of {', '.join(known)}"
        )
    return StereoSettings(**values)


def _known(message: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Return what a message says, without what is null."""
    if unknown := [name for name in message if name not in names and name != "type"]:
        raise RequestError(
            f"the message has unknown fields, {brief(unknown[0])}: expected some of "
            f"{', '.join(names)}"
        )
    return {name: message[name] for name in names if message.get(name) is not None}


def _check_steps(asked: Mapping[str, Any]) -> None:
    if "sliders" in asked:
        check_sliders(asked["sliders"])
    if "controls" in asked:
        check_controls(asked["controls"])
