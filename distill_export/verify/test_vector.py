"""The test vector of an artifact: a short sound to check any host against."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from distill_export.graph.base import Synthesizer
from distill_export.verify.reference import Reference
from distill_export.verify.renderer import Renderer
from distill_runtime.artifact.verification import standard_normal_latents
from distill_runtime.audio.snr import snr_db
from distill_runtime.contract import TestVector
from distill_runtime.errors import VerificationError

# A host's own rounding grows along the phase's running sum: the test vector is short, and its
# tolerance is wide enough for an honest host.
_FIRST_SEED = 2026
_SAMPLES = 1024
_TOLERANCE_DB = 60.0
_MARGIN_DB = 10.0


def choose_test_vector(
    renderer: Renderer, reference: Reference, synthesizer: Synthesizer[Any]
) -> TestVector:
    """Take the loudest excerpt of the reference's own sound, never of the artifact's.

    Raises:
        VerificationError: The artifact's sound is too far from it.
    """
    rules = reference.test_vector
    best: tuple[float, TestVector] | None = None
    for seed in range(_FIRST_SEED, _FIRST_SEED + rules.seeds):
        tolerance, vector = _test_vector(seed, renderer, reference, synthesizer)
        if best is None or tolerance > best[0]:
            best = tolerance, vector
        if tolerance >= _TOLERANCE_DB - _MARGIN_DB:
            break
    assert best is not None, "at least one seed is tried"
    tolerance, vector = best
    if tolerance < rules.min_tolerance_db:
        raise VerificationError(
            f"the graph's sound is at {tolerance + _MARGIN_DB:.1f} dB from torch's, at "
            f"least {rules.min_tolerance_db + _MARGIN_DB:g} dB is needed; nothing was written"
        )
    return vector


def _test_vector(
    seed: int, renderer: Renderer, reference: Reference, synthesizer: Synthesizer[Any]
) -> tuple[float, TestVector]:
    """Return the excerpt of one seed, and the tolerance in dB that it would need."""
    rules = reference.test_vector
    latents = standard_normal_latents(seed, rules.steps, synthesizer.decoder.latent_dim)
    mel = reference.mel(latents)
    windows = torch.from_numpy(reference.sound(mel)).unfold(0, _SAMPLES, _SAMPLES // 2)
    loudest = int(windows.square().sum(dim=1).argmax())
    excerpt = windows[loudest].numpy().astype(np.float32)
    offset = loudest * (_SAMPLES // 2)
    start = synthesizer.latency_samples + offset

    audio, _ = renderer.render(latents[None])
    reached = snr_db(excerpt, audio[0, start : start + _SAMPLES])
    for size in rules.disturbances:
        disturbed = reference.sound(_disturbed(mel, size))[offset : offset + _SAMPLES]
        reached = min(reached, snr_db(excerpt, disturbed))
    tolerance = min(_TOLERANCE_DB, reached - _MARGIN_DB)
    return tolerance, TestVector(
        seed=seed,
        steps=rules.steps,
        start=start,
        audio=tuple(float(str(value)) for value in excerpt),
        tolerance_db=math.floor(tolerance),
    )


def _disturbed(mel: torch.Tensor, size: float) -> torch.Tensor:
    """Return mel frames as another host's decoder may round them."""
    noise = torch.randn(mel.shape, generator=torch.Generator().manual_seed(0))
    return mel + size * noise
