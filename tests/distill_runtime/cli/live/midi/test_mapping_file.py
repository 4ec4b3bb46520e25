"""A mapping's file: written whole, read strictly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from distill_runtime.cli.live.fader import faders_of
from distill_runtime.cli.live.midi.mapping import Binding, MidiMapping
from distill_runtime.cli.live.midi.mapping_file import load_mapping, save_mapping
from distill_runtime.errors import OutputError, RequestError
from tests.distill_runtime.cli.live.fake_sound import fake_artifact

_, BRIGHTNESS, *_, DRIFT, _ = faders_of(fake_artifact())
MAPPING = MidiMapping(
    channel=3,
    notes=False,
    first_seed=1000,
    bindings=(Binding.of(BRIGHTNESS, 21, 1), Binding(7, None, "drift", DRIFT.name, 0.25, 0.5)),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "launch.json"


@pytest.mark.parametrize("mapping", [MAPPING, MidiMapping()])
def test_what_is_written_is_read(path: Path, mapping: MidiMapping) -> None:
    save_mapping(MidiMapping(notes=False), path)
    save_mapping(mapping, path)
    assert load_mapping(path) == mapping
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_the_file_can_be_read_by_people(path: Path) -> None:
    save_mapping(MAPPING, path)
    first = json.loads(path.read_text("utf-8"))["controllers"][0]
    assert first == {
        "controller": 21,
        "channel": 1,
        "moves": "slider",
        "name": "PC1 (Brightness)",
        "from": -10,
        "to": 10,
    }


def changed(path: Path, **values: Any) -> Path:
    save_mapping(MAPPING, path)
    document = json.loads(path.read_text("utf-8"))
    for name, value in values.items():
        target = document["controllers"][0] if name.startswith("c_") else document
        target[name.removeprefix("c_")] = value
    path.write_text(json.dumps(document), "utf-8")
    return path


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"format": "distill.preset"}, "format 'distill.preset', not 'distill.live-mapping'"),
        ({"version": 2}, "version 2, this program reads version 1: update"),
        ({"version": "1"}, "has '1' for 'version'"),
        ({"colour": 1}, "unknown fields, 'colour': remove them"),
        ({"channel": 0}, "has 0 for 'channel', not a whole number from 1 to 16"),
        ({"channel": True}, "has True for 'channel'"),
        ({"notes": 1}, "has 1 for 'notes', not true or false"),
        ({"first_seed": 2**32 - 127}, "for 'first_seed', not a whole number from 0 to"),
        ({"controllers": {}}, "for 'controllers', not a list"),
        ({"controllers": [3]}, "has no object at 'controllers[0]'"),
        ({"c_controller": 128}, "has 128 for 'controllers[0].controller'"),
        ({"c_channel": 17}, "has 17 for 'controllers[0].channel'"),
        ({"c_moves": "seed"}, "not one of slider, control, drift, nearness, level"),
        ({"c_name": None}, "has None for 'controllers[0].name', not a text"),
        ({"c_from": "low"}, "has 'low' for 'controllers[0].from', not a finite number"),
        ({"c_to": float("nan")}, "has nan for 'controllers[0].to', not a finite number"),
        ({"c_curve": "log"}, "unknown fields, 'curve'"),
    ],
    ids=str,
)
def test_each_rule_is_checked(path: Path, values: dict[str, Any], complaint: str) -> None:
    with pytest.raises(RequestError) as refused:
        load_mapping(changed(path, **values))
    assert complaint in str(refused.value)
    assert "\n" not in str(refused.value)
    assert str(path) in str(refused.value)


def test_a_missing_field_is_named(path: Path) -> None:
    path.write_text('{"format": "distill.live-mapping", "version": 1}', "utf-8")
    with pytest.raises(RequestError, match="lacks 'channel'"):
        load_mapping(path)


def test_what_is_no_json_is_refused(path: Path) -> None:
    for text in ("", "[", "[]", "\xff"):
        path.write_text(text, "latin-1")
        with pytest.raises(RequestError):
            load_mapping(path)


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="does not exist"):
        save_mapping(MAPPING, tmp_path / "none" / "launch.json")
    with pytest.raises(OutputError):
        save_mapping(MAPPING, Path("/dev/full"))
