"""A sound that is played by hand: it answers moves while it plays, and can be played again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import TracebackType

import numpy as np
import numpy.typing as npt

from distill_runtime.arrays import Float32Array
from distill_runtime.artifact.artifact import Artifact
from distill_runtime.audio.level import peak
from distill_runtime.audio.spatial import StereoSettings
from distill_runtime.contract import STEP_SAMPLES
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief, finite, whole
from distill_runtime.generation.live.answers import Answers
from distill_runtime.generation.live.beginning import first_place
from distill_runtime.generation.live.hands import Hands
from distill_runtime.generation.live.journal import Journal
from distill_runtime.generation.live.offline import read_offline
from distill_runtime.generation.live.output import Output, checked_gain, file_gain
from distill_runtime.generation.live.place import Place
from distill_runtime.generation.live.recording import recorded
from distill_runtime.generation.live.timeline import Timeline
from distill_runtime.generation.live.worker import Worker
from distill_runtime.generation.result import GenerationResult
from distill_runtime.latents.controls import ControlSteps
from distill_runtime.latents.sliders import SliderPositions

# The longest block of a stream that plays: half of the least that lies ready.
MAX_BLOCK_SAMPLES = STEP_SAMPLES // 4


class LiveStream(Hands):
    """An endless sound that follows hands, for a host that plays as it goes.

    A thread renders ahead of who reads. When a slider is moved, it renders the two chunks that
    sound anew, from the state before them, and fades them in over 20 ms from the sample that is
    read next. The sound does not stand still where the sliders stand if it has a `drift`.

    Moves, the readings of `underruns`, `load` and `peak`, and `record` may come from any thread;
    `read` from any, too, though an order is only kept within one.

    Attributes:
        artifact: What plays.
        channels: 1 or 2.
        gain: What the model's own sound is multiplied by.
    """

    def __init__(
        self,
        artifact: Artifact,
        *,
        start: npt.ArrayLike | None = None,
        sliders: SliderPositions | None = None,
        controls: ControlSteps | None = None,
        seed: int | None = None,
        drift: float = 0.0,
        nearness: float | None = None,
        stereo: StereoSettings | None = None,
        gain: float | None = None,
        realtime: bool = True,
        keep_s: float = 120.0,
    ) -> None:
        """Set the stream up and render its first half second.

        Args:
            artifact: What plays.
            start: `[latent_dim]`, where to begin.
            sliders: Where sliders stand instead; see `set_sliders`.
            controls: Steps of named controls, which move all of it; see `set_controls`.
            seed: Of the walk between random anchors, as `generate` walks, if there is neither a
                vector nor sliders nor a drift; else of the drift. Without one, one is drawn, and
                the sound begins where all sliders stand at 0 (of a model without sliders, where
                the latent vector is 0).
            drift: How far the sound wanders from where the sliders lead, 0 to 1.
            nearness: How far all of it is pulled to where the recordings lie, 0 to 1; by default
                as the model has it.
            stereo: One channel or two. "dual-seed" and "binaural-dual-seed" play two voices, the
                right one from the next seed. A place around the head stands still.
            gain: What to multiply the model's own sound by; by default what a finished file of the
                beginning would have. What is louder than such a file is limited softly.
            realtime: Whether a thread renders ahead, and `read` never waits: what is not ready is
                silence then, and an underrun. If not, `read` renders what it returns, and a move
                is heard from the very next sample: for sounds that nobody waits for.
            keep_s: How many seconds `record` can go back.

        Raises:
            RequestError: A value is out of bounds or does not fit the model.
            BackendError: onnxruntime failed.
        """
        stereo = stereo or StereoSettings()
        place = first_place(artifact, stereo, start, sliders, controls, seed, drift, nearness)
        super().__init__(artifact, stereo, place)
        self.channels = stereo.output_channels
        self.gain = file_gain(artifact, place, stereo) if gain is None else checked_gain(gain)
        kept_samples = round(_keep(keep_s) * artifact.sample_rate_hz)
        self._timeline = Timeline(
            artifact, place, rows=self.stereo.input_channels, kept_samples=kept_samples
        )
        self._answers = Answers(self._timeline, Journal(self._timeline, self.gain))
        self._output = Output(self.stereo, self.gain)
        self._reading = threading.Lock()
        self._underruns = 0
        self._peak = 0.0
        self._worker = Worker(self._answers) if realtime else None

    @property
    def sample_rate_hz(self) -> int:
        """Of what is read."""
        return self.artifact.sample_rate_hz

    @property
    def underruns(self) -> int:
        """How many blocks were read that were not ready."""
        return self._underruns

    @property
    def load(self) -> float:
        """Share of the time that rendering takes, 0 to 1: a running mean of some 0.4 s."""
        return 0.0 if self._worker is None else self._worker.load

    def take_peak(self) -> float:
        """Return the largest magnitude since this was last asked."""
        found, self._peak = self._peak, 0.0
        return found

    def read(self, samples: int) -> Float32Array:
        """Return the next samples.

        Args:
            samples: How many, 0 or more; at most `MAX_BLOCK_SAMPLES` in real time.

        Returns:
            `[samples]` of a mono stream, else `[2, samples]`, at `sample_rate_hz`.

        Raises:
            RequestError: It is not such a number.
            BackendError: onnxruntime failed.
        """
        count = whole(samples)
        if count is None or count < 0:
            raise RequestError(f"the block has {brief(samples)} samples, expected 0 or more")
        with self._reading:
            block = self._offline(count) if self._worker is None else self._ready(count)
        self._peak = max(self._peak, peak(block))
        return block[0] if self.channels == 1 else block

    def blocks(self, samples: int) -> Iterator[Float32Array]:
        """Yield blocks for ever; see `read`."""
        while True:
            yield self.read(samples)

    def record(self, seconds: float | None = None) -> GenerationResult:
        """Return what was heard last, with a recipe that plays it again, bit for bit.

        Args:
            seconds: How much; by default as much as is kept. What is silence for an underrun is
                left out.

        Raises:
            RequestError: It is not a number above 0, or nothing was read yet.
        """
        return recorded(self._timeline, self._answers.journal, self.stereo, seconds)

    def close(self) -> None:
        """End the thread that renders; what was heard can still be recorded."""
        if self._worker is not None:
            self._worker.close()

    def __enter__(self) -> LiveStream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _offline(self, count: int) -> Float32Array:
        return read_offline(self._answers, self._output, count)

    def _ready(self, count: int) -> Float32Array:
        assert self._worker is not None
        if count > MAX_BLOCK_SAMPLES:
            raise RequestError(
                f"the block has {count} samples, expected at most {MAX_BLOCK_SAMPLES}, which lie "
                "ready in real time: realtime=False renders blocks of any size"
            )
        if self._worker.failure is not None:
            raise self._worker.failure
        block = self._output.push(self._timeline.read(count))
        missing = count - block.shape[1]
        if missing:
            self._underruns += 1
            block = np.concatenate([block, np.zeros((self.channels, missing), np.float32)], axis=1)
        return block

    def _ask(self, place: Place, *, restart: bool = False) -> None:
        super()._ask(place, restart=restart)
        self._answers.ask(place, restart=restart)
        if self._worker is not None:
            self._worker.wake()


def _keep(seconds: object) -> float:
    value = finite(seconds)
    if value is None or not 0.0 <= value <= 3600.0:
        raise RequestError(f"keep_s is {brief(seconds)}, expected seconds from 0 to 3600")
    return value
