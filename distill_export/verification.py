"""Holding an exported graph against the reference in torch, before anything is written."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import onnx
import torch

from distill_export.complex_spectrogram import ComplexSpectrogram
from distill_export.continuous_mel import synthesize_continuous_mel
from distill_export.model_file import LoadedModel
from distill_export.onnx_file import with_mel_output
from distill_runtime import contract
from distill_runtime.audio.snr import MAX_SNR_DB, snr_db
from distill_runtime.contract import Parity, TestVector
from distill_runtime.errors import VerificationError
from distill_runtime.session import SessionOptions, open_session_from_bytes, run_session
from distill_runtime.verification import standard_normal_latents

# The floors of docs/artifact.md.
MIN_RECONSTRUCTION_SNR_DB = 110.0
MAX_DECODER_DIFFERENCE = 1e-4
MIN_STREAMING_SNR_DB = 120.0
MIN_BATCH_SNR_DB = 110.0

# A host's own rounding grows along the phase's running sum: the test vector is short, and its
# tolerance is wide enough for an honest host.
_TEST_VECTOR_SEED = 2026
_TEST_VECTOR_STEPS = 2
_TEST_VECTOR_SAMPLES = 1024
_TOLERANCE_DB = 60.0
_TOLERANCE_MARGIN_DB = 10.0
_MIN_TOLERANCE_DB = 40.0

_STEPS = (1, 2, 7, 24)
_PIECES = (1, 2, 1, 5, 3, 12)


@dataclass(frozen=True)
class Verification:
    """What was measured, and the test vector that goes into the artifact."""

    parity: Parity
    test_vector: TestVector


class _Graph:
    """The graph under test in onnxruntime, with its mel frames as an output."""

    def __init__(self, model: onnx.ModelProto, *, n_mels: int, state_size: int) -> None:
        testable = with_mel_output(model, n_mels=n_mels)
        self._session = open_session_from_bytes(testable.SerializeToString(), SessionOptions())
        self._state_size = state_size

    def play(
        self, latents: np.ndarray, pieces: tuple[int, ...] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Play `[batch, steps, latent_dim]` in pieces of so many steps, or in one.

        Returns:
            Audio `[batch, samples]` and mel frames `[batch, 2, n_mels, frames]`, both whole.
        """
        state = np.zeros((len(latents), self._state_size), np.float32)
        sounds, mels = [], []
        ends = np.cumsum(pieces or (latents.shape[1],))
        for start, end in zip((0, *ends[:-1]), ends, strict=True):
            audio, state, mel = run_session(
                self._session,
                [contract.AUDIO, contract.NEXT_STATE, contract.MEL],
                {
                    contract.LATENTS: latents[:, start:end],
                    contract.STATE: state,
                    contract.FINISH: np.array(end == latents.shape[1]),
                },
            )
            sounds.append(audio)
            mels.append(mel)
        if state.any():
            raise VerificationError("the state is not zero after the stream was finished")
        return np.concatenate(sounds, axis=1), np.concatenate(mels, axis=3)


