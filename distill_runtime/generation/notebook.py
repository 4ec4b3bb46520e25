"""A result as a notebook shows it: a player and a line about the sound."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from distill_runtime.arrays import Float32Array
from distill_runtime.audio_file.container import AudioFormat
from distill_runtime.audio_file.writer import write_audio

if TYPE_CHECKING:
    from distill_runtime.generation.result import GenerationResult

# A notebook keeps what it shows inside its own file: a minute of FLAC in stereo is some 8 MB.
MAX_SECONDS = 60
_FORMAT = AudioFormat("flac", 16)


def player_html(result: GenerationResult) -> str:
    """Return an `audio` element that holds the sound, of a long one the first minute.

    Raises:
        OutputError: There is no space for a temporary file.
    """
    frames = min(result.samples, MAX_SECONDS * result.sample_rate_hz)
    with TemporaryDirectory(prefix="distill-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "sound.flac"
        write_audio(
            path,
            _first(result.blocks(), frames),
            audio_format=_FORMAT,
            sample_rate_hz=result.sample_rate_hz,
            channels=result.channels,
            frames=frames,
            seed_for_dither=None if result.silent else result.seed,
        )
        content = base64.b64encode(path.read_bytes()).decode("ascii")
    names = " + ".join(ingredient.name for ingredient in result.recipe.ingredients)
    facts = [names, f"seed {result.seed}", f"{result.duration_s:g} s", result.levels.describe()]
    if frames < result.samples:
        facts.append(f"the first {MAX_SECONDS} s are here, save() writes all of it")
    label = html.escape(f"{names}, seed {result.seed}", quote=True)
    return (
        f'<audio controls aria-label="{label}" src="data:audio/flac;base64,{content}"></audio>'
        f"<div>{html.escape(' · '.join(facts))}</div>"
    )


def _first(blocks: Iterator[Float32Array], frames: int) -> Iterator[Float32Array]:
    """Yield the first frames of a sound."""
    for block in blocks:
        yield block[:, :frames]
        frames -= block.shape[1]
        if frames <= 0:
            return
