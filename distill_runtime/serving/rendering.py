"""The bytes of a sound that was asked for, in pieces."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

from distill_runtime.audio_file import wav
from distill_runtime.files.temporary import temporary_folder, temporary_place
from distill_runtime.serving.sound_order import SoundOrder

_PIECE_BYTES = 2**16


@dataclass(frozen=True)
class Head:
    """What is known of a sound as soon as there is something to hear.

    Attributes:
        size_bytes: Of all pieces; None where nobody knows yet.
        gain: What the model's own sound is multiplied by.
    """

    size_bytes: int | None
    gain: float


def render(order: SoundOrder, cancel: threading.Event) -> Iterator[Head | bytes]:
    """Yield a sound's head, and then its bytes in pieces.

    At a level of the caller's they come while it is rendered. One that is normalised is rendered
    first, because its level is only known then: its bytes are those of the file that `distill-run`
    writes.

    Args:
        order: What is asked for.
        cancel: Set by another thread to give it up.

    Raises:
        RequestError: It cannot be streamed so.
        FailureError: It could not be made, or was given up.
    """
    pipeline, config, audio_format = order.model.pipeline, order.config, order.audio_format
    if order.level is not None:
        pieces = pipeline.stream_file(config, gain=order.level, audio_format=audio_format)
        yield from _headed(order, order.level, pieces)
        return
    result = pipeline.generate(config, cancel=cancel)
    if audio_format.bit_depth is not None and audio_format.container == "wav":
        pieces = result.wav_chunks(bit_depth=audio_format.bit_depth)
        yield from _headed(order, result.gain, pieces)
        return
    with temporary_folder(temporary_place()) as folder:
        path = folder / f"sound.{audio_format.container}"
        result.save(path, audio_format=audio_format)
        with path.open("rb") as file:
            yield Head(path.stat().st_size, result.gain)
            while piece := file.read(_PIECE_BYTES):
                yield piece


def _headed(order: SoundOrder, gain: float, pieces: Iterator[bytes]) -> Iterator[Head | bytes]:
    """Yield the head when the first samples are there, and what there is with them."""
    first = next(pieces)
    size_bytes = None
    if order.audio_format.container == "wav":
        size_bytes = len(first) + _sample_bytes(order)
    second = next(pieces, b"")
    yield Head(size_bytes, gain)
    yield first + second
    yield from pieces


def _sample_bytes(order: SoundOrder) -> int:
    """Return how long a WAV is behind its header."""
    config, depth = order.config, order.audio_format.bit_depth
    assert depth is not None, "every WAV has a bit depth"
    end = wav.trailer(frames=config.samples, channels=config.channels, bit_depth=depth)
    return config.samples * config.channels * depth // 8 + len(end)
