"""Places around the head on the command line: asked for, described, refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from distill_runtime.audio.binaural import sofa_reader
from tests.distill_runtime.sofa_files import write_sofa

PLACE = ("rain.onnx", "-d", 1, "-s", 7, "--stereo", "binaural")


def test_a_place(cli: Any, folder: Path) -> None:
    done = cli(*PLACE, "--azimuth", -90, "-o", "left.wav")
    assert "binaural: 90 degrees to the left, 1 m away\n" in done.err
    assert cli(*PLACE, "--azimuth", 90, "-o", "right.wav").code == 0
    left, right = (soundfile.read(folder / name)[0] for name in ("left.wav", "right.wav"))
    np.testing.assert_array_equal(left, right[:, ::-1])
    assert np.abs(left[:, 0]).max() > np.abs(left[:, 1]).max()


def test_two_seeds_at_two_places_as_json(cli: Any) -> None:
    done = cli("rain.onnx", "-d", 1, "-s", 7, "--stereo", "binaural-dual-seed", "--json")
    stereo = json.loads(done.out)["recipe"]["stereo"]
    assert stereo == {
        "mode": "binaural-dual-seed",
        "width": 0.7,
        "depth": 0.3,
        "azimuth_deg": 30.0,
        "elevation_deg": 0.0,
        "distance_m": 1.0,
    }
    assert (
        "binaural: 30 degrees to the left, 1 m away and 30 degrees to the right, 1 m away"
        in done.err
    )


def test_a_measured_head(cli: Any, folder: Path) -> None:
    write_sofa(folder / "head.sofa")
    sofa = ("--sofa", "head.sofa")
    done = cli(*PLACE, *sofa, "--azimuth", 40, "--dry-run")
    assert done.out.splitlines()[-1] == (
        "binaural: 40 degrees to the right, 1 m away; nearest in head.sofa: 30 degrees to the right"
    )
    done = cli(*PLACE, *sofa, "--azimuth", 60, "--save-preset", "p.json", "-o", "a.wav")
    assert "60 degrees to the right, 1 m away, as head.sofa measured it" in done.err
    assert cli("rain.onnx", "--preset", "p.json", "-o", "b.wav").code == 0
    assert cli("reproduce", "a.wav", "-o", "c.wav").code == 0
    assert cli("reproduce", "a.wav", "-o", "d.wav", "--sofa", "head.sofa").code == 0
    files = [(folder / name).read_bytes() for name in ("a.wav", "b.wav", "c.wav", "d.wav")]
    assert files == files[:1] * 4
    (folder / "head.sofa").unlink()
    assert "the SOFA file 'head.sofa' is neither" in cli("reproduce", "a.wav", "-o", "e.wav").err
    # An option goes before the preset: another head, or none at all.
    assert cli("rain.onnx", "--preset", "p.json", "--stereo", "mono", "-o", "m.wav").code == 0
    write_sofa(folder / "other.sofa", {"Data.Delay": np.ones((1, 2))})
    done = cli("rain.onnx", "--preset", "p.json", "--sofa", "other.sofa", "--dry-run", "--json")
    assert json.loads(done.out)["stereo"]["sofa"]["name"] == "other.sofa"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--azimuth", 200), "--azimuth is 200.0, expected degrees from -180 to 180"),
        (("--elevation", 91), "--elevation is 91.0, expected degrees from -90 to 90"),
        (("--distance", 0), "--distance is 0.0, expected metres from 0.2 to 100"),
        (("--width", 1), "--width needs --stereo mid-side"),
        (("--depth", 1), "--depth needs --stereo mid-side or dual-seed"),
        (("--sofa", "no.sofa"), "no.sofa: no such file"),
        (("--sofa", "rain.onnx"), "rain.onnx: is not a SOFA file: it is no HDF5"),
    ],
)
def test_what_is_refused(cli: Any, words: tuple[object, ...], complaint: str) -> None:
    done = cli(*PLACE, *words)
    assert (done.code, done.complaint) == (2, complaint)


@pytest.mark.parametrize("option", ["--azimuth", "--elevation", "--distance", "--sofa"])
@pytest.mark.parametrize("command", [(), ("live", "--no-page")])
def test_a_place_needs_a_mode_that_has_one(cli: Any, command: Any, option: str) -> None:
    done = cli(*command, "rain.onnx", option, 5, "--stereo", "mid-side")
    assert done.complaint == f"{option} needs --stereo binaural or binaural-dual-seed"


def test_what_reads_a_sofa_file_is_missed_at_once(cli: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(sofa_reader, "find_spec", lambda name: None)
    done = cli("rain.onnx", "--stereo", "binaural", "--sofa", "head.sofa")
    assert done.code == 1
    assert done.complaint == "h5py is not installed, and a SOFA file needs it: pip install h5py"


def test_live_plays_at_a_place(cli: Any, folder: Path) -> None:
    done = cli(
        *("live", "rain.onnx", "--seed", 7, "--stereo", "binaural", "--azimuth", 90),
        *("--device", "none", "--no-page", "--duration", 1, "--record", "take.wav"),
    )
    assert done.code == 0
    left, right = soundfile.read(folder / "take.wav")[0].T
    assert np.abs(right).max() > np.abs(left).max()
