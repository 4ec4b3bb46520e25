"""A sound that is asked for: by a request's body, or by the recipe in its address.

A body says what `sound_request` reads, and which model, which kind of file, and which level:

    {"model": "rain", "seed": 7, "duration_s": 2, "audio_format": "flac", "level": "normalised"}
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus

from distill_runtime.audio_file.container import AudioFormat
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief, finite
from distill_runtime.files.json_fields import JsonFields
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.generation.recipe import Recipe
from distill_runtime.generation.slider_fit import listed
from distill_runtime.generation.sound_request import KEYS, sound_request
from distill_runtime.serving.models import Model, Models
from distill_runtime.serving.problems import ProblemError
from distill_runtime.serving.settings import Limits

NORMALISED = "normalised"
MAX_LEVEL = 1000.0
CONTAINERS = ("wav", "flac", "ogg")
MEDIA_TYPES = {"wav": "audio/wav", "flac": "audio/flac", "ogg": "audio/ogg"}
_OWN = ("model", "audio_format", "level")
_RECIPE = "the recipe"


@dataclass(frozen=True)
class SoundOrder:
    """A sound that can be made.

    Attributes:
        model: What plays it.
        config: The prepared request.
        audio_format: Of the answer: WAV, FLAC or OGG.
        level: What the model's own sound is multiplied by; None to have it normalised, as in a file
            of `distill-run`.
    """

    model: Model
    config: GenerationConfig
    audio_format: AudioFormat
    level: float | None

    @classmethod
    def of_body(cls, values: object, models: Models, limits: Limits) -> SoundOrder:
        """Read a request's body.

        Args:
            values: As `json` gives it.
            models: What is served.
            limits: How much of it.

        Raises:
            RequestError: A value is unknown, of the wrong kind or out of bounds.
            ProblemError: There is no such model.
        """
        if not isinstance(values, Mapping):
            raise RequestError(
                f'the request is {brief(values)}, expected an object, as in {{"seed": 7}}'
            )
        if unknown := [name for name in values if name not in (*_OWN, *KEYS)]:
            raise RequestError(
                f"the request has unknown fields, {listed(unknown)}: expected some of "
                f"{', '.join((*_OWN, *KEYS))}"
            )
        own = {name: values[name] for name in _OWN if name in values}
        rest = {name: value for name, value in values.items() if name not in _OWN}
        _check_duration(rest.get("duration_s"), limits)
        model = models.named(own.get("model"))
        config = sound_request(rest, model.pipeline)
        _check_duration(config.duration_s, limits)
        return cls(model, config, _audio_format(own.get("audio_format")), _level(own.get("level")))

    @classmethod
    def of_token(cls, token: str, models: Models, limits: Limits) -> SoundOrder:
        """Read a recipe as an address holds it.

        Raises:
            RequestError: It is none, or it is not right.
            ProblemError: It is too long, or its artifact is not served.
        """
        if len(token) > limits.max_recipe_chars:
            raise ProblemError(
                HTTPStatus.REQUEST_URI_TOO_LONG,
                f"the recipe has {len(token)} characters, expected at most "
                f"{limits.max_recipe_chars}: send it as a body",
            )
        fields = JsonFields.parse(_decoded(token), document=_RECIPE, error=RequestError)
        recipe = Recipe.from_json(_decoded(token), document=_RECIPE)
        if recipe.performance is not None or len(recipe.ingredients) > 1:
            raise RequestError(
                f"{_RECIPE} is of a {'performance' if recipe.performance else 'blend'}, expected "
                "a sound of one model: distill-run reproduces it"
            )
        model = models.with_hash(recipe.ingredients[0].sha256)
        _check_duration(recipe.config.duration_s, limits)
        if recipe.config.stereo.sofa is not None:
            raise RequestError("a SOFA file cannot be named here: leave sofa out")
        level = fields.plain(["level"]).get("level")
        audio_format = recipe.audio_format or AudioFormat()
        config = model.pipeline.prepare(recipe.config)
        return cls(model, config, _served(audio_format), _level(level))

    @property
    def recipe(self) -> Recipe:
        """How to make the sound again; its file carries it."""
        return replace(self.model.pipeline.recipe(self.config), audio_format=self.audio_format)

    def to_json(self) -> str:
        """Return the recipe as compact JSON in ASCII, with the level if there is one."""
        text = self.recipe.to_json()
        return text if self.level is None else f'{text[:-1]},"level":{json.dumps(self.level)}}}'

    def to_token(self) -> str:
        """Return the recipe as an address holds it: base64url without padding (RFC 4648)."""
        return base64.urlsafe_b64encode(self.to_json().encode("ascii")).decode("ascii").rstrip("=")

    def etag(self) -> str:
        """Return what changes with the bytes of the answer, and with nothing else."""
        return f'"{hashlib.sha256(self.to_json().encode("ascii")).hexdigest()}"'

    @property
    def media_type(self) -> str:
        """What the answer is."""
        return MEDIA_TYPES[self.audio_format.container]

    @property
    def is_risky(self) -> bool:
        """Whether what was asked for may lead the graph beyond all numbers."""
        return self.config.latent_vector is not None or bool(self.config.controls)


def _check_duration(duration_s: object, limits: Limits) -> None:
    seconds = finite(duration_s)
    if seconds is not None and seconds > limits.max_duration_s:
        raise RequestError(
            f"duration_s is {brief(duration_s)}, expected at most {limits.max_duration_s:g} here"
        )


def _audio_format(asked: object) -> AudioFormat:
    if asked is None:
        return AudioFormat()
    if isinstance(asked, str):
        return _served(AudioFormat(asked))
    if not isinstance(asked, Mapping):
        raise RequestError(f"audio_format is {brief(asked)}, expected one of {_listed()}")
    values = dict(asked)
    container, depth = values.pop("container", "wav"), values.pop("bit_depth", None)
    if values:
        raise RequestError(
            f"audio_format has unknown fields, {brief(next(iter(values)))}: expected container and "
            "bit_depth"
        )
    if not isinstance(container, str):
        raise RequestError(f"container is {brief(container)}, expected one of {_listed()}")
    return _served(AudioFormat(container, depth))


def _served(audio_format: AudioFormat) -> AudioFormat:
    if audio_format.container not in CONTAINERS:
        raise RequestError(
            f"container is {brief(audio_format.container)}, expected one of {_listed()}"
        )
    return audio_format


def _listed() -> str:
    return ", ".join(CONTAINERS)


def _level(asked: object) -> float | None:
    if asked is None or asked == NORMALISED:
        return None
    level = finite(asked)
    if level is None or not 0.0 <= level <= MAX_LEVEL:
        raise RequestError(
            f"level is {brief(asked)}, expected {NORMALISED}, or a factor from 0 to {MAX_LEVEL:g}"
        )
    return level


def _decoded(token: str) -> str:
    """Return the JSON that an address holds.

    Raises:
        RequestError: It is no base64url of a text.
    """
    try:
        padded = token.encode("ascii") + b"=" * (-len(token) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode("utf-8")
    except (binascii.Error, UnicodeError):
        raise RequestError(
            f"{_RECIPE} is {brief(token)}, expected a recipe's JSON in base64url"
        ) from None
