"""A live sound that one process can hand to another, which goes on from the same sample."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from distill_runtime.arrays import Float32Array
from distill_runtime.artifact.artifact import Artifact
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief, whole
from distill_runtime.generation.live.answers import Answers
from distill_runtime.generation.live.handover import Handover
from distill_runtime.generation.live.hands import Hands
from distill_runtime.generation.live.journal import Journal
from distill_runtime.generation.live.offline import read_offline
from distill_runtime.generation.live.perform import resumed
from distill_runtime.generation.live.place import Place


class HandedStream(Hands):
    """Renders what is read, then and there; a move is heard from the next sample on.

    What it plays follows from where it began and from the order of moves and reads alone, whoever
    renders and however fast. One thread at a time may use it.

    Args:
        artifact: What plays.
        handover: Where to go on, or to begin.

    Attributes:
        channels: 1 or 2.
        gain: What the model's own sound is multiplied by.

    Raises:
        RequestError: The state is of another artifact, or not of one.
        BackendError: onnxruntime failed.
    """

    def __init__(self, artifact: Artifact, handover: Handover) -> None:
        if handover.sha256 != artifact.sha256:
            raise RequestError(
                f"the state is of an artifact with SHA-256 {brief(handover.sha256, 70)}, not of "
                f"{artifact.name}"
            )
        performance, stereo = handover.performance, handover.stereo
        timeline, output = resumed(artifact, performance, stereo)
        while timeline.next_step < handover.next_step:
            timeline.extend()
        super().__init__(artifact, stereo, timeline.place)
        self.channels = stereo.output_channels
        self.gain = performance.gain
        self._output = output
        # A mark for each step: what takes the sound over then has little to render again.
        journal = Journal(timeline, self.gain, steps_between=1, since=performance)
        self._answers = Answers(timeline, journal)
        self._held: bool | None = None  # whether one of the moves that are held is a restart

    @property
    def position(self) -> int:
        """How many samples of a channel were read since the sound began."""
        timeline = self._answers.timeline
        return timeline.position - self.artifact.latency_samples

    def read(self, samples: int) -> Float32Array:
        """Return the next samples `[channels, samples]`.

        Raises:
            RequestError: It is not a number of samples, 1 or more.
            BackendError: onnxruntime failed.
        """
        count = whole(samples)
        if count is None or count < 1:
            raise RequestError(f"the block has {brief(samples)} samples, expected 1 or more")
        return read_offline(self._answers, self._output, count)

    def hand_over(self) -> Handover:
        """Return the sound as it is now; it can be read on here as well.

        Raises:
            BackendError: onnxruntime failed.
        """
        if self._answers.is_asked:
            self._answers.answer()  # as the next block would
        timeline = self._answers.timeline
        (performance, *_) = self._answers.journal.performances(timeline.position)
        assert performance.begin == timeline.position, "the journal has forgotten too much"
        return Handover(self.artifact.sha256, self.stereo, performance, timeline.next_step)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Make several moves one: all of them, or none if one is refused."""
        before, self._held = self._place, False
        try:
            yield
            self._answers.ask(self._place, restart=self._held)
        except BaseException:
            self._place = before
            raise
        finally:
            self._held = None

    def _ask(self, place: Place, *, restart: bool = False) -> None:
        super()._ask(place, restart=restart)
        if self._held is None:
            self._answers.ask(place, restart=restart)
        else:
            self._held |= restart
