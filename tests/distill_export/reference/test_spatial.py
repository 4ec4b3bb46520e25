from __future__ import annotations

import numpy as np
import pytest
import torch

from distill_export.reference.spatial import SpatialConfig, SpatialMode, deepen, widen
from distill_runtime.audio.spatial import SpatialProcessor, StereoSettings
from distill_runtime.errors import RequestError


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize("width", [0.0, 0.7, 1.0, 1.5])
def test_width_is_the_runtimes(width: float) -> None:
    sound = noise(3000)
    processor = SpatialProcessor(StereoSettings("mid-side", width=width, depth=0.0))
    np.testing.assert_allclose(
        widen(sound, width), processor.push(sound[None].numpy()), rtol=0, atol=1e-12
    )


def test_full_width_is_the_sound_and_its_copy() -> None:
    sound = noise(2000)
    left, right = widen(sound, 1.0)
    torch.testing.assert_close(left, sound)
    torch.testing.assert_close(right[720:], sound[:-720])
    assert not right[:720].any()


@pytest.mark.parametrize(
    ("depth", "delay"), [(0.01, 19), (0.3, 576), (0.33, 633), (0.99, 1900), (1.0, 1920)]
)
def test_depth_adds_a_copy_some_whole_samples_later(depth: float, delay: int) -> None:
    sound = noise(2, 3000)
    found = deepen(sound, depth)
    assert torch.equal(found[:, :delay], sound[:, :delay])
    torch.testing.assert_close(
        found[:, delay:] - sound[:, delay:], 0.15 * depth * sound[:, : 3000 - delay]
    )


@pytest.mark.parametrize("depth", [0.0, 0.00999])
def test_a_depth_below_a_hundredth_is_none(depth: float) -> None:
    sound = noise(2, 3000)
    assert torch.equal(deepen(sound, depth), sound)


def test_a_sound_shorter_than_the_delay_stays_as_it_is() -> None:
    sound = noise(2, 300)
    assert torch.equal(deepen(sound, 1.0), sound)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (SpatialConfig("binaural"), "'binaural', expected mono or stereo"),
        (SpatialConfig(SpatialMode.STEREO, width=1.6), "width is 1.6, expected .* from 0 to 1.5"),
        (SpatialConfig(SpatialMode.STEREO, depth=-0.1), "depth is -0.1, expected .* from 0 to 1"),
        (SpatialConfig(depth=float("nan")), "depth is nan"),
        (SpatialConfig(width="wide"), "width is 'wide'"),
    ],
)
def test_settings_out_of_bounds(config: SpatialConfig, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        config.validate()


def test_settings_within_bounds() -> None:
    for config in (SpatialConfig(), SpatialConfig("stereo", 1.5, 1.0), SpatialConfig(depth=0)):
        config.validate()
