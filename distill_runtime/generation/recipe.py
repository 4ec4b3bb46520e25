"""Recipes: what it takes to render a file again, carried in the file itself.

A recipe is a compact JSON document in the comment tag (and in a sidecar on request). It names
artifacts by file name and SHA-256 and holds every setting; it holds no paths.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from distill_runtime.audio.spatial import StereoSettings
from distill_runtime.audio_file.container import AudioFormat, format_from_name
from distill_runtime.contract import PRECISIONS
from distill_runtime.errors import RequestError
from distill_runtime.files.json_fields import JsonFields
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.latents.seeds import SEED_LIMIT

FORMAT = "distill.recipe"
VERSION = 1
MAX_BYTES = 2**20


@dataclass(frozen=True)
class Ingredient:
    """An artifact as a recipe names it."""

    name: str  # of the file, without its folder
    sha256: str  # of the file
    model_id: str
    precision: str
    weight: float  # in the blend, as it was given


@dataclass(frozen=True)
class Recipe:
    """How a sound was made.

    Attributes:
        config: The request, with its seed.
        ingredients: The artifacts, the first of which plays.
        blend_mode: "latent" or "audio" where there are several artifacts.
        runtime: Version of distill_runtime.
        onnxruntime: Version of onnxruntime.
        provider: What ran the graph: "cpu" or "cuda". Another one rounds differently.
        threads: How many threads shared an operator's work.
    """

    config: GenerationConfig
    ingredients: tuple[Ingredient, ...]
    blend_mode: str | None
    runtime: str
    onnxruntime: str
    provider: str
    threads: int

    def to_json(self) -> str:
        """Return the recipe as compact JSON in ASCII, which every tag can hold."""
        config = self.config
        document = {
            "format": FORMAT,
            "version": VERSION,
            "runtime": self.runtime,
            "onnxruntime": self.onnxruntime,
            "provider": self.provider,
            "threads": self.threads,
            "artifacts": [dict(vars(ingredient)) for ingredient in self.ingredients],
            "blend_mode": self.blend_mode,
            "seed": config.seed,
            "duration_s": config.duration_s,
            "mode": config.mode,
            "sliders": config.sliders and list(config.sliders),
            "latent_vector": config.latent_vector and list(config.latent_vector),
            "evolution": config.evolution,
            "stereo": dict(vars(config.stereo)),
            "sample_rate_hz": config.sample_rate_hz,
            "audio_format": dict(vars(config.audio_format)),
        }
        return json.dumps(document, separators=(",", ":"), allow_nan=False)

    def in_format_of(self, path: Path) -> Recipe:
        """Return the recipe for a file of another name: its ending decides the format.

        The samples stay the same before they are encoded.

        Raises:
            RequestError: The ending is unknown, or the format cannot hold the sound.
        """
        container = format_from_name(path)
        if container == self.config.audio_format.container:
            return self
        return replace(self, config=replace(self.config, audio_format=AudioFormat(container)))

    @classmethod
    def from_json(cls, text: str, *, document: str) -> Recipe:
        """Read a recipe.

        Args:
            text: JSON.
            document: What complaints call it.

        Raises:
            RequestError: It is no recipe, or of another version, or a field is not right.
        """
        fields = JsonFields.parse(text, document=document, error=RequestError)
        if (found := fields.text("format")) != FORMAT:
            raise RequestError(f"{document} has the format {found!r}, not {FORMAT!r}")
        if (version := fields.integer("version", 1, 2**31)) != VERSION:
            raise RequestError(
                f"{document} has version {version}, this program reads version {VERSION}: "
                "update distill-portable"
            )
        ingredients = tuple(map(_ingredient, fields.sections("artifacts")))
        if not ingredients:
            raise RequestError(f"{document} names no artifact")
        return cls(
            config=_config(fields),
            ingredients=ingredients,
            blend_mode=fields.optional_text("blend_mode"),
            runtime=fields.text("runtime"),
            onnxruntime=fields.text("onnxruntime"),
            provider=fields.one_of("provider", ("cpu", "cuda")),
            threads=fields.integer("threads", 1, 256),
        )


def _ingredient(fields: JsonFields) -> Ingredient:
    name = fields.text("name")
    if not name or "/" in name or "\\" in name:
        raise RequestError(f"a recipe names artifacts by their file names, not by {name!r:.60}")
    return Ingredient(
        name=name,
        sha256=fields.text("sha256"),
        model_id=fields.text("model_id"),
        precision=fields.one_of("precision", PRECISIONS),
        weight=fields.number("weight"),
    )


def _config(fields: JsonFields) -> GenerationConfig:
    stereo, audio_format = fields.section("stereo"), fields.section("audio_format")
    sliders = fields.optional_numbers("sliders")
    vector = fields.optional_numbers("latent_vector")
    return GenerationConfig(
        duration_s=fields.number("duration_s"),
        seed=fields.integer("seed", 0, SEED_LIMIT - 1),
        mode=fields.text("mode"),
        sliders=None if sliders is None else tuple(map(_whole, sliders)),
        latent_vector=vector,
        evolution=fields.number("evolution"),
        stereo=StereoSettings(
            mode=stereo.text("mode"),
            width=stereo.number("width"),
            depth=stereo.number("depth"),
        ),
        sample_rate_hz=fields.integer("sample_rate_hz", 1, 2**31),
        audio_format=AudioFormat(
            container=audio_format.text("container"),
            bit_depth=audio_format.optional_integer("bit_depth", 1, 64),
        ),
    )


def _whole(value: float) -> int:
    if not value.is_integer():
        raise RequestError(f"a recipe has slider positions in whole steps, not {value:g}")
    return int(value)


def find_recipe(comment: str, *, document: str) -> Recipe:
    """Return the recipe in a file's comment tag.

    Raises:
        RequestError: There is none, or it cannot be used.
    """
    text = comment.strip()
    if not text.startswith("{") or len(text) > MAX_BYTES:
        raise RequestError(f"{document} carries no recipe: distill-run did not write it")
    return Recipe.from_json(text, document=f"the recipe in {document}")


def as_document(recipe: Recipe) -> dict[str, Any]:
    """Return the recipe as plain values, for a report."""
    document: dict[str, Any] = json.loads(recipe.to_json())
    return document
