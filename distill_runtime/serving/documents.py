"""What the OpenAPI document says of bodies and answers, by the very limits that are kept."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from distill_runtime.audio.spatial import MAX_DEPTH, MAX_WIDTH, STEREO_MODES
from distill_runtime.audio_file.container import BIT_DEPTHS
from distill_runtime.contract import SAMPLE_RATES_HZ
from distill_runtime.generation.config import MODES
from distill_runtime.latents.seeds import SEED_LIMIT
from distill_runtime.serving import problems
from distill_runtime.serving.settings import Limits
from distill_runtime.serving.sound_order import CONTAINERS, MAX_LEVEL, MEDIA_TYPES, NORMALISED

Responses = dict[int | str, dict[str, Any]]

_WHEN = {
    400: "It asks for what there is not; the detail says what was expected.",
    401: "The token is missing or another one.",
    404: "There is no such model, or no artifact of that SHA-256 here.",
    405: "The method is another one.",
    408: "The body did not come in time.",
    413: "The body is too large.",
    414: "The recipe is too long.",
    415: "The body is no application/json.",
    429: "Too many sounds are on their way to this client.",
    503: "There is no room now, or the sound could not be made here.",
    504: "The sound did not begin in time.",
}
_RETRY = {429, 503}
_ALWAYS = (401,)


def refusals(*statuses: int) -> Responses:
    """Return what is said of answers that are none, those of every route among them."""
    said: Responses = {}
    for status in sorted((*statuses, *_ALWAYS)):
        said[status] = {
            "description": f"{HTTPStatus(status).phrase}. {_WHEN[status]}",
            "content": {problems.MEDIA_TYPE: {"schema": problems.SCHEMA}},
        }
        if status in _RETRY:
            said[status]["headers"] = {"Retry-After": _header("Seconds to wait.", "integer")}
    return said


def sound_answer(*, by_address: bool, has_body: bool = True) -> Responses:
    """Return what is said of an answer that is a sound.

    Args:
        by_address: Whether it was asked for by its recipe's address, so that it may be kept.
        has_body: Whether there is more than its headers.
    """
    headers = {
        "Distill-Recipe": _header("How to make the sound again: JSON."),
        "Distill-Gain": _header("What the model's own sound was multiplied by.", "number"),
        "Content-Location": _header("Where the same sound is by its recipe."),
    }
    kept = {
        "ETag": _header("Changes with the bytes."),
        "Cache-Control": _header("For ever: another sound has another address."),
    }
    answer: dict[str, Any] = {
        "description": "The sound.",
        "headers": headers | (kept if by_address else {}),
    }
    if has_body:
        kind = {"schema": {"type": "string", "format": "binary"}}
        answer["content"] = dict.fromkeys(MEDIA_TYPES.values(), kind)
    same = {"description": "The client has it already.", "headers": kept}
    return {200: answer, 304: same} if by_address else {200: answer}


def json_answer(description: str, schema: dict[str, Any]) -> Responses:
    """Return what is said of an answer in JSON."""
    content = {"application/json": {"schema": schema}}
    return {200: {"description": description, "content": content}}


def recipe_parameter(limits: Limits) -> dict[str, Any]:
    """Return what is said of a recipe in an address."""
    return {
        "name": "recipe",
        "in": "path",
        "required": True,
        "description": "A recipe's JSON in base64url, as Content-Location has it.",
        "schema": {
            "type": "string",
            "pattern": "^[A-Za-z0-9_-]+$",
            "minLength": 1,
            "maxLength": limits.max_recipe_chars,
        },
    }


def sound_body(limits: Limits, names: Iterable[str]) -> dict[str, Any]:
    """Return what is said of a body that asks for a sound.

    Args:
        limits: How much is done.
        names: Of the models.
    """
    schema = _object(_request_properties(limits, list(names)))
    schema["title"] = "Sound"
    example = {"seed": 7, "duration_s": 2.0, "audio_format": "flac"}
    return {
        "required": True,
        "content": {"application/json": {"schema": schema, "example": example}},
    }


def _request_properties(limits: Limits, names: list[str]) -> dict[str, Any]:
    steps = {"type": "object", "additionalProperties": {"type": "number"}}
    stereo_numbers = {
        "width": _number(0, MAX_WIDTH),
        "depth": _number(0, MAX_DEPTH),
        "azimuth_deg": _number(-180, 180),
        "elevation_deg": _number(-90, 90),
        "distance_m": _number(0.2, 100),
    }
    modes = {"enum": list(STEREO_MODES)}
    depths = {"enum": [*BIT_DEPTHS.values(), None]}
    return {
        "model": {"enum": [*names, *([None] if len(names) == 1 else [])]},
        "seed": {"type": ["integer", "null"], "minimum": 0, "maximum": SEED_LIMIT - 1},
        "duration_s": {
            "type": ["number", "null"],
            "exclusiveMinimum": 0,
            "maximum": limits.max_duration_s,
            "default": 10,
        },
        "mode": {"enum": [*MODES, None]},
        "sliders": _either(steps, {"type": "array", "items": {"type": "number"}}),
        "latent_vector": _either({"type": "array", "items": {"type": "number"}}),
        "randomize": {"type": ["boolean", "null"]},
        "evolution": _number(0, 1),
        "nearness": _number(0, 1),
        "controls": _either(steps),
        "stereo": _either(modes, _object({"mode": modes, **stereo_numbers})),
        **stereo_numbers,
        "sample_rate_hz": {"enum": [*SAMPLE_RATES_HZ, None]},
        "fade_in_s": _number(0, limits.max_duration_s),
        "fade_out_s": _number(0, limits.max_duration_s),
        "loop": {"type": ["boolean", "null"]},
        "preset": _either({"type": "object"}),
        "audio_format": _either(
            {"enum": list(CONTAINERS)},
            _object({"container": {"enum": list(CONTAINERS)}, "bit_depth": depths}),
        ),
        "level": _either(
            {"const": NORMALISED}, {"type": "number", "minimum": 0, "maximum": MAX_LEVEL}
        ),
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _either(*kinds: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [*kinds, {"type": "null"}]}


def _number(low: float, high: float) -> dict[str, Any]:
    return {"type": ["number", "null"], "minimum": low, "maximum": high}


def _header(description: str, kind: str = "string") -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind}}


MODELS: dict[str, Any] = {
    "title": "Models",
    "type": "object",
    "required": ["models"],
    "properties": {
        "models": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "sha256", "sample_rate_hz", "latent_dim"],
                "properties": {
                    "name": {"type": "string"},
                    "sha256": {"type": "string"},
                    "title": {"type": ["string", "null"]},
                    "description": {"type": ["string", "null"]},
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "reconstruction": {"type": "string"},
                    "precision": {"type": "string"},
                    "sample_rate_hz": {"type": "integer"},
                    "latent_dim": {"type": "integer"},
                    "sliders": {"type": "array", "items": {"type": "object"}},
                    "controls": {"type": "array", "items": {"type": "object"}},
                    "has_nearness": {"type": "boolean"},
                },
            },
        }
    },
}
STATUS: dict[str, Any] = {
    "title": "Status",
    "type": "object",
    "required": ["status"],
    "properties": {"status": {"type": "string"}},
}
