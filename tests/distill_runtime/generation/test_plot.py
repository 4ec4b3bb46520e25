"""Pictures of sounds whose look is known."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distill_runtime import (
    DependencyError,
    GenerationConfig,
    GenerationPipeline,
    GenerationResult,
    OutputExistsError,
    RequestError,
)
from distill_runtime.audio.spatial import StereoSettings
from distill_runtime.audio.spool import SoundSpool
from distill_runtime.generation import plot as module
from distill_runtime.generation.plot import plot_sound, require_matplotlib
from tests.distill_runtime.small_artifacts import load, save, seal, small_model

pytest.importorskip("matplotlib")

WIDTH, HEIGHT = 1200, 650


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> GenerationPipeline:
    path = save(seal(small_model()), tmp_path_factory.mktemp("small") / "rain.onnx")
    return GenerationPipeline(load(path))


def of(pipeline: GenerationPipeline, sound: np.ndarray, rate_hz: int = 48_000) -> GenerationResult:
    """Return a result that holds this `[channels, samples]`."""
    spool = SoundSpool(len(sound))
    spool.write(sound.astype(np.float32))
    config = GenerationConfig(duration_s=0.1, seed=1, sample_rate_hz=rate_hz)
    recipe = pipeline.generate(config).recipe
    return GenerationResult(recipe=recipe, gain=1.0, levels=spool.meter.levels(), _spool=spool)


def picture(path: Path) -> np.ndarray:
    from matplotlib.image import imread

    return imread(path)


@pytest.mark.parametrize("duration_s", [0.0001, 0.02, 1.0, 30.0])
@pytest.mark.parametrize("mode", ["mono", "mid-side"])
def test_a_sound_of_any_length_becomes_a_picture(
    pipeline: GenerationPipeline, tmp_path: Path, duration_s: float, mode: str
) -> None:
    config = GenerationConfig(duration_s=duration_s, seed=1, stereo=StereoSettings(mode))
    path = tmp_path / "sound.png"
    plot_sound(pipeline.generate(config), path, title="Süß ☂ $x_1$ 100%")
    assert path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    image = picture(path)
    assert image.shape[:2] == (HEIGHT, WIDTH)
    assert image.std() > 0.05
    assert list(tmp_path.iterdir()) == [path]


def test_the_spectrogram_shows_where_a_sine_is(pipeline: GenerationPipeline) -> None:
    frequency = 6_000
    sine = np.sin(2 * np.pi * frequency * np.arange(96_000) / 48_000)
    _, _, levels = module._overview(of(pipeline, sine[None]))
    middle = levels[:, 8:-8]  # whole windows
    bins = np.fft.rfftfreq(2 * (len(levels) - 1), 1 / 48_000)
    assert np.all(bins[middle.argmax(axis=0)] == frequency)
    np.testing.assert_allclose(middle.max(axis=0), 0.0, atol=0.1)  # full scale is at 0 dB
    assert middle[bins > 2 * frequency].max() < -90.0


@pytest.mark.parametrize("frequency", [60, 440, 6_000, 15_000])
def test_frequencies_rise_by_equal_factors(pipeline: GenerationPipeline, frequency: int) -> None:
    sine = np.sin(2 * np.pi * frequency * np.arange(96_000) / 48_000)
    _, _, levels = module._overview(of(pipeline, sine[None]))
    rows = module._on_logarithmic_rows(levels, 24_000.0)[:, 8:-8]
    edges = np.geomspace(20.0, 24_000.0, len(rows) + 1)
    loudest = rows[:, 50].argmax()
    resolution = 48_000 / 4096
    assert edges[loudest] - resolution < frequency < edges[loudest + 1] + resolution
    assert rows[:, 50].max() == pytest.approx(levels[:, 58].max(), abs=3)


def test_the_waveform_shows_every_peak_of_every_channel(pipeline: GenerationPipeline) -> None:
    sound = np.zeros((2, 500_000), np.float32)
    sound[0, 123_456] = 0.75
    sound[1, 499_999] = -0.5
    low, high, _ = module._overview(of(pipeline, sound))
    assert low.shape == high.shape == (2, 1200)
    columns = [123_456 * 1200 // 500_000, 1199]
    assert high[0, columns[0]] == np.float32(0.75)
    assert low[1, columns[1]] == np.float32(-0.5)
    assert np.count_nonzero(high) == np.count_nonzero(low) == 1


def test_silence_is_at_the_floor(pipeline: GenerationPipeline) -> None:
    _, _, levels = module._overview(of(pipeline, np.zeros((1, 5000))))
    assert np.all(levels == -100.0)


def test_a_picture_that_is_there_stays(pipeline: GenerationPipeline, tmp_path: Path) -> None:
    result = pipeline.generate(GenerationConfig(duration_s=0.1, seed=1))
    path = tmp_path / "sound.png"
    path.write_bytes(b"precious")
    with pytest.raises(OutputExistsError):
        plot_sound(result, path, title="")
    assert path.read_bytes() == b"precious"
    plot_sound(result, path, title="", overwrite=True)
    assert path.read_bytes() != b"precious"
    with pytest.raises(RequestError, match="does not exist"):
        plot_sound(result, tmp_path / "none" / "sound.png", title="")
    assert list(tmp_path.iterdir()) == [path]


def test_without_matplotlib_one_line_says_what_to_install(
    pipeline: GenerationPipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_matplotlib()
    find: Any = importlib.util.find_spec
    monkeypatch.setattr(
        module, "find_spec", lambda name: None if name == "matplotlib" else find(name)
    )
    result = pipeline.generate(GenerationConfig(duration_s=0.1, seed=1))
    with pytest.raises(DependencyError) as missing:
        plot_sound(result, tmp_path / "sound.png", title="")
    assert str(missing.value) == (
        "matplotlib is not installed, and --plot needs it: pip install matplotlib"
    )
    assert list(tmp_path.iterdir()) == []
