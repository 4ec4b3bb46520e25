"""Presets: slider positions, a seed and settings worth keeping, in a small JSON file.

    {
      "format": "distill.preset",
      "version": 1,
      "model": {"id": "...", "name": "ambience", "slider_fingerprint": "..."},
      "sliders": {"PC1 (Brightness)": 5, "PC2 (Texture)": 0},
      "seed": 42,
      "controls": {"Brightness": 3},
      "settings": {"duration_s": 10.0, "evolution": 0.5}
    }

Distill keeps all presets of a model in one index; one of them is read by its name.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from distill_runtime.artifact.artifact import Artifact
from distill_runtime.contract import Control
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief, finite
from distill_runtime.files.input_file import read_text
from distill_runtime.files.json_fields import JsonFields
from distill_runtime.files.output_file import replacing
from distill_runtime.files.shown import shown
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.generation.original_files import is_preset_index, preset_in_index
from distill_runtime.generation.slider_fit import KeptSliders, listed, slider_fingerprint
from distill_runtime.generation.sofa_search import with_sofa
from distill_runtime.generation.stereo_document import (
    PRESET_NUMBERS,
    PRESET_TEXTS,
    preset_settings,
    stereo_from_settings,
)
from distill_runtime.latents.controls import ControlSteps, check_controls, resolve_controls
from distill_runtime.latents.seeds import SEED_LIMIT, check_seed
from distill_runtime.latents.sliders import original_labels, resolve_positions
from distill_runtime.latents.written_steps import plain_position

FORMAT = "distill.preset"
VERSION = 1
MAX_FILE_BYTES = 2**20

Setting = str | float | bool

# What a setting may be is for generation to say; a preset knows their names and whether they are
# numbers, texts, or true or false.
_FADES = ("fade_in_s", "fade_out_s")
_NUMBERS = ("duration_s", "evolution", "nearness", *PRESET_NUMBERS, *_FADES)
_TEXTS = ("mode", *PRESET_TEXTS)
_FLAGS = ("loop",)
SETTINGS = (*_NUMBERS, *_TEXTS, *_FLAGS)


@dataclass(frozen=True)
class Preset:
    """A sound worth keeping, as the positions and settings that make it.

    Attributes:
        kept: The slider positions and the model they belong to. No positions for a sound that is
            not made from sliders; such a preset fits every model.
        seed: 0 to 2^32 - 1; None to have one drawn.
        settings: Name (one of `SETTINGS`) -> value; what is missing stays as it is by default.
        controls: Name -> steps. They fit every model that has controls of these names.

    Raises:
        RequestError: The seed, a position or a setting is not one.
    """

    kept: KeptSliders
    seed: int | None
    settings: Mapping[str, Setting]
    controls: ControlSteps = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.seed is not None:
            object.__setattr__(self, "seed", check_seed(self.seed))
        positions = {key: _position(key, value) for key, value in self.kept.positions.items()}
        object.__setattr__(self, "kept", replace(self.kept, positions=positions))
        settings = {name: _setting(name, value) for name, value in self.settings.items()}
        object.__setattr__(self, "settings", settings)
        object.__setattr__(self, "controls", check_controls(self.controls) or {})

    @classmethod
    def of(cls, artifact: Artifact, config: GenerationConfig) -> Preset:
        """Keep what a sound of one artifact is made from.

        Args:
            artifact: What plays it.
            config: The request; `GenerationResult.config` has the seed that was drawn.

        Raises:
            RequestError: The sliders do not fit the artifact, or the sound is made from a latent
                vector, for which a preset has no place.
        """
        if config.latent_vector is not None:
            raise RequestError("a preset keeps slider positions, not a latent vector")
        sliders = artifact.sliders
        positions: dict[str | int, float] = {}
        if config.sliders is not None:
            resolved = resolve_positions(sliders, config.sliders).positions
            positions = dict(zip(original_labels(sliders), resolved, strict=True))
        return cls(
            kept=KeptSliders(
                model_name=artifact.metadata.model.name,
                model_id=artifact.metadata.model.id,
                positions=positions,
                fingerprint=slider_fingerprint(artifact.metadata.sliders),
            ),
            seed=config.seed,
            settings={
                "duration_s": config.duration_s,
                "mode": config.mode,
                "evolution": config.evolution,
                **preset_settings(config.stereo),
                **_ends(config),
                **_nearness(artifact, config),
            },
            controls=resolve_controls(artifact.controls, config.controls or {}).steps,
        )

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, name: str | None = None) -> Preset:
        """Read a preset from a file of its own, or one of those that Distill keeps in an index.

        Args:
            path: A preset that `save` wrote, or Distill's `presets.json`.
            name: Of a preset in an index, "Dawn" or "Night/Deep water" where it lies in a folder.

        Raises:
            RequestError: There is no such file or no such name, it is not a preset, one of a newer
                version, or a field is missing, unknown, of the wrong type or out of range.
        """
        path = Path(path)
        try:
            text = read_text(path, kind="a preset", max_bytes=MAX_FILE_BYTES, error=RequestError)
            fields = JsonFields.parse(text, document="the preset", error=RequestError)
            if is_preset_index(fields):
                kept, seed = preset_in_index(fields, name)
                return cls(kept, seed, {})
            if name is not None:
                raise RequestError(f"it is not an index of presets that could hold {brief(name)}")
            return _preset(fields)
        except RequestError as error:
            raise RequestError(f"{shown(path)}: {error}") from None

    @classmethod
    def from_document(cls, document: object) -> Preset:
        """Read a preset as `json` gives what `save` wrote.

        Raises:
            RequestError: As `load`.
        """
        return _preset(JsonFields(document, document="the preset", error=RequestError))

    def document(self) -> dict[str, Any]:
        """Return the preset as JSON holds it; `from_document` reads that."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "model": {
                "id": self.kept.model_id,
                "name": self.kept.model_name,
                "slider_fingerprint": self.kept.fingerprint,
            },
            "sliders": {str(key): position for key, position in self.kept.positions.items()},
            "seed": self.seed,
            **({"controls": dict(self.controls)} if self.controls else {}),
            "settings": dict(self.settings),
        }

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the preset, whole or not at all.

        Args:
            path: Where to write; its folder must exist.
            overwrite: Whether to replace a file that is there.

        Raises:
            RequestError: The path cannot be used.
            OutputExistsError: The file is there and `overwrite` is false.
            OutputError: The file could not be written.
        """
        text = json.dumps(self.document(), indent=2, ensure_ascii=False, allow_nan=False)
        with replacing(Path(path), overwrite=overwrite) as temporary:
            temporary.write_bytes(f"{text}\n".encode())

    def config(
        self, artifact: Artifact, *, folder: str | os.PathLike[str] = "."
    ) -> GenerationConfig:
        """Return the request that makes its sound on an artifact.

        Args:
            artifact: What plays it.
            folder: Where a SOFA file that it names is looked for, before the current folder and
                those of the environment variable DISTILL_ARTIFACTS.

        Raises:
            RequestError: It does not fit the artifact's model, a setting is out of bounds, or its
                SOFA file is not there.
            DependencyError: The package that reads its SOFA file is missing.
        """
        stereo = with_sofa(stereo_from_settings(self.settings), folder)
        of_stereo = (*PRESET_NUMBERS, *PRESET_TEXTS)
        settings: dict[str, Any] = {
            name: value for name, value in self.settings.items() if name not in of_stereo
        }
        return GenerationConfig(
            seed=self.seed,
            sliders=self.kept.on(artifact.metadata),
            controls=self.controls_on(artifact.controls),
            stereo=stereo,
            **settings,
        )

    def controls_on(self, controls: Sequence[Control]) -> dict[str, float] | None:
        """Return what it sets of a model's controls, by the model's names; None if nothing.

        Raises:
            RequestError: The model has no such control.
        """
        return resolve_controls(controls, self.controls).steps or None


def _position(key: str | int, value: object) -> float:
    """Return a position as a plain number."""
    position = finite(value)
    if position is None:
        raise RequestError(f"the preset has {brief(value)} for {key!r}, not a finite number")
    return plain_position(position)


def _setting(name: str, value: object) -> Setting:
    """Return a setting as a plain text, number, or truth."""
    if name not in SETTINGS:
        raise RequestError(
            f"a preset has no setting {brief(name)}, expected one of {', '.join(SETTINGS)}"
        )
    if name in _TEXTS:
        if isinstance(value, str):
            return value
        raise RequestError(f"the preset has {brief(value)} for {name!r}, not a text")
    if name in _FLAGS:
        if isinstance(value, bool):
            return value
        raise RequestError(f"the preset has {brief(value)} for {name!r}, not true or false")
    number = finite(value)
    if number is None:
        raise RequestError(f"the preset has {brief(value)} for {name!r}, not a finite number")
    return number


def _ends(config: GenerationConfig) -> dict[str, Setting]:
    """Return fades and loop, where there are some: programs of before know no such settings."""
    values = {name: getattr(config, name) for name in (*_FADES, *_FLAGS)}
    return {name: value for name, value in values.items() if value}


def _nearness(artifact: Artifact, config: GenerationConfig) -> dict[str, Setting]:
    """Return how near it is, where there is something to be near to."""
    landmarks = artifact.landmarks
    if landmarks is None:
        return {}
    return {"nearness": landmarks.default if config.nearness is None else config.nearness}


def _preset(fields: JsonFields) -> Preset:
    fields.expect_format(FORMAT, VERSION)
    model, sliders = fields.section("model"), fields.section("sliders")
    settings = fields.section("settings")
    unknown = [
        *_unknown(
            fields, ("format", "version", "model", "sliders", "seed", "controls", "settings")
        ),
        *_unknown(model, ("id", "name", "slider_fingerprint"), "model."),
        *_unknown(settings, SETTINGS, "settings."),
    ]
    if unknown:
        raise RequestError(f"the preset has unknown fields, {listed(unknown)}: remove them")
    return Preset(
        kept=KeptSliders(
            model_name=model.text("name"),
            model_id=model.text("id"),
            positions={_key(name): sliders.number(name) for name in sliders.names()},
            fingerprint=model.optional_text("slider_fingerprint"),
        ),
        seed=fields.optional_integer("seed", 0, SEED_LIMIT - 1),
        settings={
            **{name: settings.text(name) for name in _TEXTS if name in settings},
            **{name: settings.number(name) for name in _NUMBERS if name in settings},
            **{name: settings.boolean(name) for name in _FLAGS if name in settings},
        },
        controls=fields.all_numbers("controls") if "controls" in fields else {},
    )


def _key(name: str) -> str | int:
    """Return an index where a preset of Distill's was kept again, else the label."""
    return int(name) if name.isascii() and name.isdecimal() and len(name) < 4 else name


def _unknown(fields: JsonFields, known: Sequence[str], prefix: str = "") -> list[str]:
    return sorted(f"{prefix}{name}" for name in fields.names() if name not in known)
