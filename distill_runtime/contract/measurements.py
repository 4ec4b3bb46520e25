"""What an export measured, in the metadata: parity, precision, and a test sound for any host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from distill_runtime.files.json_fields import JsonFields


@dataclass(frozen=True)
class Parity:
    """What the export measured before it wrote the file; ratios in dB, larger is better."""

    decoder_max_difference: float  # artifact against torch, normalised mel frames
    reconstruction_snr_db: float  # artifact against a float64 evaluation of the same mel frames
    streaming_snr_db: float  # in pieces against in one call
    batch_snr_db: float  # two rows in one call against two calls
    trajectories: int

    @classmethod
    def from_fields(cls, fields: JsonFields) -> Parity:
        """Read the object "parity"."""
        return cls(
            decoder_max_difference=fields.number("decoder_max_difference"),
            reconstruction_snr_db=fields.number("reconstruction_snr_db"),
            streaming_snr_db=fields.number("streaming_snr_db"),
            batch_snr_db=fields.number("batch_snr_db"),
            trajectories=fields.integer("trajectories", 0, 2**31),
        )


@dataclass(frozen=True)
class PrecisionLoss:
    """What weights of less precision cost and gain, against the float32 artifact."""

    mel_snr_db: float  # of the mel frames, normalised units
    log_mel_distance_db: float  # mean difference of the mel bands' levels
    latents: int  # vectors compared: of seeds, and of sliders at their ends
    weight_bytes: int
    float32_weight_bytes: int
    decoder_speed_ratio: float  # how many times as fast, on the machine that exported it
    speed_ratio: float  # the same of the whole graph
    warning: str | None  # what is below the floor

    @classmethod
    def from_fields(cls, fields: JsonFields) -> PrecisionLoss:
        """Read the object "precision_loss"."""
        return cls(
            mel_snr_db=fields.number("mel_snr_db"),
            log_mel_distance_db=fields.number("log_mel_distance_db"),
            latents=fields.integer("latents", 0, 2**31),
            weight_bytes=fields.integer("weight_bytes", 0, 2**53),
            float32_weight_bytes=fields.integer("float32_weight_bytes", 0, 2**53),
            decoder_speed_ratio=fields.number("decoder_speed_ratio"),
            speed_ratio=fields.number("speed_ratio"),
            warning=fields.optional_text("warning"),
        )


@dataclass(frozen=True)
class TestVector:
    """A seeded sound's excerpt, to check any host against.

    The latents are `steps` successive standard normal draws `[latent_dim]` of the seed's generator;
    rendered in one finishing call, `audio` is found from sample `start` on.
    """

    __test__ = False  # not a test class, whatever its name says to pytest

    seed: int
    steps: int
    start: int
    audio: tuple[float, ...]
    tolerance_db: float

    @classmethod
    def from_fields(cls, fields: JsonFields) -> TestVector:
        """Read the object "test_vector"."""
        return cls(
            seed=fields.integer("seed", 0, 2**32 - 1),
            steps=fields.integer("steps", 1, 1000),
            start=fields.integer("start", 0, 2**31),
            audio=fields.numbers("audio"),
            tolerance_db=fields.number("tolerance_db"),
        )

    def document(self) -> dict[str, Any]:
        """Return the object as JSON has it."""
        return {**vars(self), "audio": list(self.audio)}
