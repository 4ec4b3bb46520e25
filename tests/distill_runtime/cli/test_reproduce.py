"""Files made again from the command line, and files of all four formats as others read them."""

from __future__ import annotations

import json
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from distill_runtime.audio_file.tag_reader import read_tags

FORMATS = ("wav", "flac", "ogg", "mp3")


@pytest.mark.parametrize("kind", FORMATS)
def test_a_copy_of_every_format_decodes_to_the_same(cli: Any, made: Any, kind: str) -> None:
    first = cli("rain.onnx", "-d", 0.7, "-s", 7, "--format", kind, "--stereo", "dual-seed")
    assert first.code == 0
    done = cli("reproduce", f"rain_seed7.{kind}")
    copy = f"rain_seed7_reproduced.{kind}"
    assert (done.code, done.out) == (0, f"{copy}\n")
    assert done.err == "0.7 s from seed 7, as in the recipe\n"
    assert made() == sorted([f"rain_seed7.{kind}", copy])
    original, found = soundfile.read(f"rain_seed7.{kind}")[0], soundfile.read(copy)[0]
    assert original.shape == (33_600, 2)
    assert np.array_equal(original, found)


@pytest.mark.parametrize("mode", ["latent", "audio"])
def test_a_blend_is_made_again(cli: Any, sea: str, mode: str) -> None:
    cli(
        "rain.onnx", "-d", 0.5, "-s", 7, "--blend", f"{sea}:30", "--blend-mode", mode, "-o", "b.wav"
    )
    for artifacts in ([], ["rain.onnx", sea], [sea, "rain.onnx"]):
        done = cli("reproduce", "b.wav", *artifacts, "--force")
        assert done.code == 0
        assert "SHA-256" not in done.err
        assert Path("b_reproduced.wav").read_bytes() == Path("b.wav").read_bytes()


@pytest.mark.parametrize(
    ("name", "copy"),
    [
        ("renamed.wav", "renamed_reproduced.wav"),
        ("a.b.c.wav", "a.b.c_reproduced.wav"),
        ("Süß ☂ one.WAV", "Süß ☂ one_reproduced.wav"),
        ("noending", "noending_reproduced.wav"),
        ("v1.2", "v1.2_reproduced.wav"),
    ],
)
def test_the_name_of_the_copy(cli: Any, folder: Path, name: str, copy: str) -> None:
    cli("rain.onnx", "-d", 0.1, "-s", 7, "-o", "first.wav")
    (folder / "first.wav").rename(folder / name)
    assert cli("reproduce", name).out == f"{copy}\n"
    assert (folder / copy).read_bytes() == (folder / name).read_bytes()


@pytest.mark.parametrize("sidecar", ["rain_seed7.flac.json", "kept.json"])
def test_a_sidecar_is_enough(cli: Any, folder: Path, sidecar: str) -> None:
    cli("rain.onnx", "-d", 0.1, "-s", 7, "--format", "flac", "--sidecar")
    expected = soundfile.read("rain_seed7.flac")[0]
    (folder / "rain_seed7.flac").unlink()
    (folder / "rain_seed7.flac.json").rename(folder / sidecar)
    done = cli("reproduce", sidecar)
    assert done.out == f"{sidecar.partition('.')[0]}_reproduced.flac\n"
    assert np.array_equal(soundfile.read(done.out.strip())[0], expected)


def test_the_name_that_is_asked_for_decides_the_format(cli: Any) -> None:
    cli("rain.onnx", "-d", 0.1, "-s", 7)
    assert cli("reproduce", "rain_seed7.wav", "-o", "copy.flac").code == 0
    assert soundfile.info("copy.flac").format == "FLAC"
    original, copy = soundfile.read("rain_seed7.wav")[0], soundfile.read("copy.flac")[0]
    assert np.array_equal(original, copy)
    again = cli("reproduce", "copy.flac", "-o", "back.wav")
    assert again.code == 0
    assert np.array_equal(soundfile.read("back.wav")[0], original)


def test_json(cli: Any) -> None:
    cli("rain.onnx", "-d", 0.1, "-s", 7)
    report = json.loads(cli("reproduce", "rain_seed7.wav", "--json").out)
    assert report == {"path": "rain_seed7_reproduced.wav", "seed": 7, "warnings": []}


