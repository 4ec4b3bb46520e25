"""Recipes: what it takes to render a file again, carried in the file itself.

A recipe is a compact JSON document in the comment tag (and in a sidecar on request). It names
artifacts by file name and SHA-256 and holds every setting; it holds no paths.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distill_runtime import __version__
from distill_runtime.artifact.session import SessionOptions, onnxruntime_version
from distill_runtime.audio_file.container import AudioFormat, format_from_name
from distill_runtime.audio_file.tag_reader import read_tags
from distill_runtime.audio_file.tags import Tags
from distill_runtime.contract import ARTIFACT_ENDINGS, ONNX, PRECISIONS
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief
from distill_runtime.files.input_file import read_text
from distill_runtime.files.json_fields import JsonFields
from distill_runtime.files.shown import shown
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.generation.original_files import is_sidecar, read_sidecar
from distill_runtime.generation.stereo_document import stereo_document, stereo_from_document
from distill_runtime.latents.seeds import SEED_LIMIT

if TYPE_CHECKING:
    from distill_runtime.generation.live.performance import Performance

FORMAT = "distill.recipe"
VERSION = 1
MAX_BYTES = 2**20

_FADES = ("fade_in_s", "fade_out_s")


@dataclass(frozen=True)
class Ingredient:
    """An artifact as a recipe names it."""

    name: str  # of the file, without its folder
    sha256: str | None  # of the file; None where only its model's name is known
    model_id: str | None
    precision: str
    weight: float  # in the blend, as it was given


@dataclass(frozen=True)
class Recipe:
    """How a sound was made.

    Attributes:
        config: The request, with its seed, a position for each slider, and controls by their names.
        ingredients: The artifacts, in the order of the blend.
        blend_mode: "latent" or "audio" where there are several artifacts.
        runtime: Version of distill_runtime.
        onnxruntime: Version of onnxruntime.
        provider: What ran the graph: "cpu" or "cuda". Another one rounds differently.
        threads: How many threads shared an operator's work.
        audio_format: Of the file that carries it; None of a sound that is in no file yet.
        performance: What was played by hand, if it was: of the request, only duration and stereo
            count then.
    """

    config: GenerationConfig
    ingredients: tuple[Ingredient, ...]
    blend_mode: str | None
    runtime: str
    onnxruntime: str
    provider: str
    threads: int
    audio_format: AudioFormat | None = None
    performance: Performance | None = None

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
            "sliders": None if config.sliders is None else list(config.sliders),
            "latent_vector": config.latent_vector and list(config.latent_vector),
            "evolution": config.evolution,
            **({"controls": dict(config.controls)} if config.controls else {}),
            **({} if config.nearness is None else {"nearness": config.nearness}),
            "stereo": stereo_document(config.stereo),
            "sample_rate_hz": config.sample_rate_hz,
            "audio_format": self.audio_format and dict(vars(self.audio_format)),
            **_ends(config),
        }
        if self.performance is not None:
            document["performance"] = self.performance.document()
        return json.dumps(document, separators=(",", ":"), allow_nan=False)

    def in_format_of(self, path: Path) -> Recipe:
        """Return the recipe for a file of another name: its ending decides the format.

        The samples stay the same before they are encoded.

        Raises:
            RequestError: The ending is unknown, or the format cannot hold the sound.
        """
        container = format_from_name(path)
        if self.audio_format is not None and container == self.audio_format.container:
            return self
        return replace(self, audio_format=AudioFormat(container))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Recipe:
        """Read the recipe that a sound carries, or a sidecar holds: ours, or Distill's own.

        Raises:
            RequestError: There is no such file, or no recipe in it.
        """
        path = Path(path)
        if _is_sidecar(path):
            try:
                text = read_text(path, kind="a recipe", max_bytes=MAX_BYTES, error=RequestError)
            except RequestError as error:
                raise RequestError(f"{shown(path)}: {error}") from None
            return find_recipe(text, document=shown(path))
        return find_recipe(read_tags(path).comment, document=shown(path))

    @property
    def is_original(self) -> bool:
        """Whether Distill itself made the sound: such a recipe names its model and no file."""
        return all(ingredient.sha256 is None for ingredient in self.ingredients)

    @classmethod
    def _of_sidecar(cls, fields: JsonFields) -> Recipe:
        model_name, config, audio_format = read_sidecar(fields)
        name = _file_name(f"{model_name}{ARTIFACT_ENDINGS[ONNX]}")
        return cls(
            config=config,
            ingredients=(Ingredient(name, None, None, "float32", 1.0),),
            blend_mode=None,
            runtime=__version__,
            onnxruntime=onnxruntime_version(),
            provider="cpu",
            threads=SessionOptions().resolved_threads,
            audio_format=audio_format,
        )

    @classmethod
    def from_json(cls, text: str, *, document: str) -> Recipe:
        """Read a recipe, or the sidecar of a sound that Distill itself made.

        Args:
            text: JSON.
            document: What complaints call it.

        Raises:
            RequestError: It is not a recipe, or of another version, or a field is not right.
        """
        fields = JsonFields.parse(text, document=document, error=RequestError)
        if is_sidecar(fields):
            return cls._of_sidecar(fields)
        fields.expect_format(FORMAT, VERSION)
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
            audio_format=_audio_format(fields.optional_section("audio_format")),
            performance=_performance(fields, ingredients),
        )


def _ends(config: GenerationConfig) -> dict[str, Any]:
    """Return what is to be said of fades and loop, where there are some."""
    values = {name: getattr(config, name) for name in (*_FADES, "loop")}
    return {name: value for name, value in values.items() if value}


def _performance(fields: JsonFields, ingredients: Sequence[Ingredient]) -> Performance | None:
    if "performance" not in fields:
        return None
    if len(ingredients) > 1:
        with fields.about():
            raise RequestError(f"it is played on {len(ingredients)} artifacts, expected one")
    from distill_runtime.generation.live.performance import Performance  # noqa: PLC0415

    return Performance.from_fields(fields.section("performance"))


def _ingredient(fields: JsonFields) -> Ingredient:
    return Ingredient(
        name=_file_name(fields.text("name")),
        sha256=fields.text("sha256"),
        model_id=fields.text("model_id"),
        precision=fields.one_of("precision", PRECISIONS),
        weight=fields.number("weight"),
    )


def _file_name(name: str) -> str:
    if not name or "/" in name or "\\" in name:
        raise RequestError(f"a recipe names artifacts by their file names, not by {brief(name)}")
    return name


def _config(fields: JsonFields) -> GenerationConfig:
    stereo = stereo_from_document(fields.section("stereo"))
    settings: dict[str, Any] = {
        "duration_s": fields.number("duration_s"),
        "seed": fields.integer("seed", 0, SEED_LIMIT - 1),
        "mode": fields.text("mode"),
        "sliders": fields.optional_numbers("sliders"),
        "latent_vector": fields.optional_numbers("latent_vector"),
        "evolution": fields.number("evolution"),
        "sample_rate_hz": fields.integer("sample_rate_hz", 1, 2**31),
        "controls": fields.all_numbers("controls") if "controls" in fields else None,
        "nearness": fields.number("nearness") if "nearness" in fields else None,
    }
    settings |= {name: fields.number(name) for name in _FADES if name in fields}
    if "loop" in fields:
        settings["loop"] = fields.boolean("loop")
    with fields.about():
        return GenerationConfig(**settings, stereo=stereo)


def _audio_format(fields: JsonFields | None) -> AudioFormat | None:
    if fields is None:
        return None
    container, depth = fields.text("container"), fields.optional_integer("bit_depth", 1, 64)
    with fields.about():
        return AudioFormat(container, depth)


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


def load_tags(path: Path) -> Tags | None:
    """Read title, artist and album of a sound; a sidecar has none.

    Raises:
        InputError: There is no such file, or it is not an audio file.
    """
    return None if _is_sidecar(path) else read_tags(path)


def _is_sidecar(path: Path) -> bool:
    return path.suffix.lower() == ".json"
