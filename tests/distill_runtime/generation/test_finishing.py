"""Trajectories to sounds: what happens after the graph, before the level."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from distill_runtime import Artifact, GenerationConfig
from distill_runtime.artifact.call_size import split_steps
from distill_runtime.audio.lowpass import ZeroPhaseLowpass
from distill_runtime.audio.snr import snr_db
from distill_runtime.audio.spatial import StereoSettings
from distill_runtime.audio.spool import SoundSpool
from distill_runtime.generation import finishing
from distill_runtime.generation.finishing import finished_blocks, render_sounds
from distill_runtime.generation.threads import StoppedError
from distill_runtime.latents.trajectory import crossfade


@pytest.fixture(scope="module")
def artifact(demo_artifact: Path) -> Artifact:
    return Artifact.load(demo_artifact)


def path(artifact: Artifact, config: GenerationConfig) -> np.ndarray:
    return np.stack(
        [
            crossfade(seed=seed, duration_s=config.duration_s, latent_dim=artifact.latent_dim)
            for seed in config.row_seeds
        ]
    )


def rendered(
    artifact: Artifact, configs: list[GenerationConfig], latents: Iterable[np.ndarray]
) -> list[SoundSpool]:
    sounds = render_sounds(artifact, configs, latents, threading.Event())
    return [sound.spool for sound in sounds]


def whole(spool: SoundSpool) -> np.ndarray:
    return np.concatenate(list(spool.blocks()), axis=1)


def test_mono_is_the_graph_without_its_latency_filtered_and_cut(artifact: Artifact) -> None:
    config = GenerationConfig(duration_s=1.7, seed=3)
    latents = path(artifact, config)
    (spool,) = rendered(artifact, [config], split_steps(latents))
    lowpass = ZeroPhaseLowpass()
    raw = artifact.render(latents)
    expected = np.concatenate([lowpass.push(raw), lowpass.finish()], axis=1)[:, : config.samples]
    assert whole(spool).shape == (1, 81_600)
    assert snr_db(expected, whole(spool)) > 120.0


def test_blocks_of_any_size_give_the_same_sound(artifact: Artifact) -> None:
    config = GenerationConfig(duration_s=3.2, seed=3, sample_rate_hz=44_100)
    latents = path(artifact, config)
    sounds = [
        whole(rendered(artifact, [config], split_steps(latents, steps))[0]) for steps in (1, 2, 100)
    ]
    for sound in sounds[1:]:
        assert snr_db(sounds[0], sound) > 120.0


@pytest.mark.parametrize("piece", [999, 24_064, 10**9])
@pytest.mark.parametrize("overlap", [True, False])
def test_neither_pieces_nor_overlap_change_a_sample(
    artifact: Artifact, monkeypatch: pytest.MonkeyPatch, piece: int, overlap: bool
) -> None:
    config = GenerationConfig(duration_s=2.3, seed=3, stereo=StereoSettings("dual-seed"))
    latents = path(artifact, config)
    (expected,) = rendered(artifact, [config], split_steps(latents))
    monkeypatch.setattr(finishing, "_PIECE_SAMPLES", piece)
    blocks = split_steps(latents, 1)
    (found,) = render_sounds(artifact, [config], blocks, threading.Event(), overlap=overlap)
    assert np.array_equal(whole(found.spool), whole(expected))


@pytest.mark.parametrize("rate_hz", [44_100, 48_000, 96_000])
@pytest.mark.parametrize("duration_s", [0.1, 1, 2, 3.7])
def test_the_length_is_exact_at_every_rate(
    artifact: Artifact, duration_s: float, rate_hz: int
) -> None:
    config = GenerationConfig(duration_s=duration_s, seed=5, sample_rate_hz=rate_hz)
    (spool,) = rendered(artifact, [config], split_steps(path(artifact, config)))
    assert spool.frames == round(duration_s * rate_hz)
    assert whole(spool).shape == (1, spool.frames)


def test_voices_of_a_batch_go_to_their_own_sounds(artifact: Artifact) -> None:
    stereo = ["dual-seed", "mono", "mid-side", "dual-seed"]
    configs = [
        GenerationConfig(duration_s=0.5, seed=10 * index, stereo=StereoSettings(mode))
        for index, mode in enumerate(stereo)
    ]
    trajectories = [path(artifact, config) for config in configs]
    together = rendered(artifact, configs, split_steps(np.concatenate(trajectories)))
    for config, trajectory, spool in zip(configs, trajectories, together, strict=True):
        (alone,) = rendered(artifact, [config], split_steps(trajectory))
        assert spool.channels == config.channels
        assert np.array_equal(whole(spool), whole(alone))


def test_one_seed_twice_in_dual_seed_has_equal_channels(artifact: Artifact) -> None:
    config = GenerationConfig(duration_s=0.3, seed=1, stereo=StereoSettings("dual-seed"))
    latents = path(artifact, config)
    (spool,) = rendered(artifact, [config], split_steps(latents[[0, 0]]))
    left, right = whole(spool)
    assert np.array_equal(left, right)
    (other,) = rendered(artifact, [config], split_steps(latents))
    assert not np.array_equal(*whole(other))


def test_it_stops_when_it_is_told_to(artifact: Artifact) -> None:
    config = GenerationConfig(duration_s=5.0, seed=1)
    stop = threading.Event()
    taken = 0

    def latents() -> Iterable[np.ndarray]:
        nonlocal taken
        for block in split_steps(path(artifact, config), 1):
            taken += 1
            if taken == 4:
                stop.set()
            yield block

    with pytest.raises(StoppedError):
        render_sounds(artifact, [config], latents(), stop)
    assert taken <= 6


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
def test_a_sound_can_be_had_as_it_is_rendered(artifact: Artifact, rate_hz: int) -> None:
    stereo = StereoSettings("dual-seed")
    config = GenerationConfig(duration_s=2.3, seed=3, stereo=stereo, sample_rate_hz=rate_hz)
    latents = path(artifact, config)
    (spool,) = rendered(artifact, [config], split_steps(latents))
    blocks = list(finished_blocks(artifact, config, split_steps(latents, 1)))
    assert np.array_equal(np.concatenate(blocks, axis=1), whole(spool))


def test_the_level_of_all_that_was_rendered_counts_what_is_cut(artifact: Artifact) -> None:
    config = GenerationConfig(duration_s=0.1, seed=3)
    latents = path(artifact, config)
    (sound,) = render_sounds(artifact, [config], split_steps(latents), threading.Event())
    longer = GenerationConfig(duration_s=1.0, seed=3)
    assert longer.steps == config.steps
    (all_of_it,) = rendered(artifact, [longer], split_steps(latents))
    # The original renders a second for every second begun, less the last hop.
    assert sound.peaks.rendered == np.abs(whole(all_of_it)[:, : 48_128 - 512]).max()
    assert sound.peaks.rendered > np.abs(whole(sound.spool)).max()


def test_progress_goes_from_nothing_to_all(artifact: Artifact) -> None:
    config = GenerationConfig(duration_s=30.0, seed=3)
    told: list[float] = []
    latents = split_steps(path(artifact, config))
    render_sounds(artifact, [config], latents, threading.Event(), progress=told.append)
    assert told == sorted(told)
    assert len(told) > 4
    assert 0.0 <= told[0] < 0.5
    assert told[-1] == 1.0
