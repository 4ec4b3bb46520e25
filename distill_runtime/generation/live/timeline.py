"""The sound of a place, rendered step by step, of which the last steps can be rendered anew.

An artifact's state is a value, so a step that plays already can be rendered again from the state
before it, with other latent vectors, and cross-faded in from the sample that plays now. Two chunks
sound at any time, the one of this step and the one of the step before, which fades out; both are
made anew, or a move would only be half heard at first.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np

from distill_runtime.arrays import Float32Array
from distill_runtime.artifact.artifact import Artifact
from distill_runtime.generation.live.crossfade import FADE_SAMPLES, crossfade
from distill_runtime.generation.live.path import MAX_PHASE, Path
from distill_runtime.generation.live.place import Place

_KEPT_STEPS = 6  # whose states are at hand: what plays, what is ahead, and what came before both


@dataclass(frozen=True)
class Start:
    """Where a timeline starts.

    Attributes:
        step: Index of the first step.
        phase: How far its wandering has come.
        state: `[rows, state_size]`, what the step before left; None for the beginning.
    """

    step: int = 0
    phase: int = 0
    state: Float32Array | None = None


@dataclass
class Rewrite:
    """Steps that were rendered anew and are not yet heard.

    Attributes:
        first: Index of the first of them.
        place: What they were rendered for.
        states: `[rows, state_size]` before each of them, and after the last.
        phases: Of each of them, and of the step after the last.
        audio: `[rows, step_samples]` for each.
    """

    first: int
    place: Place
    states: list[Float32Array]
    phases: list[int]
    audio: list[Float32Array] = field(default_factory=list)

    @property
    def end(self) -> int:
        """Index of the step after the last."""
        return self.first + len(self.audio)


class Timeline:
    """Rendered steps, one after the other, in a ring that holds the last seconds of them.

    Positions count samples from the start of the stream, its latency included. One thread renders;
    `read` and `heard` may be called by others.

    Args:
        artifact: What plays.
        place: Where the sound begins to be.
        rows: Voices.
        kept_samples: How much of what was read is kept.
        start: Where the timeline starts.

    Attributes:
        position: Of the sample that is read next.
        first_position: Of the first one, after the latency.
        place: What the next step will be rendered for.
    """

    def __init__(
        self,
        artifact: Artifact,
        place: Place,
        *,
        rows: int,
        kept_samples: int = 0,
        start: Start | None = None,
    ) -> None:
        start = start or Start()
        self.artifact = artifact
        self.place = place
        self.step_samples = artifact.metadata.audio.step_samples
        self.path = Path(artifact, rows)
        state = artifact.initial_state(rows) if start.state is None else start.state
        self._states = {start.step: state}
        self._phases = {start.step: start.phase}
        self._kept_samples = kept_samples
        capacity = kept_samples + (_KEPT_STEPS + 1) * self.step_samples
        self._ring = np.zeros((rows, capacity), np.float32)
        self._next_step = start.step
        latency = artifact.latency_samples if start.step == 0 else 0
        self.position = self.first_position = start.step * self.step_samples + latency
        self._lock = threading.Lock()

    @property
    def next_step(self) -> int:
        """Index of the first step that is not rendered."""
        return self._next_step

    @property
    def end(self) -> int:
        """Position of the first sample that is not rendered."""
        return self._next_step * self.step_samples

    @property
    def oldest(self) -> int:
        """Position of the first sample that is still held."""
        return max(self.first_position, self.position - self._kept_samples)

    def start_at(self, step: int) -> Start:
        """Return what it takes to start another timeline with a step, one of the last."""
        return Start(step, self._phases[step], self._states[step] if step else None)

    def extend(self) -> None:
        """Render the next step."""
        rewrite = self._rewrite(self.place, self._next_step, self._phases[self._next_step])
        self.grow(rewrite)
        self._keep(rewrite)
        self._write(self.end, rewrite.audio[0])
        self._next_step += 1

    def rewrite(self, place: Place, first: int, steps: int, *, restart: bool = False) -> Rewrite:
        """Render steps anew, from one that was rendered, without changing what is there.

        Args:
            place: What for.
            first: Index of the first of them.
            steps: How many.
            restart: Whether the wandering begins anew with the first.
        """
        rewrite = self._rewrite(place, first, 0 if restart else self._phases[first])
        for _ in range(steps):
            self.grow(rewrite)
        return rewrite

    def _rewrite(self, place: Place, first: int, phase: int) -> Rewrite:
        return Rewrite(first, place, [self._states[first]], [phase])

    def grow(self, rewrite: Rewrite) -> None:
        """Render one step more."""
        phase = rewrite.phases[-1]
        latents = self.path.latents(rewrite.place, phase)
        audio, state = self.artifact.step(latents[:, np.newaxis], rewrite.states[-1])
        rewrite.audio.append(audio)
        rewrite.states.append(state)
        rewrite.phases.append(phase if rewrite.place.hold else (phase + 1) % MAX_PHASE)

    def commit(
        self, rewrite: Rewrite, at: int | None = None, fade: int = FADE_SAMPLES
    ) -> tuple[int, int] | None:
        """Let steps that were rendered anew be heard.

        Args:
            rewrite: The steps.
            at: The sample from which on they are; by default the one that is read next.
            fade: Over how many samples to fade them in, at most: fewer if fewer are rendered.

        Returns:
            From which sample on they are heard, and over how many they were faded in; None if they
            end before they could be heard whole, and have to grow.
        """
        with self._lock:
            at = self.position if at is None else at
            if at + FADE_SAMPLES > rewrite.end * self.step_samples:
                return None
            new = np.concatenate(rewrite.audio, axis=1)
            new = new[:, at - rewrite.first * self.step_samples :]
            fade = min(fade, max(0, self.end - at))
            if fade:
                new[:, :fade] = crossfade(self._read(at, fade), new[:, :fade])
            self._write(at, new)
            self._keep(rewrite)
            self._next_step = rewrite.end
            self.place = rewrite.place
        return at, fade

    def _keep(self, rewrite: Rewrite) -> None:
        """Go on from what a rewrite left, and forget states that are too old."""
        for offset, (state, phase) in enumerate(zip(rewrite.states, rewrite.phases, strict=True)):
            self._states[rewrite.first + offset] = state
            self._phases[rewrite.first + offset] = phase
        steps = range(rewrite.end - _KEPT_STEPS, rewrite.end + 1)
        self._states = {step: self._states[step] for step in steps if step in self._states}
        self._phases = {step: self._phases[step] for step in steps if step in self._phases}

    def read(self, samples: int) -> Float32Array:
        """Return the next samples `[rows, samples]`, fewer if no more are rendered."""
        with self._lock:
            block = self._read(self.position, min(samples, self.end - self.position))
            self.position += block.shape[1]
            return block

    def heard(self, begin: int, samples: int) -> Float32Array:
        """Return samples `[rows, samples]` that were read and are still held."""
        with self._lock:
            return self._read(begin, samples)

    def _read(self, begin: int, samples: int) -> Float32Array:
        begin %= self._ring.shape[1]
        # One piece, or two where the ring closes; always a copy.
        pieces = self._ring[:, begin : begin + samples], self._ring[:, : self._over(begin, samples)]
        return np.concatenate(pieces, axis=1)

    def _write(self, begin: int, audio: Float32Array) -> None:
        begin %= self._ring.shape[1]
        over = self._over(begin, audio.shape[1])
        until = audio.shape[1] - over
        self._ring[:, begin : begin + until] = audio[:, :until]
        self._ring[:, :over] = audio[:, until:]

    def _over(self, begin: int, samples: int) -> int:
        """Return how many samples lie beyond the ring's end, and so at its beginning."""
        return max(0, begin + samples - self._ring.shape[1])
