"""A finished sound: its samples, its figures, and the ways to keep it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from distill_runtime.arrays import Float32Array
from distill_runtime.audio.level import is_silent
from distill_runtime.audio.level_meter import LevelMeter, Levels
from distill_runtime.audio.soft_limit import limited_by_db, soft_limit
from distill_runtime.audio.spool import SoundSpool
from distill_runtime.audio_file.container import DEFAULT_BIT_DEPTH, AudioFormat
from distill_runtime.audio_file.pipe import (
    RawEncoding,
    wav_chunks,
    write_raw_stream,
    write_wav_stream,
)
from distill_runtime.audio_file.tags import Tags
from distill_runtime.audio_file.writer import write_audio
from distill_runtime.files.output_file import replacing
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.generation.recipe import Recipe


@dataclass(frozen=True, eq=False)
class GenerationResult:
    """A finished sound, peak 0.891 before its fades unless silent.

    A control of the level (`Control.is_level`, "Loudness") is heard: with it, the gain is the one
    that brings the same sound without it to 0.891. What goes beyond that is limited softly, below
    full scale.

    Attributes:
        recipe: How to make it again.
        gain: What the model's own sound was multiplied by, before any limit.
        levels: Peak, loudness, clipping, offset, and how loud it starts and ends.
        limited_db: By how much the soft limit lowers the loudest peak; 0 where nothing is limited.
    """

    recipe: Recipe
    gain: float
    levels: Levels
    _spool: SoundSpool
    limited_db: float = 0.0

    @property
    def config(self) -> GenerationConfig:
        """The request, with its seed and with a position for each slider."""
        return self.recipe.config

    @property
    def seed(self) -> int:
        """The seed it was made from."""
        assert self.config.seed is not None, "the seed was not drawn"
        return self.config.seed

    @property
    def sample_rate_hz(self) -> int:
        """Its sampling rate."""
        return self.config.sample_rate_hz

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self._spool.channels

    @property
    def samples(self) -> int:
        """Length of a channel in samples."""
        return self._spool.frames

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.samples / self.sample_rate_hz

    @property
    def silent(self) -> bool:
        """Whether the model produced nothing that could be heard."""
        return is_silent(self._spool.meter.peak)

    @cached_property
    def audio(self) -> Float32Array:
        """The whole sound, `[channels, samples]`; `blocks` gives it without holding it whole."""
        return np.concatenate([np.zeros((self.channels, 0), np.float32), *self.blocks()], axis=1)

    def blocks(self) -> Iterator[Float32Array]:
        """Yield the sound from its beginning in blocks `[channels, samples]`."""
        blocks = self._spool.blocks(self.gain)
        return map(soft_limit, blocks) if self.limited_db else blocks

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        audio_format: AudioFormat | None = None,
        tags: Tags | None = None,
        sidecar: bool = False,
        overwrite: bool = False,
    ) -> None:
        """Write the sound to a file, whole or not at all.

        The recipe goes into the comment tag, whatever comment `tags` has.

        Args:
            path: Where to write; its folder must exist. Its ending says which kind of file.
            audio_format: Container and bit depth; by default what the ending says, in 24 bits. It
                must not contradict the ending, and is needed where the name has none.
            tags: Title, artist and album.
            sidecar: Whether to write the recipe beside the file too, as `<path>.json`.
            overwrite: Whether to replace files that are there.

        Raises:
            RequestError: The path cannot be used, its ending is unknown or contradicts the format,
                or the format cannot hold the sound.
            OutputExistsError: A file is there and `overwrite` is false.
            OutputError: The file could not be written.
        """
        path = Path(path)
        audio_format = AudioFormat.for_file(path, audio_format)
        recipe = replace(self.recipe, audio_format=audio_format).to_json()
        with _sidecar(path, recipe, overwrite=overwrite) if sidecar else nullcontext():
            write_audio(
                path,
                self.blocks(),
                audio_format=audio_format,
                sample_rate_hz=self.sample_rate_hz,
                channels=self.channels,
                frames=self.samples,
                tags=replace(tags or Tags(), comment=recipe),
                seed_for_dither=self._seed_for_dither,
                overwrite=overwrite,
                loop=self.config.loop,
            )

    def write_wav(
        self, file: BinaryIO, *, bit_depth: int = DEFAULT_BIT_DEPTH, tags: Tags | None = None
    ) -> None:
        """Write the sound as a WAV to a stream that need not be seekable, such as a pipe.

        The bytes are those that `save` would put into a file.

        Args:
            file: Where to write, from wherever it stands.
            bit_depth: 16, 24, or 32 (floating point).
            tags: Title, artist and album.

        Raises:
            RequestError: There is no such bit depth.
            OSError: The stream cannot be written.
        """
        write_wav_stream(file, self.blocks(), **self._wav_settings(bit_depth, tags))

    def wav_chunks(
        self, *, bit_depth: int = DEFAULT_BIT_DEPTH, tags: Tags | None = None
    ) -> Iterator[bytes]:
        """Return the bytes of the sound as a WAV, piece by piece; see `write_wav`."""
        return wav_chunks(self.blocks(), **self._wav_settings(bit_depth, tags))

    def _wav_settings(self, bit_depth: int, tags: Tags | None) -> dict[str, Any]:
        recipe = replace(self.recipe, audio_format=AudioFormat("wav", bit_depth)).to_json()
        return {
            "frames": self.samples,
            "sample_rate_hz": self.sample_rate_hz,
            "channels": self.channels,
            "bit_depth": bit_depth,
            "tags": replace(tags or Tags(), comment=recipe),
            "seed_for_dither": self._seed_for_dither,
            "loop": self.config.loop,
        }

    def write_raw(self, file: BinaryIO, *, encoding: RawEncoding) -> None:
        """Write bare interleaved samples to a stream.

        Raises:
            OSError: The stream cannot be written.
        """
        write_raw_stream(
            file,
            self.blocks(),
            encoding=encoding,
            channels=self.channels,
            seed_for_dither=self._seed_for_dither,
        )

    def _repr_html_(self) -> str:
        """Return a player, which a notebook shows in the place of the result."""
        from distill_runtime.generation.notebook import player_html  # noqa: PLC0415

        names = " + ".join(ingredient.name for ingredient in self.recipe.ingredients)
        seed, length = f"seed {self.seed}", f"{self.duration_s:g} s"
        return player_html(
            self.blocks(),
            frames=self.samples,
            channels=self.channels,
            sample_rate_hz=self.sample_rate_hz,
            seed_for_dither=self._seed_for_dither,
            title=f"{names}, {seed}",
            facts=[names, seed, length, self.levels.describe()],
        )

    @property
    def _seed_for_dither(self) -> int | None:
        return None if self.silent else self.seed


def finished(recipe: Recipe, spool: SoundSpool, gain: float, *, limited: bool) -> GenerationResult:
    """Return a whole sound at its level.

    Args:
        recipe: How it was made.
        spool: Its samples, before the gain.
        gain: What to multiply them by.
        limited: Whether to limit softly what goes beyond the target peak then.
    """
    limited_db = limited_by_db(spool.meter.peak * gain) if limited else 0.0
    levels = spool.meter.levels(gain)
    if limited_db:
        meter = LevelMeter()
        for block in spool.blocks(gain):
            meter.add(soft_limit(block))
        levels = meter.levels()
    return GenerationResult(recipe, gain, levels, spool, limited_db)


@contextmanager
def _sidecar(path: Path, recipe: str, *, overwrite: bool) -> Iterator[None]:
    """Write a recipe beside a sound, as `<path>.json`, once the sound is there."""
    with replacing(path.with_name(path.name + ".json"), overwrite=overwrite) as temporary:
        temporary.write_text(recipe + "\n", encoding="utf-8")
        yield
