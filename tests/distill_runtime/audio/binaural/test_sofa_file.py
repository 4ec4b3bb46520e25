"""Measured heads: the nearest place, at our rate; every file that is none of them, in a line."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from importlib import util
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from distill_runtime import DependencyError, RequestError, SofaFile, StereoSettings
from distill_runtime.audio.binaural import sofa_child, sofa_reader
from distill_runtime.audio.binaural.ear_filter import MAX_TAPS
from distill_runtime.audio.binaural.source_position import SourcePosition
from distill_runtime.audio.spatial import SpatialProcessor
from distill_runtime.errors import BackendError
from tests.distill_runtime.sofa_files import AZIMUTHS, small_head, write_sofa


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> SofaFile:
    return SofaFile.load(write_sofa(tmp_path_factory.mktemp("sofa") / "head.sofa"))


def without_silence(pair: np.ndarray) -> np.ndarray:
    loud = np.flatnonzero(np.abs(pair).max(axis=0) > 1e-4)
    return pair[:, loud[0] : loud[-1] + 1]


def test_a_file_is_known_by_its_bytes(tmp_path: Path, head: SofaFile) -> None:
    path = write_sofa(tmp_path / "other.sofa")
    other = SofaFile.load(path)
    assert (other.name, other.sha256) == (
        "other.sofa",
        hashlib.sha256(path.read_bytes()).hexdigest(),
    )
    assert other.measurements == len(AZIMUTHS)
    assert head.name == "head.sofa"
    assert SofaFile("named.sofa", other.sha256) == other
    assert SofaFile.load(path, sha256=other.sha256) == other


@pytest.mark.parametrize("azimuth_deg", [0, 30, -30, 90, -90, 150, 180, -180])
def test_azimuth_counts_to_the_right_where_a_file_counts_to_the_left(
    head: SofaFile, azimuth_deg: float
) -> None:
    position = SourcePosition(azimuth_deg)
    measured = np.flatnonzero(np.isclose(AZIMUTHS, -azimuth_deg % 360.0))[0]
    expected = without_silence(small_head()[measured])
    np.testing.assert_allclose(head.responses(position), expected, atol=1e-7)
    assert abs(head.nearest(position).azimuth_deg) == abs(azimuth_deg)


@pytest.mark.parametrize(
    ("asked", "nearest"), [(40.0, 30.0), (50.0, 60.0), (-44.0, -30.0), (-176.0, 180.0)]
)
def test_the_nearest_place_is_heard(head: SofaFile, asked: float, nearest: float) -> None:
    found = head.nearest(SourcePosition(asked, 20.0, 3.0))
    assert (abs(found.azimuth_deg), found.elevation_deg) == (abs(nearest), 0.0)
    assert found.azimuth_deg * nearest > 0 or abs(nearest) == 180.0
    np.testing.assert_array_equal(
        head.responses(SourcePosition(asked, 20.0)), head.responses(SourcePosition(nearest))
    )


def test_the_level_falls_with_the_distance(head: SofaFile) -> None:
    near, far = (head.responses(SourcePosition(30.0, 0.0, metres)) for metres in (1.0, 4.0))
    np.testing.assert_allclose(far, near / 4.0)


def test_of_several_distances_the_nearest_is_heard(tmp_path: Path) -> None:
    places = np.array([[0.0, 0.0, 0.5], [0.0, 0.0, 2.0]])
    responses = np.ones((2, 2, 1)) * [[[1.0]], [[3.0]]]
    path = write_sofa(
        tmp_path / "two.sofa", {"Data.IR": responses, "SourcePosition": (places, "spherical")}
    )
    head = SofaFile.load(path)
    assert head.responses(SourcePosition(0.0, 0.0, 0.5)).ravel().tolist() == [2.0, 2.0]
    assert head.responses(SourcePosition(0.0, 0.0, 2.0)).ravel().tolist() == [1.5, 1.5]


@pytest.mark.parametrize("rate_hz", [44_100.0, 96_000.0])
def test_another_rate_filters_as_before(tmp_path: Path, rate_hz: float) -> None:
    taps = np.hanning(65)[None, None] * np.sinc((np.arange(65) - 32) / 4)
    responses = np.repeat(taps, 2, axis=1)
    path = write_sofa(
        tmp_path / "rate.sofa",
        {
            "Data.IR": responses,
            "Data.SamplingRate": np.array([rate_hz]),
            "SourcePosition": (np.array([[0.0, 0.0, 1.0]]), "spherical"),
        },
    )
    found = SofaFile.load(path).responses(SourcePosition(0.0))[0]
    frequencies_hz = np.arange(50.0, 9_000.0, 50.0)
    ours, theirs = (
        np.abs(np.exp(-2j * np.pi * np.outer(frequencies_hz / rate, np.arange(len(h)))) @ h)
        for h, rate in ((found, 48_000.0), (responses[0, 0], rate_hz))
    )
    np.testing.assert_allclose(ours, theirs, atol=2e-3 * theirs.max())


@pytest.mark.parametrize("whole", [True, False])
def test_delays_that_a_file_keeps_apart(tmp_path: Path, whole: bool) -> None:
    delays = np.array([[100.0, 105.0 if whole else 105.5]])
    clicks = np.ones((len(AZIMUTHS), 2, 1))
    path = write_sofa(tmp_path / "delays.sofa", {"Data.IR": clicks, "Data.Delay": delays})
    left, right = SofaFile.load(path).responses(SourcePosition(0.0))
    spectra = np.fft.rfft([left, right], 1024)
    at = slice(1, 400)
    radians = 2 * np.pi * np.arange(513)[at] / 1024
    late = -np.unwrap(np.angle(spectra[1] / spectra[0]))[at] / radians
    np.testing.assert_allclose(late, delays[0, 1] - 100.0, atol=1e-3)


def test_cartesian_places_and_swapped_ears(tmp_path: Path, head: SofaFile) -> None:
    radians = np.radians(AZIMUTHS)
    places = np.stack([np.cos(radians), np.sin(radians), 0 * radians], axis=1)
    ears = np.array([[[0.0], [-0.09], [0.0]], [[0.0], [0.09], [0.0]]])
    changes = {
        "SourcePosition": (places, "cartesian"),
        "ReceiverPosition": (ears, "cartesian"),
        "Data.IR": small_head()[:, ::-1],
        "Data.Delay": None,
        "ListenerView": None,
    }
    found = SofaFile.load(write_sofa(tmp_path / "cartesian.sofa", changes))
    for azimuth_deg in (-90.0, 0.0, 60.0):
        position = SourcePosition(azimuth_deg)
        np.testing.assert_allclose(found.responses(position), head.responses(position))


def test_a_sound_goes_through_it(head: SofaFile) -> None:
    settings = StereoSettings("binaural-dual-seed", azimuth_deg=90.0, sofa=head)
    clicks = np.zeros((2, 40))
    clicks[0, 0] = 1.0  # the first voice, which is on the left
    left, right = SpatialProcessor(settings).push(clicks)
    assert (np.argmax(left), left.max()) == (0, pytest.approx(1.0))
    assert (np.argmax(right), right.max()) == (12, pytest.approx(0.2))


ONE = np.ones((len(AZIMUTHS), 2, 4))
WRONG = {
    "is HDF5, but not a SOFA file": ({}, {"Conventions": None}),
    "convention 'SimpleFreeFieldHRTF', not 'Simple": (
        {},
        {"SOFAConventions": "SimpleFreeFieldHRTF"},
    ),
    "has no Data.IR": ({"Data.IR": None}, {}),
    "has no SourcePosition": ({"SourcePosition": None}, {}),
    "has a Data.IR that is no array of numbers": ({"Data.IR": ONE.astype("S1")}, {}),
    "has 3 receivers, expected 2, the ears": ({"Data.IR": np.ones((12, 3, 4))}, {}),
    "has several sampling rates": ({"Data.SamplingRate": np.array([44_100.0, 48_000.0])}, {}),
    "has source positions of shape [1, 3], expected [12, 3]": (
        {"SourcePosition": (np.zeros((1, 3)), "spherical")},
        {},
    ),
    "has 'polar' source positions": ({"SourcePosition": (np.zeros((12, 3)), "polar")}, {}),
    "has another ListenerView than [1, 0, 0]": (
        {"ListenerView": (np.array([[0.0, 1.0, 0.0]]), "cartesian")},
        {},
    ),
    "has delays of shape [3, 2]": ({"Data.Delay": np.zeros((3, 2))}, {}),
}


@pytest.mark.parametrize("message", WRONG)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, message: str) -> None:
    changes, attributes = WRONG[message]
    path = write_sofa(tmp_path / "wrong.sofa", changes, **attributes)
    header, arrays = sofa_child.answer(path.read_bytes())
    assert message in header["error"]
    assert not arrays


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Data.IR": None}, "has no Data.IR"),
        (
            {"Data.SamplingRate": np.zeros(1)},
            "has a sampling rate of 0 Hz, expected 8000 to 384000",
        ),
        ({"Data.IR": np.full((12, 2, 4), np.nan)}, "has values that are not finite"),
    ],
)
def test_it_is_said_of_the_file(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    path = write_sofa(tmp_path / "wrong.sofa", changes)
    with pytest.raises(RequestError) as caught:
        SofaFile.load(path)
    assert str(caught.value) == f"{path}: {message}"


@pytest.mark.parametrize("content", [b"", b"not HDF5", b"\x89HDF\r\n\x1a\n" + bytes(2000)])
def test_what_is_no_hdf5(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "no.sofa"
    path.write_bytes(content)
    with pytest.raises(RequestError, match=r"no.sofa: is (empty|not a SOFA file|damaged)"):
        SofaFile.load(path)


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"no\.sofa: no such file"):
        SofaFile.load(tmp_path / "no.sofa")
    with pytest.raises(RequestError, match="is a folder, not a SOFA file"):
        SofaFile.load(tmp_path)
    os.mkfifo(tmp_path / "pipe.sofa")
    with pytest.raises(RequestError, match="is not a regular file"):
        SofaFile.load(tmp_path / "pipe.sofa")


def test_another_file_than_the_one_that_is_meant(tmp_path: Path) -> None:
    path = write_sofa(tmp_path / "head.sofa")
    with pytest.raises(RequestError, match=r"is not the file that is meant \(SHA-256 .*, not 00"):
        SofaFile.load(path, sha256="0" * 64)


@pytest.mark.parametrize("size", [MAX_TAPS + 1, 20_000])
def test_the_response_of_a_room_is_refused(tmp_path: Path, size: int) -> None:
    path = write_sofa(tmp_path / "hall.sofa", {"Data.IR": np.ones((len(AZIMUTHS), 2, size))})
    with pytest.raises(RequestError, match=f"hall.sofa has responses of {size} samples at 48000"):
        SofaFile.load(path).responses(SourcePosition())


def test_a_name_alone_cannot_be_heard() -> None:
    named = StereoSettings("binaural", sofa=SofaFile("lost.sofa", "0" * 64))
    with pytest.raises(RequestError, match=r"lost\.sofa is named and not loaded: SofaFile\.load"):
        SpatialProcessor(named)


def linked(path: Path, kind: str) -> Path:
    """Write a file whose responses lie elsewhere: in a place of this machine, for example."""
    write_sofa(path, {"Data.IR": None})
    secret = path.with_name("secret")
    secret.write_bytes(bytes(12 * 2 * 4 * 8))
    with h5py.File(path, "a") as file:
        if kind == "external":
            file.create_dataset("Data.IR", (12, 2, 4), "f8", external=[(str(secret), 0, 768)])
        elif kind == "link":
            file["Data.IR"] = h5py.ExternalLink(str(secret), "/x")
        else:
            layout = h5py.VirtualLayout((12, 2, 4), "f8")
            layout[:] = h5py.VirtualSource(str(secret), "x", (12, 2, 4))
            file.create_virtual_dataset("Data.IR", layout)
    return path


@pytest.mark.parametrize("kind", ["external", "link", "virtual"])
def test_nothing_outside_the_file_is_read(tmp_path: Path, kind: str) -> None:
    content = linked(tmp_path / "linked.sofa", kind).read_bytes()
    assert sofa_child.answer(content) == ({"error": "has its Data.IR elsewhere"}, [])


def test_a_small_file_that_unpacks_to_gigabytes(tmp_path: Path) -> None:
    path = write_sofa(tmp_path / "bomb.sofa", {"Data.IR": None})
    with h5py.File(path, "a") as file:
        file.create_dataset("Data.IR", (12, 2, 2**28), "f8", chunks=(1, 1, 2**20), compression=9)
    assert path.stat().st_size < 2**16
    with pytest.raises(RequestError, match="has 12 responses of 268435456 samples for 2 ears"):
        SofaFile.load(path)


def dying(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Have a program of Python's instead of the one that reads."""
    run = subprocess.run

    def instead(command: list[str], **options: Any) -> Any:
        return run([sys.executable, "-c", program], **options)

    monkeypatch.setattr(sofa_reader.subprocess, "run", instead)


