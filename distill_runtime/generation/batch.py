"""Several sounds of one duration, rendered side by side, each with the gain that sets its level.

A control of the level ("Loudness") has to be heard, and normalising would take it back. A sound
that is moved by one gets the gain of the same sound without it, which is rendered for its peaks
alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from distill_runtime.audio.level import normalization_gain
from distill_runtime.audio.spool import SoundSpool
from distill_runtime.generation.blend import Blend
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.generation.finishing import (
    RenderedSound,
    SoundPeaks,
    measure_sounds,
    render_sounds,
)
from distill_runtime.generation.voices import latent_blocks

Progress = Callable[[float], None]


@dataclass(frozen=True)
class LevelledSound:
    """A whole sound and what sets its level.

    Attributes:
        spool: Its samples, before the gain.
        gain: What to multiply them by.
        is_moved: Whether a control moves its level, so that the gain may be too much for it.
    """

    spool: SoundSpool
    gain: float
    is_moved: bool


def render_batch(
    blend: Blend,
    configs: Sequence[GenerationConfig],
    stop: threading.Event,
    *,
    overlap: bool = True,
    progress: Progress | None = None,
) -> list[LevelledSound]:
    """Render prepared requests of one duration in one batch of the graph.

    Args:
        blend: What plays.
        configs: The requests.
        stop: Set by another thread to end the work.
        overlap: See `render_sounds`.
        progress: Told how much is done, 0 to 1.

    Raises:
        StoppedError: `stop` was set.
        BackendError: onnxruntime failed.
        OutputError: There is no space for a temporary file.
    """
    unmoved = [blend.without_level(config) for config in configs]
    references = [config for config in unmoved if config is not None]
    renderers = blend.renderers
    passes = len(renderers) * (2 if references else 1)
    parts = [
        render_sounds(
            artifact,
            configs,
            latent_blocks(blend, configs, index),
            stop,
            overlap=overlap,
            progress=_share_of(progress, index, passes),
        )
        for index, artifact in enumerate(renderers)
    ]
    peaks = [[sound.peaks for sound in sounds] for sounds in parts]
    for index, artifact in enumerate(renderers if references else ()):
        measured = measure_sounds(
            artifact,
            references,
            latent_blocks(blend, references, index),
            stop,
            overlap=overlap,
            progress=_share_of(progress, len(renderers) + index, passes),
        )
        following = iter(measured)
        peaks[index] = [
            own if config is None else next(following)
            for own, config in zip(peaks[index], unmoved, strict=True)
        ]
    return [
        _levelled(blend, sounds, levels, is_moved=config is not None)
        for config, sounds, levels in zip(
            unmoved, zip(*parts, strict=True), zip(*peaks, strict=True), strict=True
        )
    ]


def _levelled(
    blend: Blend, sounds: Sequence[RenderedSound], peaks: Sequence[SoundPeaks], *, is_moved: bool
) -> LevelledSound:
    """Set the level of what each renderer made for one request, by the peaks that stand for it."""
    if blend.mixes_sounds:
        return LevelledSound(_mixed(blend, sounds, peaks), 1.0, is_moved)
    return LevelledSound(sounds[0].spool, normalization_gain(peaks[0].kept), is_moved)


def _mixed(
    blend: Blend, sounds: Sequence[RenderedSound], peaks: Sequence[SoundPeaks]
) -> SoundSpool:
    """Average sounds, each at the level that Distill gives it before it cuts it."""
    first = sounds[0].spool
    mixed = SoundSpool(first.channels, first.frames)
    finished = [
        sound.spool.blocks(normalization_gain(level.rendered))
        for sound, level in zip(sounds, peaks, strict=True)
    ]
    for blocks in zip(*finished, strict=True):
        mixed.write(blend.mix(blocks))
    return mixed


def _share_of(progress: Progress | None, index: int, count: int) -> Progress | None:
    """Return what tells the progress of one of several parts."""
    if progress is None:
        return None
    return lambda fraction: progress((index + fraction) / count)
