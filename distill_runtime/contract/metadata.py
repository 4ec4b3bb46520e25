"""The metadata document of an artifact, read and written whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from distill_runtime.contract.controls import Control, read_controls
from distill_runtime.contract.landmarks import Landmarks
from distill_runtime.contract.measurements import Parity, PrecisionLoss, TestVector
from distill_runtime.contract.model_info import ModelInfo
from distill_runtime.contract.names import (
    CHUNK_FRAMES,
    FORMAT,
    HOP_FRAMES,
    HOP_LENGTH,
    MAX_LATENT_DIM,
    MIN_LATENT_DIM,
    PRECISIONS,
    RECONSTRUCTIONS,
    SAMPLE_RATE_HZ,
    VERSION,
)
from distill_runtime.contract.sliders import SliderBank
from distill_runtime.errors import ArtifactError
from distill_runtime.files.checks import brief
from distill_runtime.files.json_fields import JsonFields


@dataclass(frozen=True)
class AudioGrid:
    """The sound's sampling and the frames behind it; lengths in samples or in frames."""

    sample_rate_hz: int
    n_fft: int
    hop_length: int
    n_mels: int
    chunk_frames: int
    hop_frames: int

    @property
    def step_samples(self) -> int:
        """Samples that every step of the latent trajectory yields."""
        return self.hop_frames * self.hop_length

    @classmethod
    def from_fields(cls, fields: JsonFields) -> AudioGrid:
        """Read the object "audio", of which this version fixes the most."""
        return cls(
            sample_rate_hz=fields.integer("sample_rate_hz", SAMPLE_RATE_HZ, SAMPLE_RATE_HZ),
            n_fft=fields.integer("n_fft", 2, 2**20),
            hop_length=fields.integer("hop_length", HOP_LENGTH, HOP_LENGTH),
            n_mels=fields.integer("n_mels", 1, 4096),
            chunk_frames=fields.integer("chunk_frames", CHUNK_FRAMES, CHUNK_FRAMES),
            hop_frames=fields.integer("hop_frames", HOP_FRAMES, HOP_FRAMES),
        )


@dataclass(frozen=True)
class Normalization:
    """Statistics of the training set: `value = normalised * std + mean`, per channel."""

    mag_mean: float
    mag_std: float
    if_mean: float
    if_std: float

    @classmethod
    def from_fields(cls, fields: JsonFields) -> Normalization:
        """Read the object "normalization"."""
        return cls(
            mag_mean=fields.number("mag_mean"),
            mag_std=fields.number("mag_std"),
            if_mean=fields.number("if_mean"),
            if_std=fields.number("if_std"),
        )


@dataclass(frozen=True)
class ArtifactMetadata:
    """The whole metadata document."""

    model: ModelInfo
    audio: AudioGrid
    latent_dim: int
    state_size: int
    latency_samples: int
    reconstruction: str
    precision: str
    precision_loss: PrecisionLoss | None  # of "float32": None
    normalization: Normalization | None
    sliders: SliderBank | None
    source_sha256: str
    weights_sha256: str
    exporter: Mapping[str, str]  # program -> version
    parity: Parity
    test_vector: TestVector
    controls: tuple[Control, ...] = ()  # in a document only if there are some
    landmarks: Landmarks | None = None  # in a document only if there are some

    def to_json(self) -> str:
        """Return the document as compact JSON (UTF-8 text)."""
        return json.dumps(
            self._document(), separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )

    @classmethod
    def from_json(cls, text: str) -> ArtifactMetadata:
        """Read the document and check every field.

        Raises:
            ArtifactError: It is not JSON, of another format or version, or a field is missing,
                of the wrong type or out of range.
        """
        fields = JsonFields.parse(text, document="its metadata", error=ArtifactError)
        if (found := fields.text("format")) != FORMAT:
            raise ArtifactError(f"its metadata has the format {brief(found)}, not {FORMAT!r}")
        version = fields.integer("version", 1, 2**31)
        if version != VERSION:
            raise ArtifactError(
                f"it has contract version {version}, this program reads version {VERSION}: "
                + ("update distill-portable" if version > VERSION else "export it again")
            )
        return cls._from_fields(fields)

    @classmethod
    def _from_fields(cls, fields: JsonFields) -> ArtifactMetadata:
        latent_dim = fields.integer("latent_dim", MIN_LATENT_DIM, MAX_LATENT_DIM)
        loss = fields.section("precision_loss") if "precision_loss" in fields else None
        normalization = fields.optional_section("normalization")
        bank = fields.optional_section("sliders")
        controls = fields.sections("controls") if "controls" in fields else None
        landmarks = fields.section("landmarks") if "landmarks" in fields else None
        return cls(
            model=ModelInfo.from_fields(fields.section("model")),
            audio=AudioGrid.from_fields(fields.section("audio")),
            latent_dim=latent_dim,
            state_size=fields.integer("state_size", 1, 2**24),
            latency_samples=fields.integer("latency_samples", 0, 2**20),
            reconstruction=fields.one_of("reconstruction", tuple(RECONSTRUCTIONS)),
            precision=fields.one_of("precision", PRECISIONS),
            precision_loss=None if loss is None else PrecisionLoss.from_fields(loss),
            normalization=None
            if normalization is None
            else Normalization.from_fields(normalization),
            sliders=None if bank is None else SliderBank.from_fields(bank, latent_dim),
            source_sha256=fields.section("source").text("sha256"),
            weights_sha256=fields.section("weights").text("sha256"),
            exporter=fields.section("exporter").all_texts(),
            parity=Parity.from_fields(fields.section("parity")),
            test_vector=TestVector.from_fields(fields.section("test_vector")),
            controls=() if controls is None else read_controls(controls, latent_dim),
            landmarks=None if landmarks is None else Landmarks.from_fields(landmarks, latent_dim),
        )

    def _document(self) -> dict[str, Any]:
        loss = self.precision_loss
        return {
            "format": FORMAT,
            "version": VERSION,
            "model": self.model.document(),
            "audio": dict(vars(self.audio)),
            "latent_dim": self.latent_dim,
            "state_size": self.state_size,
            "latency_samples": self.latency_samples,
            "reconstruction": self.reconstruction,
            "precision": self.precision,
            **({} if loss is None else {"precision_loss": dict(vars(loss))}),
            "normalization": self.normalization and dict(vars(self.normalization)),
            "sliders": self.sliders and self.sliders.document(),
            **self._controls(),
            **({} if self.landmarks is None else {"landmarks": self.landmarks.document()}),
            "source": {"sha256": self.source_sha256},
            "weights": {"sha256": self.weights_sha256},
            "exporter": dict(self.exporter),
            "parity": dict(vars(self.parity)),
            "test_vector": self.test_vector.document(),
        }

    def _controls(self) -> dict[str, Any]:
        if not self.controls:
            return {}
        return {"controls": [control.document() for control in self.controls]}
