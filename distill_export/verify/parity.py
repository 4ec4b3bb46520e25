"""Holding an exported graph against the reference in torch, before anything is written."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import onnx
import torch

from distill_export.formats.onnx_graph import with_mel_output
from distill_export.graph.learned.synthesizer import Synthesizer
from distill_export.graph.refined.synthesizer import RefinedSynthesizer
from distill_export.model.file import LoadedModel
from distill_export.reference.complex_spectrogram import ComplexSpectrogram
from distill_export.reference.continuous_mel import decode_trajectory
from distill_export.verify.graph_session import GraphSession, play_in_pieces
from distill_runtime.artifact.verification import standard_normal_latents
from distill_runtime.audio.snr import MAX_SNR_DB, snr_db
from distill_runtime.contract import Parity, TestVector
from distill_runtime.errors import VerificationError

MAX_DECODER_DIFFERENCE = 1e-4


@dataclass(frozen=True)
class Floors:
    """What docs/artifact.md asks of a reconstruction, signal-to-noise ratios in dB."""

    reference: str
    reconstruction_snr_db: float
    streaming_snr_db: float
    batch_snr_db: float


FLOORS = {
    "learned": Floors("float64", 110.0, 120.0, 110.0),
    "refined": Floors("PyTorch", 70.0, 100.0, 80.0),
}

# A host's own rounding grows along the phase's running sum: the test vector is short, and its
# tolerance is wide enough for an honest host.
_TEST_VECTOR_SEED = 2026
_TEST_VECTOR_STEPS = {"learned": 2, "refined": 1}
_TEST_VECTOR_SAMPLES = 1024
_TOLERANCE_DB = 60.0
_TOLERANCE_MARGIN_DB = 10.0
_MIN_TOLERANCE_DB = 40.0

# "refined" tells peaks from valleys, so a host whose decoder rounds otherwise may hear a tone begin
# elsewhere. Its test vector is taken from a sound that disturbed mel frames leave nearly the same.
_DISTURBANCE = 1e-6
_DISTURBED_SEEDS = 8
_MIN_DISTURBED_TOLERANCE_DB = 20.0

Decode = Callable[[torch.Tensor], torch.Tensor]  # latent vectors to chunks of mel frames
Reference = Callable[[torch.Tensor], np.ndarray]  # mel frames of one row to audio, no latency

_STEPS = (1, 2, 7, 24)
_PIECES = (1, 2, 1, 5, 3, 12)


@dataclass(frozen=True)
class Verification:
    """What was measured, and the test vector that goes into the artifact."""

    parity: Parity
    test_vector: TestVector


class Player(Protocol):
    """What plays the file, or the graph, that is to be verified."""

    def play(
        self, latents: np.ndarray, pieces: tuple[int, ...] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Play `[batch, steps, latent_dim]` in pieces of so many steps, or in one.

        Returns:
            Audio `[batch, samples]` and mel frames `[batch, 2, n_mels, frames]`, both whole.
        """