def test_other_bytes_are_refused_and_forced(cli: Any, sea: str, made: Any) -> None:
    cli("rain.onnx", "-d", 0.1, "-s", 7, "-o", "a.wav")
    refused = cli("reproduce", "a.wav", sea)
    assert refused.code == 2
    assert f"{sea} is not the 'rain.onnx' of the recipe but another model" in refused.complaint
    assert made() == ["a.wav"]
    forced = cli("reproduce", "a.wav", sea, "--force")
    assert forced.code == 0
    assert f"{sea} is not the 'rain.onnx'" in forced.err
    assert not np.array_equal(soundfile.read("a.wav")[0], soundfile.read("a_reproduced.wav")[0])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "FILE is missing"),
        (["none.wav"], "none.wav: no such file"),
        (["none.json"], "none.json: no such file"),
        (["."], "is a folder, not an audio file"),
        (["rain.onnx"], "rain.onnx is not an audio file"),
        (["a.wav", "none.onnx"], "none.onnx: no such file"),
        (["a.wav", "a.wav"], "a.wav: "),
        (["a.wav", "rain.onnx", "rain.onnx"], "there are 2 artifacts, the recipe has 1"),
        (["a.wav", "-o", "a.wav"], "a.wav exists"),
        (["a.wav", "-o", "no/b.wav"], "folder no does not exist"),
        (["a.wav", "-o", "b.aiff"], "b.aiff ends in '.aiff', expected one of"),
        (["a.wav", "-o", "-"], "expected one of"),
        (["a.wav", "-s", "7"], "-s"),
        (["plain.wav"], "plain.wav carries no recipe: distill-run did not write it"),
    ],
)
def test_misuse_is_one_line_and_leaves_nothing(
    cli: Any, made: Any, arguments: list[str], expected: str
) -> None:
    cli("rain.onnx", "-d", 0.1, "-s", 7, "-o", "a.wav")
    soundfile.write("plain.wav", np.zeros(10), 48_000)
    done = cli("reproduce", *arguments)
    assert done.code == 2
    assert expected in done.complaint
    assert made() == ["a.wav", "plain.wav"]


def test_an_artifact_that_is_gone_is_named(cli: Any, folder: Path) -> None:
    cli("rain.onnx", "-d", 0.1, "-s", 7, "-o", "a.wav")
    (folder / "rain.onnx").rename(folder / "cloud.onnx")
    missing = cli("reproduce", "a.wav")
    assert missing.code == 2
    assert missing.complaint == (
        "'rain.onnx' is neither in . nor here: give its path after the file's"
    )
    assert cli("reproduce", "a.wav", "cloud.onnx").code == 0
    assert np.array_equal(soundfile.read("a.wav")[0], soundfile.read("a_reproduced.wav")[0])


TAGS = ("--title", "Süß ☂", "--artist", "Ångström & Søn", "--album", '"日本" \\ 1')


def _by_wave(path: str) -> tuple[int, int, int]:
    with wave.open(path, "rb") as file:
        return file.getnframes(), file.getframerate(), file.getnchannels()


def test_all_four_formats_as_independent_readers_see_them(cli: Any) -> None:
    mutagen = pytest.importorskip("mutagen")
    wavfile = pytest.importorskip("scipy.io.wavfile")
    recipes = []
    for kind in FORMATS:
        depth = ["--bit-depth", "16"] if kind in ("wav", "flac") else []
        options = ["--stereo", "mid-side", "--sample-rate", 44_100, "--format", kind, *depth]
        done = cli("rain.onnx", "-d", 1.5, "-s", 7, *TAGS, *options, "--json")
        assert done.code == 0
        recipe = json.loads(done.out)["recipe"]
        assert recipe.pop("audio_format")["container"] == kind
        recipes.append(recipe)
    assert all(recipe == recipes[0] for recipe in recipes)

    frames = 66_150
    assert _by_wave("rain_seed7.wav") == (frames, 44_100, 2)
    rate, sound = wavfile.read("rain_seed7.wav")
    assert (rate, sound.shape, sound.dtype) == (44_100, (frames, 2), np.int16)
    assert np.abs(sound).max() == pytest.approx(0.891 * 32768, abs=4)
    for kind in FORMATS[1:]:
        decoded = soundfile.read(f"rain_seed7.{kind}")[0]
        assert decoded.shape == sound.shape
        tolerance = 1e-9 if kind == "flac" else 0.1
        assert np.sqrt(np.mean((decoded - sound / 32768) ** 2)) < tolerance

    for kind in FORMATS[1:]:
        file = mutagen.File(f"rain_seed7.{kind}", easy=True)
        assert file.info.length == pytest.approx(1.5, abs=0.06)
        assert file.info.sample_rate == 44_100
        assert (file["title"], file["artist"], file["album"]) == (
            ["Süß ☂"],
            ["Ångström & Søn"],
            ['"日本" \\ 1'],
        )
    with soundfile.SoundFile("rain_seed7.wav") as file:
        assert (file.title, file.artist, file.album) == ("Süß ☂", "Ångström & Søn", '"日本" \\ 1')
    for kind in ("flac", "ogg"):
        (comment,) = mutagen.File(f"rain_seed7.{kind}")["comment"]
        assert json.loads(comment)["seed"] == 7
    (comment,) = mutagen.File("rain_seed7.mp3").tags.getall("COMM")
    assert json.loads(str(comment))["seed"] == 7


@pytest.mark.parametrize("kind", FORMATS)
def test_a_copy_keeps_title_artist_and_album(cli: Any, kind: str) -> None:
    tags = ["--title", "Dawn", "--artist", "Me", "--album", "Süß"]
    cli("rain.onnx", "-d", 0.3, "-s", 7, "--format", kind, *tags)
    assert cli("reproduce", f"rain_seed7.{kind}").code == 0
    found = read_tags(Path(f"rain_seed7_reproduced.{kind}"))
    assert found == read_tags(Path(f"rain_seed7.{kind}"))
    assert (found.title, found.artist, found.album) == ("Dawn", "Me", "Süß")
