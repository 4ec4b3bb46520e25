"""Verifying an artifact with nothing but onnxruntime: is it whole, and does it sound as it did?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from distill_runtime.artifact.artifact import Artifact
from distill_runtime.audio.snr import snr_db
from distill_runtime.contract import RECONSTRUCTIONS
from distill_runtime.errors import ArtifactError, BackendError, VerificationError
from distill_runtime.latents.seeds import TorchGenerator

_STREAMING_STEPS = 12
_STREAMING_PIECES = (1, 4, 2, 5)


@dataclass(frozen=True)
class Check:
    """One check's outcome, in words for a person."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True)
class VerificationReport:
    """All checks of one artifact."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether every check held."""
        return all(check.passed for check in self.checks)

    def raise_if_failed(self) -> None:
        """Raise for the first check that did not hold.

        Raises:
            VerificationError: A check did not hold.
        """
        for check in self.checks:
            if not check.passed:
                raise VerificationError(f"{check.name}: {check.detail}")


def verify(artifact: Artifact) -> VerificationReport:
    """Check an artifact's weights, its sound and its streaming.

    Raises:
        ArtifactError: The file is gone by now.
    """
    return VerificationReport(
        (
            _weights(artifact),
            _played("Sound", _sound, artifact),
            _played("Streaming", _streaming, artifact),
        )
    )


def standard_normal_latents(seed: int, steps: int, latent_dim: int) -> npt.NDArray[np.float32]:
    """Return one draw of the seed's generator for each step, `[steps, latent_dim]`."""
    return TorchGenerator(seed).randn_rows(steps, latent_dim)


def _weights(artifact: Artifact) -> Check:
    intact = artifact.weights_sha256() == artifact.metadata.weights_sha256
    detail = (
        "every weight is as it was exported"
        if intact
        else "the weights are not the ones that were exported: the file was changed or damaged"
    )
    return Check("Weights", intact, detail)


def _played(name: str, check: Callable[[Artifact], Check], artifact: Artifact) -> Check:
    """Run a check that plays the artifact: one that cannot be played has not passed."""
    try:
        return check(artifact)
    except (ArtifactError, BackendError) as error:
        return Check(name, False, str(error))


def _sound(artifact: Artifact) -> Check:
    vector = artifact.metadata.test_vector
    latents = standard_normal_latents(vector.seed, vector.steps, artifact.latent_dim)
    audio, _ = artifact.step(latents[None], artifact.initial_state(), finish=True)
    found = audio[0, vector.start : vector.start + len(vector.audio)]
    expected = np.array(vector.audio, np.float32)
    if found.shape != expected.shape:
        return Check("Sound", False, "the sound is shorter than the test sound")
    ratio = snr_db(expected, found)
    passed = ratio >= vector.tolerance_db
    return Check(
        "Sound",
        passed,
        f"the test sound is met within {ratio:.0f} dB, {vector.tolerance_db:.0f} dB is needed",
    )


def _streaming(artifact: Artifact) -> Check:
    latents = standard_normal_latents(1, _STREAMING_STEPS, artifact.latent_dim)[None]
    whole, _ = artifact.step(latents, artifact.initial_state(), finish=True)
    ends = np.cumsum(_STREAMING_PIECES)
    pieces = np.split(latents, ends[:-1], axis=1)
    streamed = np.concatenate(list(artifact.stream(pieces)), axis=1)
    floor = RECONSTRUCTIONS[artifact.metadata.reconstruction].min_streaming_snr_db
    if streamed.shape != whole.shape:
        return Check("Streaming", False, "a stream has another length than one call")
    if np.array_equal(whole, streamed):
        return Check("Streaming", True, "a stream in pieces is equal to one call, bit for bit")
    ratio = snr_db(whole, streamed)
    return Check(
        "Streaming",
        ratio >= floor,
        f"a stream in pieces is within {ratio:.0f} dB of one call, {floor:.0f} dB is needed",
    )
