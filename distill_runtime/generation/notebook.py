"""A sound as a notebook shows it: a player and a line about it."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Iterator, Sequence

from distill_runtime.arrays import Float32Array
from distill_runtime.audio_file.container import AudioFormat
from distill_runtime.audio_file.writer import write_audio
from distill_runtime.files.temporary import temporary_folder

# A notebook keeps what it shows inside its own file: a minute of FLAC in stereo is some 8 MB.
MAX_SECONDS = 60
_FORMAT = AudioFormat("flac", 16)


def player_html(
    blocks: Iterable[Float32Array],
    *,
    frames: int,
    channels: int,
    sample_rate_hz: int,
    seed_for_dither: int | None,
    title: str,
    facts: Sequence[str],
) -> str:
    """Return an `audio` element that holds the sound, of a long one the first minute.

    Args:
        blocks: The sound, `[channels, samples]` each.
        frames: Its length.
        channels: Rows of every block.
        sample_rate_hz: Frames in a second.
        seed_for_dither: 0 to 2^32 - 1, or None for no dither.
        title: What a screen reader calls it.
        facts: What to say under the player.

    Raises:
        OutputError: There is no space for a temporary file.
    """
    shown = min(frames, MAX_SECONDS * sample_rate_hz)
    with temporary_folder() as folder:
        path = folder / "sound.flac"
        write_audio(
            path,
            _first(blocks, shown),
            audio_format=_FORMAT,
            sample_rate_hz=sample_rate_hz,
            channels=channels,
            frames=shown,
            seed_for_dither=seed_for_dither,
        )
        content = base64.b64encode(path.read_bytes()).decode("ascii")
    rest = [f"the first {MAX_SECONDS} s are here, save() writes all of it"] * (shown < frames)
    return (
        f'<audio controls aria-label="{html.escape(title, quote=True)}" '
        f'src="data:audio/flac;base64,{content}"></audio>'
        f"<div>{html.escape(' · '.join([*facts, *rest]))}</div>"
    )


def _first(blocks: Iterable[Float32Array], frames: int) -> Iterator[Float32Array]:
    """Yield the first frames of a sound."""
    for block in blocks:
        yield block[:, :frames]
        frames -= block.shape[1]
        if frames <= 0:
            return
