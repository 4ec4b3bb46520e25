"""Presets: what is kept comes back, what does not fit is refused with a reason."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_runtime.artifact.file import ArtifactFile
from distill_runtime.audio.spatial import StereoSettings
from distill_runtime.contract import Control, Slider, SliderBank
from distill_runtime.errors import OutputExistsError, RequestError
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.generation.preset import MAX_FILE_BYTES, SETTINGS, Preset
from distill_runtime.generation.slider_fit import KeptSliders, slider_fingerprint
from tests.distill_runtime.made_controls import make_control

SETTINGS_OF_ALL_KINDS = {
    "duration_s": 12.5,
    "mode": "latent-interpolation",
    "evolution": 0.25,
    "stereo": "mid-side",
    "width": 1.2,
    "depth": 0.0,
}
ENDS = {"fade_in_s", "fade_out_s", "loop"}  # kept where there are some
PLACES = {"azimuth_deg", "elevation_deg", "distance_m", "sofa", "sofa_sha256"}  # of binaural sounds


def make_slider(label: str, component: tuple[float, ...] = (1.0, 0.0)) -> Slider:
    return Slider(
        name=label.partition(" ")[0],
        label=label,
        component=component,
        step_size=0.5,
        min_step=-10,
        max_step=10,
        safe_min_step=-8,
        safe_max_step=8,
        warning_min_step=-9,
        warning_max_step=9,
        variance_explained=0.1,
    )


BANK = SliderBank(
    mean=(0.5, -0.5),
    sliders=(make_slider("PC1 (Größe)"), make_slider("PC2 (Texture)", (0.0, 1.0))),
)


def make_metadata(bank: SliderBank | None = BANK, name: str = "sea", model_id: str = "id-1") -> Any:
    return SimpleNamespace(model=SimpleNamespace(name=name, id=model_id), sliders=bank)


def make_artifact(metadata: Any, controls: tuple[Control, ...] = ()) -> Any:
    bank = metadata.sliders
    sliders = () if bank is None else bank.sliders
    return SimpleNamespace(metadata=metadata, sliders=sliders, controls=controls, landmarks=None)


def kept(metadata: Any, positions: Any, **settings: Any) -> Preset:
    config = GenerationConfig(**{"seed": 1, "sliders": positions, **settings})
    return Preset.of(make_artifact(metadata), config)


METADATA = make_metadata()
PRESET = kept(
    METADATA,
    [5, -3],
    seed=42,
    duration_s=12.5,
    mode="latent-interpolation",
    evolution=0.25,
    stereo=StereoSettings("mid-side", width=1.2, depth=0.0),
)
WITHOUT_SLIDERS = kept(METADATA, None)


def saved(preset: Preset, path: Path) -> dict[str, Any]:
    preset.save(path, overwrite=True)
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_file_is_what_the_module_says(tmp_path: Path) -> None:
    assert set(SETTINGS_OF_ALL_KINDS) | ENDS | PLACES | {"nearness"} == set(SETTINGS)
    assert saved(PRESET, tmp_path / "warm.json") == {
        "format": "distill.preset",
        "version": 1,
        "model": {"id": "id-1", "name": "sea", "slider_fingerprint": slider_fingerprint(BANK)},
        "sliders": {"PC1 (Größe)": 5, "PC2 (Texture)": -3},
        "seed": 42,
        "settings": SETTINGS_OF_ALL_KINDS,
    }
    text = (tmp_path / "warm.json").read_text(encoding="utf-8")
    assert "Größe" in text
    assert text.endswith("}\n")


@pytest.mark.parametrize("preset", [PRESET, WITHOUT_SLIDERS])
def test_what_is_saved_is_loaded(tmp_path: Path, preset: Preset) -> None:
    path = tmp_path / "warm.json"
    preset.save(path)
    assert Preset.load(str(path)) == preset
    with pytest.raises(OutputExistsError):
        preset.save(path)
    preset.save(path, overwrite=True)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())  # as some editors do
    assert Preset.load(path) == preset


def test_every_kind_of_number_can_be_saved(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"duration_s": Fraction(1, 2), "width": np.float32(1), "depth": 0}
    positions: Any = {"PC1 (Größe)": np.int64(5), "PC2 (Texture)": np.float32(-0.5)}
    sliders = KeptSliders("sea", "id-1", positions, slider_fingerprint(BANK))
    seed: Any = np.uint32(7)
    preset = Preset(sliders, seed, settings)
    preset.save(tmp_path / "warm.json")
    loaded = Preset.load(tmp_path / "warm.json")
    assert loaded.settings == {"duration_s": 0.5, "width": 1.0, "depth": 0.0}
    assert (loaded.seed, loaded.kept) == (
        7,
        replace(sliders, positions={"PC1 (Größe)": 5, "PC2 (Texture)": -0.5}),
    )


@given(st.tuples(st.floats(-10, 10), st.integers(-10, 10)))
def test_positions_come_back(positions: tuple[float, int]) -> None:
    assert kept(METADATA, positions).kept.on(METADATA) == positions


def test_a_preset_is_a_request_again() -> None:
    config = GenerationConfig(
        duration_s=3.5,
        seed=7,
        sliders=(5, -2.5),
        evolution=0.25,
        stereo=StereoSettings("mid-side", width=1.2),
    )
    artifact = make_artifact(METADATA)
    assert Preset.of(artifact, config).config(artifact) == config
    named = replace(config, sliders={"PC1": 5, 1: -2.5})
    assert Preset.of(artifact, named).config(artifact) == config
    assert WITHOUT_SLIDERS.config(artifact) == GenerationConfig(seed=1)
    vector = GenerationConfig(seed=1, latent_vector=(0.5, 1.0))
    with pytest.raises(RequestError, match="not a latent vector"):
        Preset.of(artifact, vector)


def test_labels_that_sliders_share_are_kept_apart() -> None:
    same = replace(BANK.sliders[1], label=BANK.sliders[0].label)
    metadata = make_metadata(replace(BANK, sliders=(BANK.sliders[0], same)))
    preset = kept(metadata, [5, -3])
    assert preset.kept.on(metadata) == (5, -3)


def test_a_slider_that_was_taken_out_stands_at_0(tmp_path: Path) -> None:
    document = saved(PRESET, tmp_path / "warm.json")
    del document["sliders"]["PC1 (Größe)"]
    (tmp_path / "warm.json").write_text(json.dumps(document), encoding="utf-8")
    assert Preset.load(tmp_path / "warm.json").kept.on(METADATA) == (0, -3)


# Which model it fits.


def test_it_fits_every_variant_of_its_model() -> None:
    ranges = replace(BANK, sliders=tuple(replace(s, safe_max_step=1) for s in BANK.sliders))
    PRESET.kept.check_fits(make_metadata(ranges, name="renamed"))
    assert PRESET.kept.on(make_metadata(ranges)) == (5, -3)


@pytest.mark.parametrize("bank", [BANK, None, SliderBank((0.0, 0.0), ())])
def test_without_sliders_it_fits_every_model(bank: SliderBank | None) -> None:
    other = make_metadata(bank, model_id="id-2")
    WITHOUT_SLIDERS.kept.check_fits(other)
    assert WITHOUT_SLIDERS.kept.on(other) is None


def other_slider(**change: Any) -> SliderBank:
    return replace(BANK, sliders=(BANK.sliders[0], replace(BANK.sliders[1], **change)))


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        (
            make_metadata(None, name="bell"),
            "the preset sets sliders of the model 'sea' (id 'id-1'), but 'bell' (id 'id-1') has "
            "none: use a preset without sliders",
        ),
        (
            make_metadata(SliderBank((0.0, 0.0), ())),
            "but 'sea' (id 'id-1') has none: use a preset without",
        ),
        (
            make_metadata(other_slider(label="PC2 (Loudness)"), name="bell"),
            "the preset belongs to the model 'sea' (id 'id-1'): 'bell' (id 'id-1') has no slider "
            "'PC2 (Texture)', but "
            "'PC1 (Größe)', 'PC2 (Loudness)'",
        ),
        (
            make_metadata(replace(BANK, sliders=BANK.sliders[:1])),
            "'sea' (id 'id-1') has no slider 'PC2 (Texture)', but 'PC1 (Größe)'",
        ),
        (
            make_metadata(other_slider(component=(0.1, 0.9)), model_id="id-2"),
            "'sea' (id 'id-1'): the sliders of 'sea' (id 'id-2') have the same labels, but come "
            "from another model",
        ),
        (make_metadata(other_slider(step_size=0.6)), "come from an earlier or later analysis"),
        (make_metadata(replace(BANK, mean=(0.5, -0.4))), "come from an earlier or later analysis"),
        (
            make_metadata(replace(BANK, sliders=(*BANK.sliders, make_slider("PC3")))),
            "have the same labels",
        ),
    ],
)
def test_it_is_refused_on_a_model_with_other_sliders(metadata: Any, message: str) -> None:
    for ask in (PRESET.kept.check_fits, PRESET.kept.on):
        with pytest.raises(RequestError, match=re.escape(message)) as raised:
            ask(metadata)
        assert "\n" not in str(raised.value)


def test_positions_beyond_the_range_are_refused() -> None:
    preset = replace(PRESET, kept=replace(PRESET.kept, positions={"PC1 (Größe)": 11}))
    with pytest.raises(RequestError, match="is set to 11, expected a number from -10 to 10"):
        preset.kept.on(METADATA)


def test_two_real_models_of_one_name(reference_artifact: Path, demo_artifact: Path) -> None:
    reference, demo = (
        ArtifactFile.inspect(path).metadata for path in (reference_artifact, demo_artifact)
    )
    preset = kept(reference, [1, -2, 3, -4, 5, -6, 7, -8])
    assert preset.kept.on(reference) == (1, -2, 3, -4, 5, -6, 7, -8)
    with pytest.raises(
        RequestError, match=r"'ambience' \(id 'e22419bf'\) has no slider 'PC1 \(Brightness\)'"
    ):
        preset.kept.check_fits(demo)


# What is no preset.


def changed(**change: Any) -> bytes:
    document = {
        "format": "distill.preset",
        "version": 1,
        "model": {"id": "id-1", "name": "sea", "slider_fingerprint": "00"},
        "sliders": {"PC1": 5},
        "seed": 42,
        "settings": {"duration_s": 10.0},
    }
    document |= change
    document = {key: value for key, value in document.items() if value is not ...}
    return json.dumps(document).encode()


MODEL = {"id": "id-1", "name": "sea", "slider_fingerprint": "00"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"{", "the preset is no valid JSON (Expecting property name"),
        (b"[" * 100_000, "the preset is no valid JSON"),
        (b"[]", "the preset has no object at 'its top'"),
        (b"null", "the preset has no object"),
        (b"\xff\xfe{}", "is not a preset: it is no UTF-8 text"),
        (b"RIFF\x00\x00\x00\x00WAVE", "the preset is no valid JSON"),
        (b" " * (MAX_FILE_BYTES + 1), "is larger than a preset can be (1048577 bytes)"),
        (changed(format=...), "the preset lacks 'format'"),
        (changed(format="distill.recipe"), "has the format 'distill.recipe', not 'distill.preset'"),
        (changed(version=2), "has version 2, this program reads version 1: update"),
        (changed(version=0), "the preset has 0 for 'version', not a whole number"),
        (changed(version=2, future={}, seed=None), "the preset has version 2"),
        (changed(model=...), "the preset lacks 'model'"),
        (changed(model={**MODEL, "id": 1}), "the preset has 1 for 'model.id', not a text"),
        (changed(model={"id": "", "name": ""}), "lacks 'model.slider_fingerprint'"),
        (changed(sliders=None), "the preset has no object at 'sliders'"),
        (changed(sliders={"PC1": True}), "the preset has True for 'sliders.PC1'"),
        (changed(seed=...), "the preset lacks 'seed'"),
        (changed(seed=2**32), "the preset has 4294967296 for 'seed'"),
        (changed(seed=-1), "the preset has -1 for 'seed'"),
        (changed(settings=[]), "the preset has no object at 'settings'"),
        (changed(settings={"mode": 1}), "the preset has 1 for 'settings.mode', not a text"),
        (changed(settings={"width": "1"}), "the preset has '1' for 'settings.width', not a finite"),
        (changed(settings={"width": float("nan")}), "the preset has nan for 'settings.width'"),
        (changed(settings={"echo": 1}), "the preset has unknown fields, 'settings.echo': remove"),
        (changed(color="red", model={**MODEL, "age": 1}), "fields, 'color', 'model.age': remove"),
        (changed(**{f"x{i:02}": 1 for i in range(10)}), "'x06', 'x07' and 2 more: remove"),
    ],
)
def test_what_is_no_preset(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "warm.json"
    path.write_bytes(content)
    with pytest.raises(RequestError, match=re.escape(message)) as raised:
        Preset.load(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert "\n" not in str(raised.value)


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"warm\.json: no such file"):
        Preset.load(tmp_path / "warm.json")
    with pytest.raises(RequestError, match="is a folder, not a preset"):
        Preset.load(tmp_path)
    with pytest.raises(RequestError, match="cannot be opened"):
        Preset.load("warm\0.json")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no fifos")
def test_a_fifo_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.json")
    with pytest.raises(RequestError, match=r"fifo\.json: is not a regular file"):
        Preset.load(tmp_path / "fifo.json")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": -1}, "seed is -1"),
        ({"seed": "1"}, "seed is '1'"),
        ({"kept": KeptSliders("", "", {"PC1": True}, "")}, "has True for 'PC1', not a finite"),
        ({"kept": KeptSliders("", "", {2: float("nan")}, "")}, "has nan for 2, not a finite"),
        ({"settings": {"echo": 1}}, "a preset has no setting 'echo', expected one of duration_s"),
        ({"settings": {"mode": 1}}, "the preset has 1 for 'mode', not a text"),
        ({"settings": {"width": "1"}}, "the preset has '1' for 'width', not a finite number"),
        ({"settings": {"width": True}}, "the preset has True for 'width', not a finite number"),
        ({"settings": {"width": float("inf")}}, "the preset has inf for 'width'"),
        ({"settings": {"width": 10**400}}, "for 'width', not a finite number"),
    ],
)
def test_what_cannot_be_kept(change: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError, match=re.escape(message)):
        replace(PRESET, **change)


@pytest.mark.parametrize("positions", [[1], [1, 2, 3], [1, 11], [1, -10.5], {"PC9": 1}])
def test_positions_that_are_not_the_models(positions: Any) -> None:
    with pytest.raises(RequestError):
        kept(METADATA, positions)
    with pytest.raises(RequestError, match="this model has no sliders"):
        kept(make_metadata(None), positions)


# Controls.

CONTROLS = (make_control("Brightness"), make_control("Loudness"))


def test_controls_are_kept_by_the_models_names(tmp_path: Path) -> None:
    artifact = make_artifact(METADATA, CONTROLS)
    config = GenerationConfig(seed=1, controls={"loudness": -2, "brightness": 3.5})
    preset = Preset.of(artifact, config)
    document = saved(preset, tmp_path / "p.json")
    assert document["controls"] == {"Brightness": 3.5, "Loudness": -2}
    loaded = Preset.load(tmp_path / "p.json")
    assert loaded == preset
    assert loaded.config(artifact).controls == {"Brightness": 3.5, "Loudness": -2}


def test_without_controls_a_preset_is_what_it_was(tmp_path: Path) -> None:
    for controls in (None, {}, {"Brightness": 0}):
        config = GenerationConfig(seed=1, controls=controls)
        preset = Preset.of(make_artifact(METADATA, CONTROLS), config)
        assert "controls" not in saved(preset, tmp_path / "p.json")
        (tmp_path / "p.json").unlink()
        assert preset.config(make_artifact(METADATA)).controls is None


def test_a_model_without_the_control_refuses_the_preset() -> None:
    preset = replace(WITHOUT_SLIDERS, controls={"Warmth": 1})
    with pytest.raises(RequestError, match="no control 'Warmth', expected one of Brightness"):
        preset.config(make_artifact(METADATA, CONTROLS))


@pytest.mark.parametrize("wrong", [[], 3, {"Brightness": "3"}, {"Brightness": 1e9}, None])
def test_controls_that_cannot_be_are_refused(tmp_path: Path, wrong: object) -> None:
    document = saved(WITHOUT_SLIDERS, tmp_path / "p.json") | {"controls": wrong}
    (tmp_path / "p.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(RequestError, match="ontrol") as caught:
        Preset.load(tmp_path / "p.json")
    assert "\n" not in str(caught.value)


# Labels that were measured again.

RELABELLED = replace(
    BANK,
    sliders=(
        replace(BANK.sliders[0], label="Loudness -", original_label=BANK.sliders[0].label),
        replace(BANK.sliders[1], label="Colour 2", original_label=BANK.sliders[1].label),
    ),
)


def test_new_labels_are_the_same_sliders() -> None:
    assert slider_fingerprint(RELABELLED) == slider_fingerprint(BANK)
    new = make_metadata(RELABELLED)
    # Of before, on an artifact of now; of now, on one of before; and by the new labels.
    assert PRESET.kept.on(new) == PRESET.kept.on(METADATA) == (5, -3)
    assert kept(new, {"Loudness": 5, "Colour 2": -3}).kept.on(METADATA) == (5, -3)
    written = replace(PRESET.kept, positions={"Loudness -": 5, "Colour 2": -3})
    assert written.on(new) == (5, -3)
