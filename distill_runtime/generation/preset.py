"""Presets: slider positions, a seed and settings in a small JSON file.

    {
      "format": "distill.preset",
      "version": 1,
      "model": {"id": "...", "name": "ambience", "slider_fingerprint": "..."},
      "sliders": {"PC1 (Brightness)": 5, "PC2 (Texture)": 0},
      "seed": 42,
      "settings": {"duration_s": 10.0, "evolution": 0.5}
    }

A position means something only to the sliders it was found with. The fingerprint tells them: it is
the same for all variants of a model, and another after another training or analysis.
"""

from __future__ import annotations

import hashlib
import json
import math
import numbers
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distill_runtime.contract import ArtifactMetadata, SliderBank
from distill_runtime.errors import RequestError
from distill_runtime.files.input_file import read_text
from distill_runtime.files.json_fields import JsonFields
from distill_runtime.files.output_file import replacing
from distill_runtime.latents.seeds import SEED_LIMIT, check_seed
from distill_runtime.latents.sliders import check_positions, distinct_labels

FORMAT = "distill.preset"
VERSION = 1
MAX_FILE_BYTES = 2**20

Setting = str | float

# What a setting may be is for generation to say; a preset knows their names and whether they are
# numbers or texts.
_NUMBERS = ("duration_s", "evolution", "width", "depth")
_TEXTS = ("mode", "stereo")
SETTINGS = (*_NUMBERS, *_TEXTS)

_MAX_STEP = 1000  # as in the contract


@dataclass(frozen=True)
class Preset:
    """A sound worth keeping, as the positions and settings that make it.

    Attributes:
        model_name: Of the model it was made with.
        model_id: Of the model it was made with.
        sliders: Label -> position in steps. Empty for a sound that is not made from sliders; such
            a preset fits every model.
        slider_fingerprint: What `slider_fingerprint` gives for the model's sliders.
        seed: 0 to 2^32 - 1.
        settings: Name (one of `SETTINGS`) -> value; what is missing stays as it is by default.

    Raises:
        RequestError: The seed, a position or a setting is none.
    """

    model_name: str
    model_id: str
    sliders: Mapping[str, int]
    slider_fingerprint: str
    seed: int
    settings: Mapping[str, Setting]

    def __post_init__(self) -> None:
        check_seed(self.seed)
        for label, position in self.sliders.items():
            if isinstance(position, bool) or not isinstance(position, int):
                raise RequestError(f"the preset has {position!r} for {label!r}, not a whole number")
        for name, value in self.settings.items():
            if name not in SETTINGS:
                raise RequestError(
                    f"a preset has no setting {name!r}, expected one of {', '.join(SETTINGS)}"
                )
            if not (isinstance(value, str) if name in _TEXTS else _is_number(value)):
                expected = "a text" if name in _TEXTS else "a finite number"
                raise RequestError(f"the preset has {value!r} for {name!r}, not {expected}")

    @classmethod
    def from_positions(
        cls,
        metadata: ArtifactMetadata,
        positions: Sequence[int] | None,
        *,
        seed: int,
        settings: Mapping[str, Setting],
    ) -> Preset:
        """Keep what a sound was made from.

        Args:
            metadata: Of the artifact it was made with.
            positions: One for each slider; None if it is not made from sliders.
            seed: 0 to 2^32 - 1.
            settings: Name (one of `SETTINGS`) -> value.

        Raises:
            RequestError: The positions are not right for the model's sliders, or the seed or a
                setting is none.
        """
        bank = metadata.sliders
        sliders = () if bank is None else bank.sliders
        checked = () if positions is None else check_positions(sliders, positions)
        return cls(
            model_name=metadata.model.name,
            model_id=metadata.model.id,
            sliders=dict(zip(distinct_labels(sliders), checked, strict=True)) if checked else {},
            slider_fingerprint=slider_fingerprint(bank),
            seed=seed,
            settings=dict(settings),
        )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Preset:
        """Read a preset.

        Raises:
            RequestError: There is no such file, it is no preset, one of a newer version, or a
                field is missing, unknown, of the wrong type or out of range.
        """
        path = Path(path)
        try:
            text = read_text(path, kind="a preset", max_bytes=MAX_FILE_BYTES, error=RequestError)
            return _preset(text)
        except RequestError as error:
            raise RequestError(f"{path}: {error}") from None

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
        text = json.dumps(_document(self), indent=2, ensure_ascii=False, allow_nan=False)
        with replacing(Path(path), overwrite=overwrite) as temporary:
            temporary.write_bytes(f"{text}\n".encode())

    def check_fits(self, metadata: ArtifactMetadata) -> None:
        """Make sure that the positions mean on this model what they meant when they were kept.

        Raises:
            RequestError: They belong to other sliders; it says which ones differ.
        """
        if not self.sliders:
            return
        theirs = _model(self.model_name, self.model_id)
        ours = _model(metadata.model.name, metadata.model.id)
        bank = metadata.sliders
        if bank is None or not bank.sliders:
            raise RequestError(
                f"the preset sets sliders of the model {theirs}, but {ours} has none: use a preset "
                "without sliders"
            )
        if missing := sorted(set(self.sliders) - set(distinct_labels(bank.sliders))):
            raise RequestError(
                f"the preset belongs to the model {theirs}: {ours} has no slider "
                f"{_listed(missing)}, but {_listed(distinct_labels(bank.sliders))}"
            )
        if self.slider_fingerprint != slider_fingerprint(bank):
            same = self.model_id == metadata.model.id
            origin = "an earlier or later analysis" if same else "another model"
            raise RequestError(
                f"the preset belongs to the model {theirs}: the sliders of {ours} have the same "
                f"labels, but come from {origin} and would make another sound"
            )

    def positions_on(self, metadata: ArtifactMetadata) -> tuple[int, ...] | None:
        """Return the position of every slider of a model, None if the preset sets none.

        Raises:
            RequestError: The preset does not fit (see `check_fits`) or leaves a slider's range.
        """
        self.check_fits(metadata)
        if not self.sliders or metadata.sliders is None:
            return None
        sliders = metadata.sliders.sliders
        # A slider that somebody has taken out of the file stands at 0.
        return check_positions(sliders, [self.sliders.get(k, 0) for k in distinct_labels(sliders)])


