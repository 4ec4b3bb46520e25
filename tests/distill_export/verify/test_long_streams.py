"""A stream after a day: the phase has turned millions of times, and the sound is still exact."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch

from distill_export.formats.onnx_graph import with_mel_output
from distill_export.graph.learned.inverse_stft import InverseSTFT
from distill_export.graph.learned.state import LearnedStateLayout
from distill_export.model.file import load_model
from distill_export.reference.complex_spectrogram import ComplexSpectrogram
from distill_export.verify.graph_session import GraphSession
from distill_runtime.artifact.verification import standard_normal_latents
from distill_runtime.audio.snr import snr_db
from distill_runtime.contract import HOP_FRAMES, HOP_LENGTH, SAMPLE_RATE_HZ
from tests.conftest import REPOSITORY

N_MELS = 128
STEPS_PER_HOUR = 3600 * SAMPLE_RATE_HZ / (HOP_FRAMES * HOP_LENGTH)
LAYOUT = LearnedStateLayout(
    n_mels=N_MELS,
    hop_frames=HOP_FRAMES,
    hop_length=HOP_LENGTH,
    overlap_hops=InverseSTFT.overlap_hops,
)


@pytest.fixture(scope="module")
def session(demo_artifact):
    return GraphSession(with_mel_output(onnx.load(str(demo_artifact)), n_mels=N_MELS))


def late(state: np.ndarray, played: int, hours: float) -> tuple[np.ndarray, torch.Tensor]:
    """Return the state that many hours of such steps would have left, and its phase in turns."""
    before = LAYOUT.unpack(torch.from_numpy(state))
    # Not a round multiple, whose low bits would be zero.
    phase = before.own.phase * (hours * STEPS_PER_HOUR / played) + 1 / 3
    own = before.own._replace(phase=phase)
    after = LAYOUT.advance(before, before.chunk_tail, own, torch.tensor(False))
    return after.numpy(), phase


def exact(mel: np.ndarray, phase: torch.Tensor) -> np.ndarray:
    """Return the sound of mel frames in float64, whose phase goes on from another one.

    That is the sound of the frames behind one more, which advances from nothing to there.
    """
    statistics = load_model(
        REPOSITORY / "tests/reference/demo/ambience.distill"
    ).normalization_stats
    assert statistics is not None
    reference = ComplexSpectrogram()
    frames = reference.denormalize(torch.from_numpy(mel).double(), statistics)
    first = torch.stack([torch.zeros_like(phase), 2.0 * phase], dim=1)[..., None]
    sound = reference.complex_mel_to_waveform(torch.cat([first, frames], dim=-1))
    return sound[0, 0].numpy()


@pytest.mark.parametrize("hours", [1, 24, 24 * 7])
def test_the_sound_is_exact_however_long_it_has_played(session: GraphSession, hours: int) -> None:
    played, steps = 16, 8
    latents = standard_normal_latents(5, played + steps, 128)[None]
    _, state, _ = session.begin(latents[:, :played])
    state, phase = late(state, played, hours)
    assert float(phase.abs().max()) > 1e4 * hours
    audio, after, mel = session.step(latents[:, played:], state, False)
    # The graph's sample 0 is 1024 before the first of these frames; a frame stands before it here.
    expected = exact(mel, phase)
    overlap = slice(4096, steps * HOP_FRAMES * HOP_LENGTH - 4096)
    found = audio[0, overlap]
    assert np.abs(found).max() > 1e-3
    assert snr_db(expected[overlap.start - HOP_LENGTH :][: len(found)], found) >= 120.0

    # And cut into steps it is the same, bit for bit.
    pieces = []
    for step in range(played, played + steps):
        sound, state, _ = session.step(latents[:, step : step + 1], state, False)
        pieces.append(sound)
    assert np.array_equal(np.concatenate(pieces, axis=1), audio)
    assert np.array_equal(state, after)
