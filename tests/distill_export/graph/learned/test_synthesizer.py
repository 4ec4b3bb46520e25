from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from distill_export.graph.build import build_synthesizer
from distill_export.graph.learned.synthesizer import LearnedSynthesizer
from distill_export.model.file import LoadedModel, load_model
from distill_export.reference.complex_spectrogram import ComplexSpectrogram
from distill_export.reference.continuous_mel import decode_trajectory
from distill_runtime.audio.snr import snr_db
from tests.distill_export.model_files import model_content, write

STEP, LATENCY = 24_064, 1024


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return load_model(write(model_content(), tmp_path_factory.mktemp("model") / "tiny.distill"))


class OneByOne(torch.nn.Module):
    """A decoder of one row at a time.

    torch's products depend on how many rows there are, unlike onnxruntime's, and what the decoder
    rounds is loud in the sound: without this, the tests below would be about torch.
    """

    def __init__(self, decoder: torch.nn.Module) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.decoder(row) for row in latents.split(1)])


@pytest.fixture(scope="module")
def synthesizer(loaded: LoadedModel) -> LearnedSynthesizer:
    synthesizer = build_synthesizer(loaded).requires_grad_(False)
    synthesizer.decoder = OneByOne(synthesizer.decoder)
    return synthesizer


def latents(seed: int, steps: int, batch: int = 1) -> torch.Tensor:
    return torch.randn(batch, steps, 16, generator=torch.Generator().manual_seed(seed))


def play(
    synthesizer: LearnedSynthesizer, trajectory: torch.Tensor, cuts: list[int]
) -> tuple[torch.Tensor, torch.Tensor]:
    """The finished stream's audio and mel frames, cut at these steps."""
    state = torch.zeros(len(trajectory), synthesizer.state_size)
    sounds, mels = [], []
    pieces = trajectory.tensor_split(cuts, dim=1)
    for i, piece in enumerate(pieces):
        assert bool(state.any()) == (i > 0)
        last = i == len(pieces) - 1
        audio, state, mel = synthesizer(piece, state, torch.tensor(last))
        assert state.shape == (len(trajectory), synthesizer.state_size)
        assert audio.shape == (len(trajectory), STEP * (piece.shape[1] + last) + LATENCY * last)
        sounds.append(audio)
        mels.append(mel)
    assert not state.any(), "the state is not zero after the stream was finished"
    return torch.cat(sounds, dim=1), torch.cat(mels, dim=3)


@pytest.mark.parametrize("normalized", [True, False], ids=["statistics", "no statistics"])
@pytest.mark.parametrize("steps", [1, 2, 9])
def test_it_is_the_reference_road(loaded: LoadedModel, steps: int, normalized: bool) -> None:
    if not normalized:
        loaded = dataclasses.replace(loaded, normalization_stats=None)
    trajectory = latents(steps, steps)
    audio, mel = play(build_synthesizer(loaded).requires_grad_(False), trajectory, [])
    expected_mel = decode_trajectory(loaded.model.decode, trajectory[0])
    assert mel.shape == expected_mel.shape == (1, 2, 128, 47 * (steps + 1))
    torch.testing.assert_close(mel, expected_mel, rtol=0, atol=1e-5)
    expected = ComplexSpectrogram().complex_mel_to_waveform(
        mel.double(), loaded.normalization_stats, samples=STEP * (steps + 1)
    )
    assert expected.std() > 1e-4
    assert snr_db(expected.numpy()[:, 0], audio[:, LATENCY:].numpy()) >= 110


def test_a_stream_opens_with_the_latency_in_silence(synthesizer: LearnedSynthesizer) -> None:
    audio, _ = play(synthesizer, latents(1, 2, batch=2), [])
    assert synthesizer.latency_samples == LATENCY
    assert not audio[:, :LATENCY].any()
    assert audio[:, LATENCY : LATENCY + 1024].any()


@settings(deadline=None, max_examples=12)
@given(cuts=st.sets(st.integers(1, 7)))
def test_a_stream_cut_anywhere_is_one_shot(synthesizer: LearnedSynthesizer, cuts: set[int]) -> None:
    trajectory = latents(1, 8)
    whole, whole_mel = play(synthesizer, trajectory, [])
    audio, mel = play(synthesizer, trajectory, sorted(cuts))
    torch.testing.assert_close(mel, whole_mel, rtol=0, atol=1e-6)
    assert snr_db(whole.numpy(), audio.numpy()) >= 120


def test_the_rows_of_a_batch_are_independent(synthesizer: LearnedSynthesizer) -> None:
    trajectories = latents(1, 4, batch=3)
    together, _ = play(synthesizer, trajectories, [])
    for row in range(3):
        alone, _ = play(synthesizer, trajectories[row : row + 1], [])
        assert snr_db(alone.numpy()[0], together.numpy()[row]) >= 110


def test_rows_may_stand_at_different_points(synthesizer: LearnedSynthesizer) -> None:
    trajectories = latents(1, 3, batch=2)
    go_on, stop = torch.tensor(False), torch.tensor(True)
    start = torch.zeros(1, synthesizer.state_size)
    head, running, _ = synthesizer(trajectories[:1, :1], start, go_on)
    both, state, _ = synthesizer(trajectories[:, 1:], torch.cat([running, start]), stop)
    assert not state.any()
    first, _ = play(synthesizer, trajectories[:1], [])
    second, _ = play(synthesizer, trajectories[1:, 1:], [])
    assert snr_db(first.numpy()[0], torch.cat([head[0], both[0]]).numpy()) >= 110
    assert snr_db(second.numpy()[0], both[1].numpy()) >= 110
    assert not both[1, :LATENCY].any()
    assert both[0, :LATENCY].any()


def test_a_state_plays_the_same_again(synthesizer: LearnedSynthesizer) -> None:
    trajectory, state = latents(1, 2), torch.zeros(1, synthesizer.state_size)
    _, state, _ = synthesizer(trajectory[:, :1], state, torch.tensor(False))
    kept = state.clone()
    first = synthesizer(trajectory[:, 1:], state, torch.tensor(False))
    second = synthesizer(trajectory[:, 1:], state, torch.tensor(False))
    assert torch.equal(state, kept)
    for one, other in zip(first, second, strict=True):
        assert torch.equal(one, other)


def test_the_reference_models_sound_is_the_original_programs(shared: Path) -> None:
    reference = build_synthesizer(load_model(shared / "reference" / "ambience.distill"))
    case = np.load(shared / "reference" / "ambience" / "crossfade_1s_seed42.npz")
    audio, _ = play(reference.requires_grad_(False), torch.from_numpy(case["latents_0"])[None], [])
    recording = case["raw_0"]
    assert snr_db(recording, audio[0, LATENCY : LATENCY + len(recording)].numpy()) >= 97