class _Graph:
    """The graph under test in onnxruntime, with its mel frames as an output."""

    def __init__(self, model: onnx.ModelProto, *, n_mels: int) -> None:
        self._session = GraphSession(with_mel_output(model, n_mels=n_mels))

    def play(
        self, latents: np.ndarray, pieces: tuple[int, ...] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Play as `Player` says."""
        session = self._session
        results = play_in_pieces(session, latents, pieces, state_size=session.state_size)
        sounds, _, mels = zip(*results, strict=True)
        return np.concatenate(sounds, axis=1), np.concatenate(mels, axis=3)


def verify_graph(
    model: onnx.ModelProto, loaded: LoadedModel, synthesizer: Synthesizer | RefinedSynthesizer
) -> Verification:
    """Compare a graph with the reference on several trajectories.

    Args:
        model: Traced from the synthesizer.
        loaded: The model file.
        synthesizer: For its sizes, and with "refined" as the oracle of the sound.

    Raises:
        VerificationError: A difference is above what docs/artifact.md allows; it names the figure.
    """
    graph = _Graph(model, n_mels=loaded.spectrogram.config.n_mels)
    return verify_player(graph, loaded, synthesizer)


def verify_player(
    graph: Player, loaded: LoadedModel, synthesizer: Synthesizer | RefinedSynthesizer
) -> Verification:
    """Compare whatever plays the graph with the reference; see `verify_graph`."""
    latency_samples = synthesizer.latency_samples
    reference, decode = _reference(loaded, synthesizer), _decode(loaded, synthesizer)
    latent_dim = loaded.model.latent_dim

    decoder_difference, reconstruction = 0.0, MAX_SNR_DB
    for steps in _STEPS:
        trajectory = standard_normal_latents(steps, steps, latent_dim)
        audio, mel = graph.play(trajectory[None])
        _check_finite(audio)
        with torch.inference_mode():
            expected_mel = decode_trajectory(decode, torch.from_numpy(trajectory))
        expected = reference(torch.from_numpy(mel))
        decoder_difference = max(decoder_difference, _largest_difference(expected_mel, mel))
        reconstruction = min(reconstruction, snr_db(expected, audio[0, latency_samples:]))
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
    _check_parity(parity, FLOORS[synthesizer.reconstruction])
    return Verification(parity, _test_vector(graph, loaded, synthesizer, reference, decode))


def _decode(loaded: LoadedModel, synthesizer: Synthesizer | RefinedSynthesizer) -> Decode:
    """Return what the graph's mel frames are compared with.

    That is the model itself; or, where its weights were rounded, the rounded ones in torch. What
    the rounding costs is measured against the float32 artifact (precision.py).
    """
    if synthesizer.decoder.precision == "float32":
        return loaded.model.decode
    decoder: Decode = synthesizer.decoder
    return decoder


def _reference(loaded: LoadedModel, synthesizer: Synthesizer | RefinedSynthesizer) -> Reference:
    """Return what the graph's sound is compared with: for "learned", the formula in float64."""
    if isinstance(synthesizer, RefinedSynthesizer):
        stream = synthesizer.stream

        def refined(mel: torch.Tensor) -> np.ndarray:
            with torch.inference_mode():
                return stream.resynthesize(mel[:, 0])[0].numpy()

        return refined

    spectrogram = ComplexSpectrogram()
    hop_length = loaded.spectrogram.config.hop_length

    def learned(mel: torch.Tensor) -> np.ndarray:
        with torch.inference_mode():
            sound = spectrogram.complex_mel_to_waveform(
                mel.double(), loaded.normalization_stats, samples=hop_length * mel.shape[-1]
            )
        return sound[0, 0].numpy()

    return learned


def _check_parity(parity: Parity, floors: Floors) -> None:
    if parity.decoder_max_difference > MAX_DECODER_DIFFERENCE:
        raise VerificationError(
            f"the graph's mel frames differ from torch's by {parity.decoder_max_difference:.2g}, "
            f"at most {MAX_DECODER_DIFFERENCE:g} is allowed; nothing was written"
        )
    for what, found, floor in (
        (
            f"reconstruction against {floors.reference}",
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


def _test_vector(
    graph: Player,
    loaded: LoadedModel,
    synthesizer: Synthesizer | RefinedSynthesizer,
    reference: Reference,
    decode: Decode,
) -> TestVector:
    """Take the loudest excerpt of the reference's own sound, never of the artifact's."""
    steps = _TEST_VECTOR_STEPS[synthesizer.reconstruction]
    refined = synthesizer.reconstruction == "refined"
    best: tuple[float, TestVector] | None = None
    for seed in range(_TEST_VECTOR_SEED, _TEST_VECTOR_SEED + (_DISTURBED_SEEDS if refined else 1)):
        latents = standard_normal_latents(seed, steps, loaded.model.latent_dim)
        with torch.inference_mode():
            mel = decode_trajectory(decode, torch.from_numpy(latents))
        sound = torch.from_numpy(reference(mel))
        windows = sound.unfold(0, _TEST_VECTOR_SAMPLES, _TEST_VECTOR_SAMPLES // 2)
        loudest = int(windows.square().sum(dim=1).argmax())
        excerpt = windows[loudest].numpy().astype(np.float32)
        offset = loudest * (_TEST_VECTOR_SAMPLES // 2)
        start = synthesizer.latency_samples + offset
        audio, _ = graph.play(latents[None])
        reached = snr_db(excerpt, audio[0, start : start + _TEST_VECTOR_SAMPLES])
        if refined:
            disturbed = reference(_disturbed(mel))[offset : offset + _TEST_VECTOR_SAMPLES]
            reached = min(reached, snr_db(excerpt, disturbed))
        tolerance = min(_TOLERANCE_DB, reached - _TOLERANCE_MARGIN_DB)
        vector = TestVector(
            seed=seed,
            steps=steps,
            start=start,
            audio=tuple(float(str(value)) for value in excerpt),
            tolerance_db=math.floor(tolerance),
        )
        if best is None or tolerance > best[0]:
            best = tolerance, vector
        if tolerance >= _TOLERANCE_DB - _TOLERANCE_MARGIN_DB:
            break
    assert best is not None
    floor = _MIN_DISTURBED_TOLERANCE_DB if refined else _MIN_TOLERANCE_DB
    if best[0] < floor:
        raise VerificationError(
            f"the graph's sound is at {best[0] + _TOLERANCE_MARGIN_DB:.1f} dB from torch's, at "
            f"least {floor + _TOLERANCE_MARGIN_DB:g} dB is needed; nothing was written"
        )
    return best[1]


def _disturbed(mel: torch.Tensor) -> torch.Tensor:
    """Return mel frames as another host's decoder may round them."""
    noise = torch.randn(mel.shape, generator=torch.Generator().manual_seed(0))
    return mel + _DISTURBANCE * noise


def _largest_difference(expected: torch.Tensor, found: np.ndarray) -> float:
    return float((expected - torch.from_numpy(found)).abs().max())


def _check_finite(audio: np.ndarray) -> None:
    if not np.isfinite(audio).all():
        raise VerificationError(
            "the model's sound is not finite: its weights or statistics are broken; "
            "nothing was written"
        )
