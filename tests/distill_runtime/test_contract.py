from __future__ import annotations

import copy
import dataclasses
import json
import math
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_runtime import contract
from distill_runtime.artifact.trusted.operators import OPERATORS
from distill_runtime.contract import ArtifactMetadata
from distill_runtime.errors import ArtifactError
from tests.distill_runtime.small_artifacts import METADATA, document

Path = tuple[str | int, ...]


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the place of every field, sections before what they hold."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, (*path, key))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for index, inner in enumerate(value):
            yield from paths(inner, (*path, index))


def name(path: Path) -> str:
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path)[1:]


def holder(values: Any, path: Path) -> Any:
    for part in path[:-1]:
        values = values[part]
    return values


def refusal(values: Any) -> str:
    with pytest.raises(ArtifactError) as caught:
        ArtifactMetadata.from_json(json.dumps(values))
    assert "\n" not in str(caught.value)
    return str(caught.value)


FIELDS = list(paths(document()))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"normalization": None},
        {"sliders": None},
        {"controls": ()},
        {"exporter": {}},
        {"model": dataclasses.replace(METADATA.model, train_loss=None, tags=())},
        {"model": dataclasses.replace(METADATA.model, name='Ré"gen\n雨 🌧 \x00')},
        {"reconstruction": "refined", "precision": "int8"},
        {"latent_dim": 4096, "sliders": None, "controls": ()},
    ],
)
def test_a_round_trip_changes_nothing(changes: dict[str, Any]) -> None:
    metadata = dataclasses.replace(METADATA, **changes)
    assert ArtifactMetadata.from_json(metadata.to_json()) == metadata


@given(st.text(), st.floats(allow_nan=False, allow_infinity=False), st.lists(st.text()))
def test_any_text_and_number_makes_the_round_trip(
    text: str, number: float, tags: list[str]
) -> None:
    model = dataclasses.replace(
        METADATA.model, name=text, dataset_duration_s=number, train_loss=number, tags=tuple(tags)
    )
    metadata = dataclasses.replace(METADATA, model=model, exporter={text: text})
    read = ArtifactMetadata.from_json(metadata.to_json())
    assert read == metadata
    assert math.copysign(1, read.model.dataset_duration_s) == math.copysign(1, number)


def test_the_document_is_compact_and_names_its_format() -> None:
    text = METADATA.to_json()
    assert text.startswith('{"format":"distill.artifact","version":1,')
    assert len(text) == len(json.dumps(json.loads(text), separators=(",", ":")))


def test_what_json_cannot_hold_is_not_written() -> None:
    model = dataclasses.replace(METADATA.model, dataset_duration_s=math.nan)
    with pytest.raises(ValueError, match="not JSON compliant"):
        dataclasses.replace(METADATA, model=model).to_json()


def test_fields_of_a_later_revision_are_ignored() -> None:
    values = document() | {"mood": "blue"}
    values["model"]["mood"] = ["blue"]
    assert ArtifactMetadata.from_json(json.dumps(values)) == METADATA


# Any program may be named as an exporter, and there may be any number of sliders and of controls.
LATER = {"controls", "original_label"}  # keys that artifacts from before them lack
REQUIRED = [
    path
    for path in FIELDS
    if path[-1] != 0 and path[:-1] != ("exporter",) and path[-1] not in LATER
]


@pytest.mark.parametrize("path", REQUIRED, ids=name)
def test_a_missing_field_is_named(path: Path) -> None:
    values = document()
    del holder(values, path)[path[-1]]
    assert repr(name(path)) in refusal(values)


def test_an_artifact_from_before_controls_is_read() -> None:
    values = document()
    del values["controls"], values["sliders"]["sliders"][0]["original_label"]
    metadata = ArtifactMetadata.from_json(json.dumps(values))
    assert metadata.controls == ()
    (slider,) = metadata.sliders.sliders
    assert slider.original_label is None
    assert slider.first_label == slider.label
    assert json.loads(metadata.to_json()) == values
    assert ArtifactMetadata.from_json(json.dumps(values | {"controls": []})) == metadata


