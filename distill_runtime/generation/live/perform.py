"""Playing a live sound again, from its recipe."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from distill_runtime.arrays import Float32Array
from distill_runtime.artifact.artifact import Artifact
from distill_runtime.audio.spatial import StereoSettings
from distill_runtime.errors import RequestError
from distill_runtime.generation.live.output import MEMORY_SAMPLES, Output
from distill_runtime.generation.live.performance import Move, Performance
from distill_runtime.generation.live.timeline import Timeline

# Of a sound that goes on: more than lie between two marks of its journal.
KEPT_STEPS = 8

_BLOCK = 2**14
_MOVES_PER_S = 1000  # more than any hands, and than any machine answers


def perform(
    artifact: Artifact, performance: Performance, stereo: StereoSettings, samples: int
) -> Iterator[Float32Array]:
    """Play a performance again: the samples are those that were heard, bit for bit.

    Args:
        artifact: What plays.
        performance: What was played.
        stereo: How.
        samples: How many samples a channel.

    Yields:
        `[channels, samples]`.

    Raises:
        RequestError: The performance is not of this artifact.
        BackendError: onnxruntime failed.
    """
    timeline, output = _beginning(artifact, performance, stereo, samples)
    begin = performance.begin
    end = begin + samples
    for move in performance.moves:
        if move.at >= end:
            break
        yield from _heard(output, timeline, begin, max(move.at, timeline.position))
        _answer(timeline, move)
    yield from _heard(output, timeline, begin, end)


def resumed(
    artifact: Artifact, performance: Performance, stereo: StereoSettings
) -> tuple[Timeline, Output]:
    """Return what stands where a performance begins, to go on from there.

    Args:
        artifact: What plays.
        performance: What was played, all of whose moves are before its beginning.
        stereo: How.

    Raises:
        RequestError: The performance is not of this artifact.
        BackendError: onnxruntime failed.
    """
    timeline, output = _beginning(artifact, performance, stereo, 0, kept_steps=KEPT_STEPS)
    begin = performance.begin
    for move in performance.moves:
        deque(_heard(output, timeline, begin, min(begin, max(move.at, timeline.position))), 0)
        _answer(timeline, move)
    deque(_heard(output, timeline, begin, begin), 0)
    return timeline, output


def _beginning(
    artifact: Artifact,
    performance: Performance,
    stereo: StereoSettings,
    samples: int,
    *,
    kept_steps: int = 0,
) -> tuple[Timeline, Output]:
    """Return what will play: some of what was before is heard in the delays."""
    timeline = _timeline(artifact, performance, stereo, samples, kept_steps)
    timeline.position = max(timeline.position, performance.begin - MEMORY_SAMPLES)
    return timeline, Output(stereo, performance.gain)


def _timeline(
    artifact: Artifact,
    performance: Performance,
    stereo: StereoSettings,
    samples: int,
    kept_steps: int,
) -> Timeline:
    for place in {performance.place, *(move.place for move in performance.moves)}:
        place.check_on(artifact)
    if len(performance.moves) > _MOVES_PER_S * (1 + samples / artifact.sample_rate_hz):
        raise RequestError(
            f"the recipe has {len(performance.moves)} moves in "
            f"{samples / artifact.sample_rate_hz:.3g} s, expected {_MOVES_PER_S} a second at most"
        )
    rows, state = stereo.input_channels, performance.start.state
    expected = (rows, artifact.metadata.state_size)
    if state is not None and state.shape != expected:
        raise RequestError(
            f"the recipe has a state of shape {list(state.shape)}, {artifact.name} expects "
            f"{list(expected)}"
        )
    kept_samples = kept_steps * artifact.metadata.audio.step_samples
    return Timeline(
        artifact, performance.place, rows=rows, kept_samples=kept_samples, start=performance.start
    )


def _heard(output: Output, timeline: Timeline, begin: int, until: int) -> Iterator[Float32Array]:
    """Yield what is heard up to a position, in blocks, leaving out what is before the beginning."""
    while timeline.position < until:
        while timeline.end < min(until, timeline.position + _BLOCK):
            timeline.extend()
        at = timeline.position
        block = output.push(timeline.read(min(until - at, _BLOCK)))
        if at + block.shape[1] > begin:
            yield block[:, max(0, begin - at) :]


def _answer(timeline: Timeline, move: Move) -> None:
    while timeline.next_step < move.first or timeline.end < move.at + move.fade:
        timeline.extend()
    rewrite = timeline.rewrite(move.place, move.first, 1, restart=move.restart)
    while timeline.commit(rewrite, move.at, move.fade) is None:
        timeline.grow(rewrite)