def slider_fingerprint(bank: SliderBank | None) -> str:
    """Return a SHA-256 of all that decides where a model's sliders lead: not of their ranges."""
    meaning = bank and [
        bank.mean,
        [[slider.label, slider.step_size, slider.component] for slider in bank.sliders],
    ]
    return hashlib.sha256(json.dumps(meaning, separators=(",", ":")).encode()).hexdigest()


def _document(preset: Preset) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "model": {
            "id": preset.model_id,
            "name": preset.model_name,
            "slider_fingerprint": preset.slider_fingerprint,
        },
        "sliders": dict(preset.sliders),
        "seed": check_seed(preset.seed),
        "settings": {name: _plain(value) for name, value in preset.settings.items()},
    }


def _preset(text: str) -> Preset:
    fields = JsonFields.parse(text, document="the preset", error=RequestError)
    if (found := fields.text("format")) != FORMAT:
        raise RequestError(f"the preset has the format {found!r}, not {FORMAT!r}")
    version = fields.integer("version", 1, 2**31)
    if version != VERSION:
        raise RequestError(
            f"the preset has version {version}, this program reads version {VERSION}: "
            "update distill-portable"
        )
    model, sliders = fields.section("model"), fields.section("sliders")
    settings = fields.section("settings")
    names: dict[str, Any] = json.loads(text)  # what there is, to find what should not be
    texts = {name: settings.text(name) for name in _TEXTS if name in names["settings"]}
    values = {name: settings.number(name) for name in _NUMBERS if name in names["settings"]}
    preset = Preset(
        model_name=model.text("name"),
        model_id=model.text("id"),
        sliders={k: sliders.integer(k, -_MAX_STEP, _MAX_STEP) for k in names["sliders"]},
        slider_fingerprint=model.text("slider_fingerprint"),
        seed=fields.integer("seed", 0, SEED_LIMIT - 1),
        settings={**texts, **values},
    )
    if unknown := sorted(_field_names(names) - _field_names(_document(preset))):
        raise RequestError(f"the preset has unknown fields, {_listed(unknown)}: remove them")
    return preset


def _field_names(document: dict[str, Any]) -> set[str]:
    """Return the names in a document and in its sections, "seed" or "model.id"."""
    inner = {
        f"{key}.{name}"
        for key, value in document.items()
        if isinstance(value, dict)
        for name in value
    }
    return set(document) | inner


def _model(name: str, model_id: str) -> str:
    # Two models often have the same name; this much of the id tells them apart.
    return f"{name!r} (id {model_id[:8]!r})"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:8])) + (f" and {len(names) - 8} more" * (len(names) > 8))


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond the range of a float
        return False


def _plain(value: Setting) -> Setting:
    """Return a setting as JSON has it, whatever kind of number it is."""
    return value if isinstance(value, str) else float(value)
