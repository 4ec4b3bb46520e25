from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_export.model.file import load_model
from distill_export.model.latent_analysis import LatentAnalysis
from distill_export.model.slider_bank import slider_bank
from distill_runtime.contract import SliderBank
from tests.distill_export.model_files import analysis


def bank_of(**changes: Any) -> SliderBank:
    values = {**analysis(), **changes}
    bank = slider_bank(LatentAnalysis.from_dict(values, latent_dim=16, document="a file"))
    assert bank is not None
    return bank


def test_the_reference_models_sliders_are_the_original_programs(shared: Path) -> None:
    cases = json.loads((shared / "reference" / "ambience" / "cases.json").read_text("utf-8"))
    loaded = load_model(shared / "reference" / "ambience.distill")
    bank = slider_bank(loaded.analysis)
    assert bank is not None
    assert len(bank.sliders) == len(cases["sliders"]) == 8
    for slider, expected in zip(bank.sliders, cases["sliders"], strict=True):
        assert slider.name == expected["label"]
        assert slider.label == expected["suggested_label"]
        for edge in ("min_step", "max_step"):
            for kind in ("", "safe_", "warning_"):
                assert getattr(slider, kind + edge) == expected[kind + edge], slider.name
        percent = expected["variance_explained_pct"]
        assert 100 * slider.variance_explained == pytest.approx(percent, rel=1e-6)


def test_the_reference_models_sliders_lead_to_the_original_programs_latents(shared: Path) -> None:
    latents = np.load(shared / "reference" / "ambience" / "slider_latents.npz")
    bank = slider_bank(load_model(shared / "reference" / "ambience.distill").analysis)
    assert bank is not None

    def position(*steps: int) -> np.ndarray:
        moved = np.array(bank.mean)
        for slider, count in zip(bank.sliders, steps, strict=False):
            moved += count * slider.step_size * np.array(slider.component)
        return moved

    np.testing.assert_allclose(position(), latents["center"], rtol=0, atol=1e-7)
    np.testing.assert_allclose(position(5, -3), latents["positions_5_m3"], rtol=0, atol=1e-6)


RANGES = {
    "inwards": ((-2.1, 2.1), 0.25, (-8, 8)),
    "on a step": ((-2.0, 1.5), 0.25, (-8, 6)),
    "within the slider": ((-9.0, 9.0), 0.25, (-10, 10)),
    "not around zero": ((0.3, 1.1), 0.25, (2, 4)),
}


@pytest.mark.parametrize("kind", ["safe", "warning"])
@pytest.mark.parametrize(("limits", "step", "expected"), RANGES.values(), ids=RANGES.keys())
def test_ranges_become_whole_steps(
    limits: tuple[float, float], step: float, expected: tuple[int, int], kind: str
) -> None:
    def each(value: float) -> np.ndarray:
        return np.full(3, value, "f4")

    changes = {f"{kind}_min": each(limits[0]), f"{kind}_max": each(limits[1])}
    for slider in bank_of(step_size=each(step), **changes).sliders:
        found = getattr(slider, f"{kind}_min_step"), getattr(slider, f"{kind}_max_step")
        assert found == expected
        assert (slider.min_step, slider.max_step) == (-10, 10)


@pytest.mark.parametrize(("positions", "last"), [(21, 10), (11, 5), (1, 0)])
def test_the_number_of_positions_gives_the_ends(positions: int, last: int) -> None:
    for slider in bank_of(n_steps=positions).sliders:
        assert (slider.min_step, slider.max_step) == (-last, last)
        assert -last <= slider.warning_min_step <= slider.safe_min_step
        assert slider.safe_max_step <= slider.warning_max_step <= last


def test_labels_and_directions_are_the_analysiss() -> None:
    given_analysis = analysis()
    bank = bank_of()
    assert [slider.name for slider in bank.sliders] == given_analysis["component_labels"]
    assert [slider.label for slider in bank.sliders] == given_analysis["suggested_labels"]
    assert np.array_equal(np.array(bank.mean, "f4"), given_analysis["pca_mean"])
    for i, slider in enumerate(bank.sliders):
        assert np.array_equal(np.array(slider.component, "f4"), given_analysis["pca_components"][i])
        assert slider.step_size == 0.25


@given(
    st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=16, max_size=16)
)
def test_numbers_are_short_and_read_back_as_the_same_float32(values: list[float]) -> None:
    mean = np.array(values, "f4")
    found = json.loads(json.dumps(bank_of(pca_mean=mean).mean))
    assert np.array_equal(np.array(found, "f4"), mean)
    # Nine digits tell any float32 from its neighbours, where a float64 takes seventeen.
    for value in found:
        assert value == float(f"{value:.9g}")


@pytest.mark.parametrize("active", [0, None])
def test_a_model_without_an_analysis_has_no_sliders(active: int | None) -> None:
    if active is None:
        assert slider_bank(None) is None
        return
    found = LatentAnalysis.from_dict(analysis(), latent_dim=16, document="a file")
    assert slider_bank(dataclasses.replace(found, n_active_components=active)) is None