@pytest.mark.parametrize("wrong", [True, math.nan, {"a": 1}, [[]]], ids=repr)
@pytest.mark.parametrize("path", FIELDS, ids=name)
def test_a_field_of_another_type_is_named(path: Path, wrong: object) -> None:
    values = document()
    section = isinstance(holder(values, path)[path[-1]], dict)
    if isinstance(holder(values, path)[path[-1]], bool):
        wrong = 1 if wrong is True else wrong  # a number is no truth, as a truth is no number
    holder(values, path)[path[-1]] = wrong
    message = refusal(values)
    # An object where an object is expected lacks its first field, or holds no text.
    expected = name(path) if not (section and isinstance(wrong, dict)) else f"{name(path)}."
    if path == ("sliders", "sliders") and wrong == [[]]:
        expected = "sliders.sliders[0]"
    if path == ("controls",) and wrong == [[]]:
        expected = "controls[0]"
    assert expected in message


OPTIONAL = {
    "model.training.train_loss",
    "model.training.validation_loss",
    "normalization",
    "sliders",
    "controls[0].leaks_into",
}


@pytest.mark.parametrize("path", FIELDS, ids=name)
def test_null_is_taken_only_where_nothing_is_something(path: Path) -> None:
    values = document()
    holder(values, path)[path[-1]] = None
    if name(path) in OPTIONAL:
        ArtifactMetadata.from_json(json.dumps(values))
    else:
        assert repr(name(path)) in refusal(values)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("latent_dim", 15),
        ("latent_dim", 4097),
        ("latent_dim", 16.0),
        ("state_size", 0),
        ("state_size", 2**24 + 1),
        ("latency_samples", -1),
        ("latency_samples", 2**20 + 1),
        ("audio.sample_rate_hz", 44_100),
        ("audio.hop_length", 256),
        ("audio.hop_frames", 46),
        ("audio.chunk_frames", 95),
        ("audio.n_fft", 1),
        ("audio.n_mels", 0),
        ("reconstruction", "magic"),
        ("precision", "float64"),
        ("model.dataset.file_count", -1),
        ("model.training.epochs", 10**30),
        ("model.training.train_loss", math.inf),
        ("model.dataset.duration_s", 10**400),
        ("model.name", "\ud800"),
        ("model.tags", ["a", 1]),
        ("sliders.mean", [0.5] * 15),
        ("sliders.mean", [0.5] * 17),
        ("sliders.sliders.0.component", [0.5] * 15),
        ("sliders.sliders.0.component", [math.inf] * 16),
        ("sliders.sliders.0.min_step", -1001),
        ("sliders.sliders.0.safe_max_step", 0.5),
        ("controls.0.direction", [0.25] * 15),
        ("controls.0.direction", [math.inf] * 16),
        ("controls.0.step_size", -0.5),
        ("controls.0.step_size", math.inf),
        ("controls.0.safe_min_step", 1),
        ("controls.0.safe_min_step", -1001),
        ("controls.0.safe_max_step", -1),
        ("controls.0.safe_max_step", 1001),
        ("controls.0.safe_max_step", 0.5),
        ("controls.0.change_per_step", math.nan),
        ("controls.0.correlation", 1.01),
        ("controls.0.correlation", -1.01),
        ("controls.0.leak", -0.1),
        ("controls.0.places", 0),
        ("controls.0.is_level", 1),
        ("parity.trajectories", -1),
        ("test_vector.seed", -1),
        ("test_vector.seed", 2**32),
        ("test_vector.steps", 0),
        ("test_vector.steps", 1001),
        ("test_vector.start", -1),
        ("test_vector.audio", []),
        ("test_vector.audio", [0.5, "x"]),
    ],
)
def test_a_value_out_of_range_is_named(path: str, value: object) -> None:
    parts = tuple(int(part) if part.isdigit() else part for part in path.split("."))
    values = document()
    holder(values, parts)[parts[-1]] = value
    assert repr(name(parts)) in refusal(values)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("name", "", "a control is called '', expected 1 to 40 printable characters"),
        ("name", "a" * 41, "expected 1 to 40 printable characters"),
        ("name", " Brightness", "expected 1 to 40 printable characters"),
        ("name", "Bright\nness", "expected 1 to 40 printable characters"),
        ("name", "a:b", "a control is called 'a:b', expected a name without colon"),
        ("step_size", 0, "control 'Brightness' has the step_size 0, expected one above 0"),
        ("direction", [0.0] * 16, "has a direction of length 0, expected 1"),
        ("direction", [0.26] * 16, "has a direction of length 1.04, expected 1"),
        ("direction", [1e308] * 16, "has a direction of length inf, expected 1"),
    ],
)
def test_a_control_that_cannot_be_is_refused(key: str, value: object, expected: str) -> None:
    values = document()
    values["controls"][0][key] = value
    assert expected in refusal(values)