def verify_graph(
    model: onnx.ModelProto, loaded: LoadedModel, *, state_size: int, latency_samples: int
) -> Verification:
    """Compare a graph with the reference on several trajectories.

    Raises:
        VerificationError: A difference is above what docs/artifact.md allows; it names the figure.
    """
    reference = ComplexSpectrogram()
    graph = _Graph(model, n_mels=loaded.spectrogram_config.n_mels, state_size=state_size)
    latent_dim = loaded.model.shape.latent_dim

    decoder_difference, reconstruction = 0.0, MAX_SNR_DB
    for steps in _STEPS:
        trajectory = standard_normal_latents(steps, steps, latent_dim)
        audio, mel = graph.play(trajectory[None])
        _check_finite(audio)
        with torch.inference_mode():
            expected_mel = synthesize_continuous_mel(
                loaded.model.decode, torch.from_numpy(trajectory)
            )
            expected = reference.complex_mel_to_waveform(
                torch.from_numpy(mel).double(),
                loaded.normalization_stats,
                samples=audio.shape[1] - latency_samples,
            )
        decoder_difference = max(decoder_difference, _largest_difference(expected_mel, mel))
        reconstruction = min(
            reconstruction, snr_db(expected.numpy()[0, 0], audio[0, latency_samples:])
        )
        if audio[0, :latency_samples].any():
            raise VerificationError("the latency at the start of a stream is not silent")
    # The last of them is also played in pieces, and beside another.
    in_pieces, _ = graph.play(trajectory[None], _PIECES)
    streaming = snr_db(audio, in_pieces)
    both, _ = graph.play(np.stack([trajectory[::-1], trajectory]))
    batch = snr_db(audio[0], both[1])

    parity = Parity(
        decoder_max_difference=float(f"{decoder_difference:.3g}"),
        reconstruction_snr_db=round(reconstruction, 1),
        streaming_snr_db=round(streaming, 1),
        batch_snr_db=round(batch, 1),
        trajectories=len(_STEPS),
    )
    _check_parity(parity)
    return Verification(parity, _test_vector(graph, loaded, latency_samples))


def _check_parity(parity: Parity) -> None:
    if parity.decoder_max_difference > MAX_DECODER_DIFFERENCE:
        raise VerificationError(
            f"the graph's mel frames differ from torch's by {parity.decoder_max_difference:.2g}, "
            f"at most {MAX_DECODER_DIFFERENCE:g} is allowed; nothing was written"
        )
    for what, found, floor in (
        ("reconstruction against float64", parity.reconstruction_snr_db, MIN_RECONSTRUCTION_SNR_DB),
        ("stream against one shot", parity.streaming_snr_db, MIN_STREAMING_SNR_DB),
        ("batch against single rows", parity.batch_snr_db, MIN_BATCH_SNR_DB),
    ):
        if found < floor:
            raise VerificationError(
                f"{what} is at {found:.1f} dB, at least {floor:g} dB is needed; nothing was written"
            )


def _test_vector(graph: _Graph, loaded: LoadedModel, latency_samples: int) -> TestVector:
    """Take the loudest excerpt of the reference's own sound, never of the artifact's."""
    latents = standard_normal_latents(
        _TEST_VECTOR_SEED, _TEST_VECTOR_STEPS, loaded.model.shape.latent_dim
    )
    with torch.inference_mode():
        mel = synthesize_continuous_mel(loaded.model.decode, torch.from_numpy(latents))
        sound = ComplexSpectrogram().complex_mel_to_waveform(
            mel.double(), loaded.normalization_stats
        )
    windows = sound[0, 0].unfold(0, _TEST_VECTOR_SAMPLES, _TEST_VECTOR_SAMPLES // 2)
    loudest = int(windows.square().sum(dim=1).argmax())
    excerpt = windows[loudest].numpy().astype(np.float32)
    start = latency_samples + loudest * (_TEST_VECTOR_SAMPLES // 2)
    audio, _ = graph.play(latents[None])
    reached = snr_db(excerpt, audio[0, start : start + _TEST_VECTOR_SAMPLES])
    tolerance = min(_TOLERANCE_DB, reached - _TOLERANCE_MARGIN_DB)
    if tolerance < _MIN_TOLERANCE_DB:
        raise VerificationError(
            f"the graph's sound is at {reached:.1f} dB from torch's, at least "
            f"{_MIN_TOLERANCE_DB + _TOLERANCE_MARGIN_DB:g} dB is needed; nothing was written"
        )
    return TestVector(
        seed=_TEST_VECTOR_SEED,
        steps=_TEST_VECTOR_STEPS,
        start=start,
        audio=tuple(float(str(value)) for value in excerpt),
        tolerance_db=math.floor(tolerance),
    )


def _largest_difference(expected: torch.Tensor, found: np.ndarray) -> float:
    return float((expected - torch.from_numpy(found)).abs().max())


def _check_finite(audio: np.ndarray) -> None:
    if not np.isfinite(audio).all():
        raise VerificationError(
            "the model's sound is not finite: its weights or statistics are broken; "
            "nothing was written"
        )
