"""A live sound at one of its samples, as a value from which another process goes on."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy.typing as npt

from distill_runtime.artifact.artifact import Artifact
from distill_runtime.audio.spatial import StereoSettings
from distill_runtime.contract import STEP_SAMPLES
from distill_runtime.errors import RequestError
from distill_runtime.files.json_fields import JsonFields
from distill_runtime.generation.live.beginning import first_place
from distill_runtime.generation.live.output import checked_gain, file_gain
from distill_runtime.generation.live.performance import Performance
from distill_runtime.generation.live.timeline import Start
from distill_runtime.generation.stereo_document import stereo_document, stereo_from_document
from distill_runtime.latents.controls import ControlSteps
from distill_runtime.latents.sliders import SliderPositions

FORMAT = "distill.live"
VERSION = 1
_DOCUMENT = "the state"
_MOST_STEPS_AHEAD = 8


@dataclass(frozen=True)
class Handover:
    """A live sound, short of what can be rendered again.

    Attributes:
        sha256: Of the artifact that plays.
        stereo: How it is heard.
        performance: What plays its last steps again. Its `begin` is the sample that is next.
        next_step: Index of the first step that was not rendered yet.
    """

    sha256: str
    stereo: StereoSettings
    performance: Performance
    next_step: int

    @classmethod
    def beginning(
        cls,
        artifact: Artifact,
        *,
        stereo: StereoSettings | None = None,
        start: npt.ArrayLike | None = None,
        sliders: SliderPositions | None = None,
        controls: ControlSteps | None = None,
        seed: int | None = None,
        drift: float = 0.0,
        nearness: float | None = None,
        gain: float | None = None,
    ) -> Handover:
        """Return a sound at its first sample; see `LiveStream` for what is asked.

        Raises:
            RequestError: A value is out of bounds or does not fit the model.
            BackendError: onnxruntime failed.
        """
        stereo = stereo or StereoSettings()
        place = first_place(artifact, stereo, start, sliders, controls, seed, drift, nearness)
        level = file_gain(artifact, place, stereo) if gain is None else checked_gain(gain)
        performance = Performance(Start(), place, (), artifact.latency_samples, level)
        return cls(artifact.sha256, stereo, performance, 0)

    def to_json(self) -> str:
        """Return it as compact JSON in ASCII."""
        document = {
            "format": FORMAT,
            "version": VERSION,
            "artifact": self.sha256,
            "stereo": stereo_document(self.stereo),
            "next_step": self.next_step,
            "performance": self.performance.document(),
        }
        return json.dumps(document, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Handover:
        """Read one.

        Whether it fits an artifact, and the size of its state, is seen when it is taken over.

        Raises:
            RequestError: It is none, or of another version, or a field is not right.
        """
        fields = JsonFields.parse(text, document=_DOCUMENT, error=RequestError)
        fields.expect_format(FORMAT, VERSION)
        performance = Performance.from_fields(fields.section("performance"))
        if any(move.at > performance.begin for move in performance.moves):
            raise RequestError(f"{_DOCUMENT} has a move that was not heard yet")
        playing = performance.begin // STEP_SAMPLES
        return cls(
            sha256=fields.text("artifact"),
            stereo=stereo_from_document(fields.section("stereo")),
            performance=performance,
            next_step=fields.integer("next_step", 0, playing + _MOST_STEPS_AHEAD),
        )
