from __future__ import annotations

import numpy as np
import pytest
import torch

from distill_export.model.latent_analysis import LatentAnalysis
from distill_export.model.vae import VAEShape
from distill_export.training.data.dataset import ChunkSet
from distill_export.training.sliders import analysis
from distill_export.training.sliders.analysis import (
    analyse_latents,
    principal_components,
    suggest_labels,
    with_prior,
)
from distill_export.training.sliders.sound_features import FEATURES, measure
from distill_runtime.errors import ModelFileError
from tests.distill_export import model_files


def test_components_are_the_directions_of_most_variance() -> None:
    random = np.random.default_rng(0)
    axes = np.linalg.qr(random.normal(size=(16, 16)))[0]
    spread = np.array([9.0, 4.0, 2.0] + [0.01] * 13)
    vectors = random.normal(size=(20_000, 16)) * spread @ axes + 3
    mean, components, shares, positions = principal_components(vectors)
    assert components.shape == (3, 16)
    np.testing.assert_allclose(np.abs((components * axes[:3]).sum(axis=1)), 1, atol=1e-3)
    np.testing.assert_allclose(shares, np.array([81, 16, 4]) / 101, atol=0.02)
    np.testing.assert_allclose(components @ components.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(positions.std(axis=0), [9, 4, 2], rtol=0.05)
    np.testing.assert_allclose(mean, vectors.mean(axis=0))
    # The same whichever way round the vectors lie.
    np.testing.assert_allclose(principal_components(vectors[::-1])[1], components, atol=1e-9)


def test_there_is_always_a_component() -> None:
    assert len(principal_components(np.zeros((5, 100)))[1]) == 1
    isotropic = np.random.default_rng(0).normal(size=(4000, 100))
    assert len(principal_components(isotropic)[1]) == 1


def test_the_prior_has_no_direction_of_its_own() -> None:
    """Three chunks that differ along one direction give one slider, however few they are."""
    encoded = np.zeros((3, 128))
    encoded[:, 5] = [-9.0, 0.0, 9.0]
    _, components, shares, positions = principal_components(with_prior(encoded))
    assert len(components) == 1
    assert abs(components[0, 5]) > 0.99
    assert positions.std() == pytest.approx(np.sqrt((54 + 1) / 2), rel=0.05)
    assert shares[0] == pytest.approx((54 + 1) / (54 + 128), rel=0.05)


def test_a_model_gets_its_sliders(chunk_sets: tuple[ChunkSet, ChunkSet]) -> None:
    model = model_files.tiny_model()
    found = analyse_latents(model, None, chunk_sets[0].batches(4))
    again = LatentAnalysis.from_dict(found.to_dict(), latent_dim=16, document="x")
    assert again.n_active_components == len(found.pca_components) >= 1
    np.testing.assert_allclose((found.safe_max - found.safe_min) / found.step_size, 20, rtol=1e-5)
    assert (found.warning_min <= found.safe_min).all()
    assert (found.safe_max <= found.warning_max).all()
    assert (found.explained_variance_ratio > 0.02).all()
    assert list(found.feature_correlations) == list(FEATURES)
    for values in found.feature_correlations.values():
        assert len(values) == found.n_active_components
        assert all(type(value) is float and abs(value) <= 1 + 1e-9 for value in values)


def test_a_slider_is_named_by_what_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The decoder is replaced by one whose first latent value is loudness."""
    model = model_files.tiny_model()

    def decode(z: torch.Tensor) -> torch.Tensor:
        chunk = torch.zeros(len(z), 2, 128, 94)
        chunk[:, 0, 20] = 8 + z[:, :1]
        return chunk

    monkeypatch.setattr(model, "decode", decode)
    correlations = analysis.sweep(model, None, np.zeros(16), np.eye(16)[:2], np.full(2, 0.1))
    assert correlations["rms_energy"][0] > 0.99
    assert correlations["spectral_centroid"] == pytest.approx([0, 0], abs=0.9)
    assert all(values[1] == 0 for values in correlations.values())
    # One that is louder, one that does nothing, and one that is quieter: the word is given once.
    components = np.stack([np.eye(16)[0], np.eye(16)[1], -0.5 * np.eye(16)[0]])
    labels = suggest_labels(model, None, components, np.full(3, -2.0), np.full(3, 2.0))
    assert labels == ("PC1 (Loudness +)", "PC2", "PC3")


def test_a_model_without_an_encoder_cannot_be_analysed(
    chunk_sets: tuple[ChunkSet, ChunkSet],
) -> None:
    model = model_files.tiny_model(VAEShape(16, (16, 8, 8, 4, 4), None))
    with pytest.raises(ModelFileError, match="no encoder"):
        analyse_latents(model, None, chunk_sets[0].batches(4))


def test_features_of_known_sounds() -> None:
    t = torch.arange(48_000) / 48_000
    noise = torch.randn(48_000, generator=torch.Generator().manual_seed(1))
    sounds = torch.stack([torch.sin(2 * torch.pi * 1000 * t), 0.1 * noise, torch.zeros(48_000)])
    found = measure(sounds, 48_000)
    assert list(found) == list(FEATURES)
    assert all(torch.isfinite(values).all() for values in found.values())
    tone, noisy, silent = range(3)
    assert float(found["spectral_centroid"][tone]) == pytest.approx(1000, rel=0.02)
    assert float(found["spectral_centroid"][noisy]) == pytest.approx(12_000, rel=0.05)
    assert float(found["spectral_rolloff"][tone]) == pytest.approx(1000, rel=0.03)
    assert float(found["spectral_rolloff"][noisy]) == pytest.approx(0.85 * 24_000, rel=0.03)
    assert float(found["rms_energy"][tone]) == pytest.approx(0.7071, rel=1e-3)
    assert float(found["zero_crossing_rate"][tone]) == pytest.approx(2000 / 48_000, rel=0.01)
    assert float(found["spectral_flatness"][noisy]) > 0.4
    assert float(found["spectral_flatness"][tone]) < 0.01
    assert float(found["rms_energy"][silent]) == 0
