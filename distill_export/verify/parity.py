"""Holding a program against its reference, before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from distill_export.formats.program import Program
from distill_export.graph.base import Synthesizer
from distill_export.model.file import LoadedModel
from distill_export.verify.reference import Reference, reference_for
from distill_export.verify.renderer import Renderer, open_renderer
from distill_export.verify.test_vector import choose_test_vector
from distill_runtime.arrays import Float32Array
from distill_runtime.artifact.verification import standard_normal_latents
from distill_runtime.audio.snr import MAX_SNR_DB, snr_db
from distill_runtime.contract import Parity, TestVector
from distill_runtime.errors import VerificationError

MAX_DECODER_DIFFERENCE = 1e-4

_STEPS = (1, 2, 7, 24)
_PIECES = (1, 2, 1, 5, 3, 12)


@dataclass(frozen=True)
class Verification:
    """What was measured, and the test vector that goes into the artifact."""

    reference: str  # what the sound was compared with, in a word
    parity: Parity
    test_vector: TestVector


def verify_program(
    program: Program, loaded: LoadedModel, synthesizer: Synthesizer[Any]
) -> Verification:
    """Compare a program with the reference on several trajectories.

    Args:
        program: Made of the synthesizer.
        loaded: The model file.
        synthesizer: Made of the model.

    Raises:
        VerificationError: A difference is above what docs/artifact.md allows; it names the figure.
    """
    reference = reference_for(loaded, synthesizer)
    with open_renderer(program, synthesizer) as renderer:
        parity = measure_parity(renderer, reference, synthesizer)
        _check_parity(parity, reference)
        test_vector = choose_test_vector(renderer, reference, synthesizer)
        renderer.check()
    return Verification(reference.name, parity, test_vector)


def measure_parity(
    renderer: Renderer, reference: Reference, synthesizer: Synthesizer[Any]
) -> Parity:
    """Measure how near a program is to the reference, and its streams and batches to one call.

    Raises:
        VerificationError: It breaks the contract, or its sound is not finite.
    """
    latency_samples = synthesizer.latency_samples
    decoder_difference, reconstruction = 0.0, MAX_SNR_DB
    for steps in _STEPS:
        trajectory = standard_normal_latents(steps, steps, synthesizer.decoder.latent_dim)
        audio, mel = renderer.render(trajectory[None])
        _check_finite(audio)
        expected = reference.sound(torch.from_numpy(mel))
        difference = _largest_difference(reference.mel(trajectory), mel)
        decoder_difference = max(decoder_difference, difference)
        reconstruction = min(reconstruction, snr_db(expected, audio[0, latency_samples:]))
        if audio[0, :latency_samples].any():
            raise VerificationError("the latency at the start of a stream is not silent")
    # The last of them is also rendered in pieces, and beside another.
    in_pieces, _ = renderer.render(trajectory[None], _PIECES)
    both, _ = renderer.render(np.stack([trajectory[::-1], trajectory]))
    return Parity(
        decoder_max_difference=float(f"{decoder_difference:.3g}"),
        reconstruction_snr_db=round(reconstruction, 1),
        streaming_snr_db=round(snr_db(audio, in_pieces), 1),
        batch_snr_db=round(snr_db(audio[0], both[1]), 1),
        trajectories=len(_STEPS),
    )


def _check_parity(parity: Parity, reference: Reference) -> None:
    if parity.decoder_max_difference > MAX_DECODER_DIFFERENCE:
        raise VerificationError(
            f"the graph's mel frames differ from torch's by {parity.decoder_max_difference:.2g}, "
            f"at most {MAX_DECODER_DIFFERENCE:g} is allowed; nothing was written"
        )
    floors = reference.floors
    for what, found, floor in (
        (
            f"reconstruction against {reference.name}",
            parity.reconstruction_snr_db,
            floors.reconstruction_snr_db,
        ),
        ("stream against one shot", parity.streaming_snr_db, floors.streaming_snr_db),
        ("batch against single rows", parity.batch_snr_db, floors.batch_snr_db),
    ):
        if found < floor:
            raise VerificationError(
                f"{what} is at {found:.1f} dB, at least {floor:g} dB is needed; nothing was written"
            )


def _largest_difference(expected: torch.Tensor, found: Float32Array) -> float:
    return float((expected - torch.from_numpy(found)).abs().max())


def _check_finite(audio: Float32Array) -> None:
    if not np.isfinite(audio).all():
        raise VerificationError(
            "the model's sound is not finite: its weights or statistics are broken; "
            "nothing was written"
        )
