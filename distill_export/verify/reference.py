"""What an artifact is held against: mel frames and sound in PyTorch, and how near it must be."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch

from distill_export.graph.base import Synthesizer
from distill_export.model.file import LoadedModel
from distill_export.reference.complex_spectrogram import ComplexSpectrogram
from distill_export.reference.continuous_mel import decode_trajectory
from distill_runtime.arrays import Float32Array, FloatArray
from distill_runtime.contract import RECONSTRUCTIONS


@dataclass(frozen=True)
class ParityFloors:
    """What docs/artifact.md asks of a reconstruction, signal-to-noise ratios in dB."""

    reconstruction_snr_db: float
    streaming_snr_db: float
    batch_snr_db: float


@dataclass(frozen=True)
class TestVectorRules:
    """How a reconstruction's test vector is found.

    Attributes:
        steps: Steps of its trajectory: few, for a host's own rounding grows along a sound.
        seeds: How many are tried for one that hosts agree upon.
        disturbances: How far mel frames may be off, in normalised units, as by the rounding of a
            host's decoder, with the tolerance still wide enough for what becomes of the sound.
        min_tolerance_db: The widest tolerance that still tells a right sound from a wrong one.
    """

    __test__ = False  # not a test class, whatever its name says to pytest

    steps: int
    seeds: int
    disturbances: tuple[float, ...]
    min_tolerance_db: float


class Reference(ABC):
    """A model's mel frames and their sound in PyTorch.

    Attributes:
        name: What the sound is compared with, in a word.
        floors: How near the artifact must be.
        test_vector: How its test vector is found.
    """

    name: ClassVar[str]
    floors: ClassVar[ParityFloors]
    test_vector: ClassVar[TestVectorRules]

    def __init__(self, loaded: LoadedModel, synthesizer: Synthesizer[Any]) -> None:
        """Take a model, and the module that was made of it.

        Where the module's weights were rounded, its decoder is what mel frames are compared with.
        What the rounding costs is measured against the float32 artifact (precision_loss.py).
        """
        decoder = synthesizer.decoder
        self._decode: Callable[[torch.Tensor], torch.Tensor] = (
            loaded.model.decode if decoder.is_exact else decoder
        )

    def mel(self, trajectory: Float32Array) -> torch.Tensor:
        """Return the mel frames `[1, 2, n_mels, frames]` of `[steps, latent_dim]`."""
        with torch.inference_mode():
            return decode_trajectory(self._decode, torch.from_numpy(trajectory))

    @abstractmethod
    def sound(self, mel: torch.Tensor) -> FloatArray:
        """Return the sound `[samples]` of mel frames `[1, 2, n_mels, frames]`, without latency."""


class FormulaReference(Reference):
    """The formulas of "learned", evaluated in float64."""

    name = "float64"
    floors = ParityFloors(110.0, RECONSTRUCTIONS["learned"].min_streaming_snr_db, 110.0)
    test_vector = TestVectorRules(steps=2, seeds=1, disturbances=(), min_tolerance_db=40.0)

    def __init__(self, loaded: LoadedModel, synthesizer: Synthesizer[Any]) -> None:
        super().__init__(loaded, synthesizer)
        self._statistics = loaded.normalization_stats
        self._hop_length = loaded.spectrogram.config.hop_length
        self._spectrogram = ComplexSpectrogram()

    def sound(self, mel: torch.Tensor) -> FloatArray:
        """Return the sound of mel frames, see `Reference`."""
        samples = self._hop_length * mel.shape[-1]
        with torch.inference_mode():
            sound = self._spectrogram.complex_mel_to_waveform(
                mel.double(), self._statistics, samples=samples
            )
        return sound[0, 0].numpy()


class ModuleReference(Reference):
    """The module itself, run in PyTorch: there is no shorter formula of what "refined" is.

    It tells peaks from valleys, so on a host whose decoder rounds otherwise a tone may begin
    elsewhere. The test vector is taken from a sound that disturbed mel frames leave nearly the
    same.
    """

    name = "PyTorch"
    floors = ParityFloors(70.0, RECONSTRUCTIONS["refined"].min_streaming_snr_db, 80.0)
    test_vector = TestVectorRules(steps=1, seeds=8, disturbances=(1e-6,), min_tolerance_db=20.0)

    def __init__(self, loaded: LoadedModel, synthesizer: Synthesizer[Any]) -> None:
        super().__init__(loaded, synthesizer)
        self._synthesizer = synthesizer

    def sound(self, mel: torch.Tensor) -> FloatArray:
        """Return the sound of mel frames, see `Reference`."""
        with torch.inference_mode():
            return self._synthesizer.resynthesize(mel)[0].numpy()


_REFERENCES: dict[str, type[Reference]] = {"learned": FormulaReference, "refined": ModuleReference}


def reference_for(loaded: LoadedModel, synthesizer: Synthesizer[Any]) -> Reference:
    """Return what the artifact of a module is held against."""
    return _REFERENCES[synthesizer.reconstruction](loaded, synthesizer)