def test_a_crash_of_the_reader_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_sofa(tmp_path / "evil.sofa")
    dying(monkeypatch, f"import os; os.kill(os.getpid(), {int(signal.SIGSEGV)})")
    with pytest.raises(RequestError, match=r"evil\.sofa: is damaged: its reader did not survive"):
        SofaFile.load(path)


@pytest.mark.parametrize("said", ["", "{}", '{"measurements": 5}', "[1]", '{"error": 3'])
def test_nonsense_of_the_reader_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    path = write_sofa(tmp_path / "evil.sofa")
    dying(monkeypatch, f"print('''{said}''')")
    with pytest.raises(RequestError, match=r"evil\.sofa: is damaged: what was read of it makes"):
        SofaFile.load(path)


def test_a_reader_that_does_not_end_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_sofa(tmp_path / "evil.sofa")
    dying(monkeypatch, "import time; time.sleep(60)")
    monkeypatch.setattr(sofa_reader, "_PATIENCE_S", 0.5)
    with pytest.raises(RequestError, match=r"evil\.sofa: was not read within 0\.5 s"):
        SofaFile.load(path)


def test_memory_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_sofa(tmp_path / "evil.sofa")
    dying(monkeypatch, f"raise SystemExit({sofa_child.OUT_OF_MEMORY})")
    with pytest.raises(RequestError, match=r"evil\.sofa: takes more memory to read than such"):
        SofaFile.load(path)


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_sofa(tmp_path / "head.sofa")
    with monkeypatch.context() as patch:
        patch.setattr(sofa_reader, "find_spec", lambda name: None)
        with pytest.raises(DependencyError) as caught:
            SofaFile.load(path)
    assert str(caught.value) == (
        "h5py is not installed, and a SOFA file needs it: pip install h5py"
    )
    assert util.find_spec("h5py") is not None
    monkeypatch.setattr(sys, "executable", "")
    with pytest.raises(BackendError, match="by a Python of its own, and here is none to start"):
        SofaFile.load(path)


def test_damage_anywhere_is_survived(tmp_path: Path) -> None:
    content = write_sofa(tmp_path / "head.sofa").read_bytes()
    generator = np.random.default_rng(16)
    for _ in range(4):
        damaged = bytearray(content)
        for at in generator.integers(0, len(content), 30):
            damaged[at] = int(generator.integers(256))
        path = tmp_path / "damaged.sofa"
        path.write_bytes(damaged)
        try:
            SofaFile.load(path).responses(SourcePosition())
        except RequestError as error:
            assert "\n" not in str(error)