def test_controls_of_one_name_are_refused() -> None:
    values = document()
    values["controls"] += [values["controls"][0] | {"name": "BRIGHTNESS"}]
    assert "several controls called 'Brightness', expected one" in refusal(values)


def test_too_many_controls_are_refused() -> None:
    values = document()
    values["controls"] = [values["controls"][0] | {"name": f"c{i}"} for i in range(65)]
    assert "65 controls, expected at most 64" in refusal(values)
    values["controls"].pop()
    assert len(ArtifactMetadata.from_json(json.dumps(values)).controls) == 64


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        (contract.VERSION + 1, "contract version 2, this program reads version 1: update"),
        (2**31, "update distill-portable"),
        (0, "0 for 'version'"),
        (-1, "-1 for 'version'"),
        (2**31 + 1, "for 'version'"),
        ("1", "'1' for 'version'"),
        (1.0, "1.0 for 'version'"),
    ],
)
def test_another_version_says_which_was_found(version: object, expected: str) -> None:
    assert expected in refusal(document() | {"version": version})


def test_a_later_version_is_recognised_whatever_else_it_holds() -> None:
    assert "contract version 7" in refusal({"format": contract.FORMAT, "version": 7})


@pytest.mark.parametrize("found", ["distill.preset", "", "DISTILL.ARTIFACT"])
def test_another_format_is_refused(found: str) -> None:
    assert f"format {found!r}" in refusal(document() | {"format": found})


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "{}", "{", "\0", "[" * 100_000, '{"format":' * 50_000, "9" * 10_000],
)
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(ArtifactError, match="its metadata") as caught:
        ArtifactMetadata.from_json(text)
    assert len(str(caught.value)) < 200


def test_any_depth_of_nesting_in_any_place_is_refused() -> None:
    text = METADATA.to_json()
    for depth in (10, 500, *range(900, 1000), 5000, 100_000):
        deep = "[" * depth + "]" * depth
        with pytest.raises(ArtifactError):
            ArtifactMetadata.from_json(text.replace('"latent_dim":16', f'"latent_dim":{deep}'))


@given(st.data())
def test_any_field_replaced_by_anything_is_read_or_refused(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(FIELDS))
    values = copy.deepcopy(document())
    holder(values, path)[path[-1]] = data.draw(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text()
        | st.lists(st.integers() | st.floats() | st.none())
        | st.dictionaries(st.text(), st.text())
    )
    try:
        ArtifactMetadata.from_json(json.dumps(values))
    except ArtifactError as error:
        assert "\n" not in str(error)


def test_no_operator_is_allowed_that_branches_draws_holds_text_or_can_end_the_process() -> None:
    forbidden = {"If", "Loop", "SequenceMap", "Optional", "RandomNormal", "StringConcat"}
    forbidden |= {"ConvTranspose", "ConstantOfShape", "NonZero", "Resize", "Tile"}
    assert not OPERATORS & forbidden
    assert {"Conv", "MatMul", "Scan", "Sin"} <= OPERATORS
