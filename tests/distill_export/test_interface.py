"""Distill's own interface: code that was written for Distill finds it here, name for name."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import distill_export
from distill_export import (
    ComplexSpectrogram,
    ComplexSpectrogramConfig,
    ConvVAE,
    GenerationConfig,
    GenerationPipeline,
    LoadedModel,
    ModelMetadata,
    SpectrogramConfig,
    generate_chunks_crossfade,
    generate_chunks_latent_interp,
    load_model,
    save_model,
    save_model_from_checkpoint,
    synthesize_continuous_mel,
)
from tests.distill_export import model_files

# As Distill has them; what is ours beside them is keyword-only or an attribute more.
PARAMETERS = {
    ComplexSpectrogram.waveform_to_complex_mel: "self waveform",
    ComplexSpectrogram.complex_mel_to_waveform: "self spectrogram stats=None sample_rate=48000",
    ComplexSpectrogram.compute_dataset_statistics: "self spectrograms",
    ComplexSpectrogram.normalize: "self spectrogram stats",
    ComplexSpectrogram.denormalize: "self spectrogram stats",
    ConvVAE.__init__: "self latent_dim=128 dropout=0.2",
    ConvVAE.encode: "self x",
    ConvVAE.decode: "self z target_shape=None",
    load_model: "path device='cpu'",
    save_model: (
        "model spectrogram_config training_config metadata models_dir analysis=None "
        "normalization_stats=None"
    ),
    save_model_from_checkpoint: "checkpoint_path metadata models_dir",
    synthesize_continuous_mel: "model spectrogram latent_trajectory chunk_samples=48000",
    generate_chunks_crossfade: (
        "model spectrogram num_chunks device seed chunk_samples=48000 overlap_samples=2400 "
        "complex_spectrogram=None normalization_stats=None"
    ),
    generate_chunks_latent_interp: (
        "model spectrogram num_chunks device seed chunk_samples=48000 steps_between=10 "
        "complex_spectrogram=None normalization_stats=None"
    ),
    GenerationPipeline.__init__: (
        "self model spectrogram device complex_spectrogram=None normalization_stats=None"
    ),
}


@pytest.mark.parametrize("function", PARAMETERS, ids=lambda function: function.__qualname__)
def test_parameters_are_distills(function) -> None:
    positional = [
        name if parameter.default is parameter.empty else f"{name}={parameter.default!r}"
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]
    assert " ".join(positional) == PARAMETERS[function]


def test_the_settings_of_the_spectrogram_are_distills() -> None:
    config = ComplexSpectrogram(ComplexSpectrogramConfig()).config
    assert vars(config) == {
        "if_masking_threshold": 1e-5,
        "n_fft": 2048,
        "hop_length": 512,
        "n_mels": 128,
    }
    assert (
        vars(SpectrogramConfig()).keys() == model_files.model_content()["spectrogram_config"].keys()
    )


def test_a_loaded_model_has_what_distills_has(model_path: Path) -> None:
    loaded = load_model(model_path, device="cpu")
    assert isinstance(loaded, LoadedModel)
    assert isinstance(loaded.model, ConvVAE)
    assert loaded.model.latent_dim == 16
    assert loaded.spectrogram.get_mel_shape(48_000) == (128, 94)
    assert loaded.spectrogram.get_mel_shape(480_000) == (128, 938)
    assert loaded.spectrogram.config == SpectrogramConfig()
    assert loaded.analysis is not None
    assert loaded.metadata.name == "tiny"
    assert loaded.device == torch.device("cpu")
    assert isinstance(loaded.complex_spectrogram, ComplexSpectrogram)
    assert type(loaded.normalization_stats) is dict
    assert set(loaded.normalization_stats) == {"mag_mean", "mag_std", "if_mean", "if_std"}


def test_code_for_distill_runs(model_path: Path, tmp_path: Path) -> None:
    loaded = load_model(model_path)
    trajectory = [torch.randn(1, loaded.model.latent_dim) for _ in range(3)]
    mel = synthesize_continuous_mel(loaded.model, loaded.spectrogram, trajectory)
    assert mel.shape == (1, 2, 128, 188)
    wav = loaded.complex_spectrogram.complex_mel_to_waveform(mel, stats=loaded.normalization_stats)
    assert wav.shape == (1, 1, 187 * 512)

    pipeline = GenerationPipeline(
        loaded.model,
        loaded.spectrogram,
        loaded.device,
        complex_spectrogram=loaded.complex_spectrogram,
        normalization_stats=loaded.normalization_stats,
    )
    config = GenerationConfig(duration_s=2.0, seed=42, stereo_mode="mid_side", stereo_width=1.2)
    result = pipeline.generate(config)
    assert (result.audio.shape, result.channels, result.seed_used) == ((2, 95_744), 2, 42)

    path = save_model(
        model=loaded.model,
        spectrogram_config=vars(SpectrogramConfig()),
        training_config={},
        metadata=ModelMetadata(name="A Copy"),
        models_dir=tmp_path / "models",
        normalization_stats=loaded.normalization_stats,
    )
    copy = load_model(path)
    again = GenerationPipeline(
        copy.model,
        copy.spectrogram,
        copy.device,
        copy.complex_spectrogram,
        copy.normalization_stats,
    )
    assert np.array_equal(again.generate(config).audio, result.audio)


def test_a_round_trip_through_the_spectrogram() -> None:
    transform = ComplexSpectrogram(ComplexSpectrogramConfig())
    time_s = torch.linspace(0, 1, 48_000)
    wav = torch.sin(2 * torch.pi * 440 * time_s)[None, None]
    spectrogram = transform.waveform_to_complex_mel(wav)
    stats = transform.compute_dataset_statistics([spectrogram.squeeze(0)])
    assert type(stats) is dict
    batched = transform.compute_dataset_statistics([spectrogram])
    assert batched == pytest.approx(stats)
    normalized = transform.normalize(spectrogram, stats)
    found = transform.complex_mel_to_waveform(normalized, stats=stats, sample_rate=48_000)
    assert found.shape == (1, 1, 93 * transform.config.hop_length)
    assert 1e-3 < found.abs().max() < 10
    plain = transform.complex_mel_to_waveform(spectrogram)
    torch.testing.assert_close(found, plain, rtol=0, atol=1e-3)


def test_every_name_is_there() -> None:
    assert distill_export.__all__ == sorted(distill_export.__all__)
    assert set(distill_export.__all__) <= set(dir(distill_export))
    for name in distill_export.__all__:
        assert getattr(distill_export, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'load_modell'"):
        distill_export.load_modell  # noqa: B018


def test_importing_the_package_loads_no_torch() -> None:
    code = "import sys, distill_export; assert not {'torch', 'numpy', 'onnx'} & set(sys.modules)"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
