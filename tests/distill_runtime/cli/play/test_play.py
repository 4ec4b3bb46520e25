"""One sound from the command line: what every option does, and which exclude each other."""

from __future__ import annotations

import builtins
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from distill_runtime import Artifact, GenerationConfig, GenerationPipeline
from distill_runtime.audio.spatial import StereoSettings
from distill_runtime.generation.blend import Blend
from distill_runtime.latents.sliders import random_positions

BASE = ("rain.onnx", "-d", 0.4, "-s", 7, "--bit-depth", "32-float", "-o", "a.wav")


@pytest.fixture
def render(folder: Path) -> Any:
    """Render with the API what a command line should have rendered."""

    def run(*, blend: Any = None, **settings: Any) -> np.ndarray:
        artifact = Artifact.load(folder / "rain.onnx")
        engine = blend and Blend(
            [artifact, *(Artifact.load(folder / name) for name in blend[0])], *blend[1:]
        )
        config = GenerationConfig(**{"duration_s": 0.4, "seed": 7, **settings})
        return GenerationPipeline(engine or artifact).generate(config).audio

    return run


def heard(path: str = "a.wav") -> np.ndarray:
    return soundfile.read(path, dtype="float32", always_2d=True)[0].T


SLIDERS = (5, 0, 0, 0, 0, 0, 0, -2)


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        ([], {}),
        (["--mode", "latent-interpolation"], {"mode": "latent-interpolation"}),
        (["--slider", "pc1 (loudness):5", "--slider", "7:-2"], {"sliders": SLIDERS}),
        (["--slider", "PC1:5", "--slider", "PC8 (Rolloff):-2"], {"sliders": SLIDERS}),
        (["--control", "brightness:+3"], {"controls": {"Brightness": 3}}),
        (
            ["--control", "Loudness:-2.5", "--control", "air:1", "--slider", "0:5"],
            {"controls": {"Air": 1, "Loudness": -2.5}, "sliders": (5, *[0] * 7)},
        ),
        (["--slider", "0:5", "--evolution", "0"], {"sliders": (5, *[0] * 7), "evolution": 0.0}),
        (["--stereo", "mid-side"], {"stereo": StereoSettings("mid-side", 0.7, 0.3)}),
        (
            ["--stereo", "mid_side", "--width", "1.5", "--depth", "1"],
            {"stereo": StereoSettings("mid-side", 1.5, 1.0)},
        ),
        (
            ["--stereo", "dual-seed", "--depth", "0"],
            {"stereo": StereoSettings("dual-seed", depth=0.0)},
        ),
        (["--sample-rate", "44100"], {"sample_rate_hz": 44_100}),
        (["--sample-rate", "96000"], {"sample_rate_hz": 96_000}),
        (["--duration", "0.7"], {"duration_s": 0.7}),
        (["--seed", "4294967295"], {"seed": 2**32 - 1}),
        (["--provider", "cpu", "--threads", "1"], {}),
    ],
)
def test_an_option_does_what_the_setting_does(
    cli: Any, render: Any, options: list[str], settings: dict[str, Any]
) -> None:
    done = cli(*BASE, *options)
    assert (done.code, done.out) == (0, "a.wav\n")
    found, expected = heard(), render(**settings)
    assert np.array_equal(found, expected)
    if settings and "mode" not in settings:
        assert not np.array_equal(found, render())


@pytest.mark.parametrize(
    ("options", "weights", "mode"),
    [
        (["--blend", "sea.onnx:50"], [50.0, 50.0], "latent"),
        (["--blend", "sea.onnx:40"], [60.0, 40.0], "latent"),
        (["--blend", "sea:40%"], [60.0, 40.0], "latent"),
        (["--blend", "sea.onnx:10", "--weight", "30"], [30.0, 10.0], "latent"),
        (["--blend", "sea.onnx:10", "--blend-mode", "audio"], [90.0, 10.0], "audio"),
        (["--blend", "sea.onnx:0", "--weight", "0"], [1.0, 1.0], "latent"),
    ],
)
def test_a_blend_is_that_of_the_engine(
    cli: Any, render: Any, sea: str, options: list[str], weights: list[float], mode: str
) -> None:
    assert cli(*BASE, *options).code == 0
    found = heard()
    assert np.array_equal(found, render(blend=([sea], weights, mode)))
    assert not np.array_equal(found, render())


def test_a_latent_blend_drifts(cli: Any, render: Any, sea: str) -> None:
    assert cli(*BASE, "--blend", "sea.onnx:50", "--evolution", 1, "-d", 2).code == 0
    blend = ([sea], [50.0, 50.0], "latent")
    assert np.array_equal(heard(), render(blend=blend, evolution=1.0, duration_s=2.0))


def test_randomize_is_the_originals_draw(cli: Any, render: Any, folder: Path) -> None:
    done = cli(*BASE, "--randomize", "--json")
    sliders = Artifact.load(folder / "rain.onnx").sliders
    expected = random_positions(sliders, 7)
    assert any(expected)
    assert json.loads(done.out)["recipe"]["sliders"] == list(expected)
    assert np.array_equal(heard(), render(sliders=expected))
    assert f"{sliders[0].label} at {expected[0]:+d}" in done.err


def test_randomize_draws_what_distill_drew(cli: Any, sea: str, shared: Path) -> None:
    cases = json.loads((shared / "reference/ambience/cases.json").read_text(encoding="utf-8"))
    done = cli(sea, "-d", 0.1, "-s", 3, "--randomize", "--json")
    assert json.loads(done.out)["recipe"]["sliders"] == cases["randomize_seed3"]


def test_json_is_one_object_that_holds_the_recipe(cli: Any) -> None:
    done = cli(*BASE, "--json", "--slider", "0:3", "--stereo", "mid-side")
    assert done.out.count("\n") == 1
    report = json.loads(done.out)
    assert report["path"] == "a.wav"
    assert report["seed"] == 7
    assert (report["samples"], report["channels"], report["sample_rate_hz"]) == (19_200, 2, 48_000)
    assert report["levels"]["peak_dbfs"] == pytest.approx(-1.0, abs=0.01)
    assert report["silent"] is False
    recipe = report["recipe"]
    assert recipe["format"] == "distill.recipe"
    assert recipe["artifacts"][0]["name"] == "rain.onnx"
    assert recipe["sliders"] == [3, *[0] * 7]


def test_a_slider_outside_its_safe_range_warns_and_plays(cli: Any) -> None:
    done = cli(*BASE, "--slider", "0:10")
    assert done.code == 0
    assert "slider 0 'Presence +' at 10 is outside its safe range" in done.err
    assert done.out == "a.wav\n"


def test_a_quality_line_is_told(cli: Any) -> None:
    done = cli(*BASE)
    assert "0.4 s from seed 7" in done.err
    assert "peak -1.0 dBFS, RMS -" in done.err
    assert "no clipping" in done.err


def test_a_preset_makes_the_same_sound(cli: Any, made: Any) -> None:
    sound = ["--slider", "0:5", "--evolution", "0.8", "--stereo", "mid-side", "--width", "1.2"]
    saved = cli(*BASE, *sound, "--save-preset", "Süße.json")
    assert saved.code == 0
    assert "preset kept in Süße.json" in saved.err
    done = cli("rain.onnx", "--preset", "Süße.json", "--bit-depth", "32-float", "-o", "b.wav")
    assert done.code == 0
    assert np.array_equal(heard("b.wav"), heard("a.wav"))
    assert made() == ["Süße.json", "a.wav", "b.wav"]


def test_other_options_go_before_the_preset(cli: Any, render: Any) -> None:
    cli(*BASE, "--slider", "0:5", "--slider", "1:2", "--save-preset", "p.json")
    # Sound by sound: the preset's slider 0 is moved, its slider 1 stays.
    assert cli(*BASE, "--preset", "p.json", "--slider", "0:-4", "-s", 8, "--force").code == 0
    assert np.array_equal(heard(), render(sliders=(-4, 2, *[0] * 6), seed=8))


def test_a_preset_of_a_walk_keeps_its_settings(cli: Any, render: Any) -> None:
    cli(*BASE, "--save-preset", "p.json", "--stereo", "dual-seed")
    done = cli("rain.onnx", "--preset", "p.json", "--bit-depth", "32-float", "-o", "b.wav")
    assert done.code == 0
    assert np.array_equal(heard("b.wav"), render(stereo=StereoSettings("dual-seed")))


def test_a_preset_of_another_model_is_refused(cli: Any, sea: str, made: Any) -> None:
    cli(*BASE, "--slider", "0:5", "--save-preset", "p.json")
    refused = cli(sea, "--preset", "p.json", "-o", "b.wav")
    assert refused.code == 2
    assert "the preset belongs to the model 'ambience'" in refused.complaint
    assert made() == ["a.wav", "p.json"]


def test_a_preset_is_not_saved_where_the_sound_is_refused(
    cli: Any, folder: Path, made: Any
) -> None:
    (folder / "rain_seed7.wav").write_bytes(b"precious")
    refused = cli("rain.onnx", "-s", 7, "--slider", "0:1", "--save-preset", "p.json")
    assert refused.code == 2
    assert "rain_seed7.wav exists" in refused.complaint
    assert made() == ["rain_seed7.wav"]


def test_a_preset_that_is_there_stays(cli: Any, folder: Path, made: Any) -> None:
    (folder / "p.json").write_bytes(b"precious")
    assert "p.json exists" in cli(*BASE, "--save-preset", "p.json").complaint
    assert made() == ["p.json"]
    assert cli(*BASE, "--save-preset", "p.json", "--force").code == 0
    assert json.loads((folder / "p.json").read_text(encoding="utf-8"))["seed"] == 7


NEXT = ["--slider", "0:1"]
BLEND = ["--blend", "sea.onnx:40"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["-n", "0"], "-n is 0, expected 1 to 4294967295"),
        (["-n", "-3"], "-n is -3"),
        (["-n", "many"], "-n is 'many', expected a whole number"),
        (["--mode", "random"], "--mode is 'random', expected crossfade or latent-interpolation"),
        (["--mode", "crossfade", *NEXT], "--mode is for walks without sliders"),
        (["--mode", "crossfade", "--randomize"], "--mode is for walks without sliders"),
        (["--mode", "crossfade", *BLEND], "without a blend"),
        (["--slider", "Bass:3"], "there is no slider 'Bass', expected one of 0 'Presence +', 1"),
        (["--slider", "Texture:3"], "'Texture' fits 6 sliders, 1 'Warmth -', 2"),
        (["--slider", "8:3"], "there is no slider 8"),
        (["--slider", "0:11"], "is set to 11, expected a number from -10 to 10"),
        (["--slider", "0:1,5"], "expected LABEL:POSITION"),
        (["--slider", "0"], "expected LABEL:POSITION"),
        (["--slider", ":3"], "expected LABEL:POSITION"),
        (["--slider", "0:1", "--slider", "PC1:2"], "set twice"),
        (["--randomize", *NEXT], "--randomize and --slider set the same sliders"),
        (["--randomize", "--preset", "p.json"], "--randomize and --preset set the same"),
        (["--evolution", "0.5"], "--evolution is a drift from sliders"),
        (["--evolution", "1.5", *NEXT], "--evolution is 1.5"),
        (["--evolution", "nan", *NEXT], "--evolution is nan"),
        (["--preset", "none.json"], "none.json: no such file"),
        (["--preset", "rain.onnx"], "rain.onnx: is larger than a preset"),
        (["--save-preset", "no/p.json"], "folder no does not exist"),
        (["--save-preset", "p.json", *BLEND], "--save-preset keeps one model's sliders"),
        (["--stereo", "quadro"], "--stereo is 'quadro', expected one of mono"),
        (["--width", "1"], "--width needs --stereo mid-side"),
        (["--width", "1", "--stereo", "dual-seed"], "--width needs --stereo mid-side"),
        (["--width", "2", "--stereo", "mid-side"], "--width is 2.0"),
        (["--width", "-1", "--stereo", "mid-side"], "--width is -1.0"),
        (["--depth", "0.5"], "--depth needs --stereo mid-side or dual-seed"),
        (["--depth", "nan", "--stereo", "mid-side"], "--depth is nan"),
        (["-s", "4294967295", "--stereo", "dual-seed"], "dual-seed stereo takes the next"),
        (["-s", "4294967295", "-n", "2", "-o", "."], "go beyond 4294967295: start lower"),
        (["--blend", "sea.onnx"], "expected FILE:PERCENT, as in other.onnx:40"),
        (["--blend", "sea.onnx:-1"], "the blend weight is -1, expected a finite number"),
        (["--blend", "sea.onnx:nan"], "the blend weight is nan"),
        (["--blend", "sea.onnx:inf"], "the blend weight is inf"),
        (["--blend", "none.onnx:1"], "none.onnx: no such file"),
        ([*BLEND, "--weight", "-1"], "the blend weight is -1"),
        ([*BLEND, "--weight", "nan"], "the blend weight is nan"),
        ([*BLEND, "--blend", "sea.onnx:70"], "the --blend shares are 110 % together, expected"),
        ([*BLEND * 4], "there are 5 models to blend, expected 1 to 4"),
        ([*BLEND, "--blend-mode", "mix"], "--blend-mode is 'mix', expected latent or audio"),
        (["--blend-mode", "audio"], "--blend-mode needs --blend FILE:PERCENT"),
        (["--weight", "3"], "--weight needs --blend FILE:PERCENT"),
        (["--format", "aiff"], "--format is 'aiff', expected one of wav, flac, ogg, mp3"),
        (["--format", "flac"], "--bit-depth is 32, expected one of 16, 24 for flac"),
        (["--bit-depth", "32"], "--bit-depth is '32', expected one of 16, 24, 32-float"),
        (["--sample-rate", "22050"], "--sample-rate is 22050, expected one of 44100"),
        (["-o", "a.aiff"], "a.aiff ends in '.aiff', expected one of .wav"),
        (["-o", "a"], "a has no ending, expected one of .wav"),
        (["-o", "no/a.wav"], "folder no does not exist: make it first"),
        (["-o", "rain.onnx", "--format", "wav"], "rain.onnx exists"),
        (["--raw", "f32"], "--raw is for a pipe: give -o -"),
        (["--raw", "f64", "-o", "-"], "--raw is 'f64', expected one of f32, s16"),
        (["--raw", "f32", "-o", "-", "--format", "wav"], "--raw and --format exclude"),
        (["--raw", "f32", "-o", "-"], "--raw and --bit-depth exclude"),
        (["-o", "-", "-n", "2"], "-o - takes one sound: leave out -n"),
        (["-o", "-", "--sidecar"], "-o - leaves no file that a --sidecar could be beside"),
        (["-o", "-", "--plot"], "-o - leaves no file that a --plot could be beside"),
        (["--play", "-n", "2"], "--play plays one sound: leave out -n"),
        (["--provider", "tpu"], "--provider is 'tpu', expected one of auto, cpu, cuda"),
        (["--threads", "-1"], "--threads is -1, expected a whole number, 0 (automatic) to 256"),
        (["--threads", "257"], "--threads is 257, expected a whole number, 0 (automatic) to 256"),
        (["--title", "a\0b"], "expected no zero character"),
        (["--reverb", "1"], "--reverb"),
    ],
)
@pytest.mark.usefixtures("sea")
def test_misuse_is_one_line_and_leaves_nothing(
    cli: Any, made: Any, options: list[str], expected: str
) -> None:
    done = cli(*BASE, *options)
    assert done.code == 2
    assert expected in done.complaint
    assert made() == []


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--format", "mp3", "--sample-rate", "96000"], "--sample-rate is 96000, expected one"),
        (["--format", "mp3", "--bit-depth", "16"], "--bit-depth is 16, but mp3 has none"),
        (["--format", "ogg", "--bit-depth", "24"], "--bit-depth is 24, but ogg has none"),
        (["-o", "a.flac", "--bit-depth", "32-float"], "expected one of 16, 24 for flac"),
        (["-o", "-", "--format", "flac"], "a pipe takes WAV or --raw, not flac"),
        (["-o", "-", "--raw", "s16", "--title", "T"], "--raw has no place for a title"),
    ],
)
def test_a_format_that_cannot_hold_it_is_refused_by_name(
    cli: Any, made: Any, options: list[str], expected: str
) -> None:
    done = cli("rain.onnx", "-d", 0.1, *options)
    assert done.code == 2
    assert expected in done.complaint
    assert made() == []


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--mode", "crossfade"], "--mode is for walks without sliders"),
        (["--width", "1"], "--width needs --stereo mid-side"),
        (["--depth", "1"], "--depth needs --stereo mid-side or dual-seed"),
    ],
)
def test_an_option_that_the_preset_makes_idle_is_refused(
    cli: Any, made: Any, options: list[str], expected: str
) -> None:
    cli("rain.onnx", "-d", 0.1, "-s", 1, "--slider", "0:1", "--save-preset", "p.json")
    done = cli("rain.onnx", "--preset", "p.json", "-o", "b.wav", *options)
    assert done.code == 2
    assert expected in done.complaint
    assert made() == ["p.json", "rain_seed1.wav"]


def test_cuda_that_is_not_here_is_a_failure(cli: Any, made: Any) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("there is CUDA here")
    done = cli(*BASE, "--provider", "cuda")
    assert done.code == 1
    assert "this onnxruntime has no CUDA" in done.complaint
    assert made() == []


@pytest.mark.parametrize("existing", ["a.wav", "a.wav.json", "a.png"])
def test_nothing_beside_the_sound_is_overwritten_either(
    cli: Any, folder: Path, made: Any, existing: str
) -> None:
    pytest.importorskip("matplotlib")
    (folder / existing).write_bytes(b"precious")
    refused = cli(*BASE, "--sidecar", "--plot")
    assert refused.code == 2
    assert f"{existing} exists" in refused.complaint
    assert made() == [existing]
    assert (folder / existing).read_bytes() == b"precious"
    assert cli(*BASE, "--sidecar", "--plot", "--force").code == 0
    assert made() == ["a.png", "a.wav", "a.wav.json"]
    assert (folder / existing).read_bytes() != b"precious"


def test_the_sidecar_is_the_recipe(cli: Any, folder: Path) -> None:
    done = cli(*BASE, "--sidecar", "--json")
    sidecar = json.loads((folder / "a.wav.json").read_text(encoding="utf-8"))
    assert sidecar == json.loads(done.out)["recipe"]


def test_a_sound_that_fails_leaves_no_sidecar(
    cli: Any, made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("distill_runtime.audio_file.writer.to_bytes", full)
    done = cli(*BASE, "--sidecar")
    assert done.code == 1
    assert done.complaint == "a.wav cannot be written: the disk is full"
    assert made() == []


def test_a_missing_extra_is_told_before_anything_is_rendered(
    cli: Any, made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("distill_runtime.generation.plot.find_spec", lambda name: None)
    monkeypatch.setattr("distill_runtime.generation.playback.find_spec", lambda name: None)
    monkeypatch.setattr(Artifact, "load", lambda *_, **__: pytest.fail("it was loaded"))
    for option, package in (("--plot", "matplotlib"), ("--play", "sounddevice")):
        done = cli(*BASE, option)
        assert done.code == 1
        assert f"{package} is not installed, and {option} needs it" in done.complaint
    assert made() == []


def test_play_plays_what_was_written(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[np.ndarray] = []
    monkeypatch.setattr("distill_runtime.generation.playback.require_sounddevice", lambda: None)
    monkeypatch.setattr(
        "distill_runtime.generation.playback.play_sound", lambda result: played.append(result.audio)
    )
    assert cli(*BASE, "--play").code == 0
    (sound,) = played
    assert np.array_equal(sound, heard())


@pytest.mark.parametrize(
    ("artifact", "expected"),
    [
        ("my.own model.onnx", "my.own model_seed7.wav"),
        ("ambïence 日本.onnx", "ambïence 日本_seed7.wav"),
        ("noending", "noending_seed7.wav"),
    ],
)
def test_names_are_predictable(cli: Any, folder: Path, artifact: str, expected: str) -> None:
    (folder / "rain.onnx").rename(folder / artifact)
    assert cli(f"./{artifact}", "-d", 0.1, "-s", 7).out == f"{expected}\n"
    (folder / "out").mkdir()
    done = cli(f"./{artifact}", "-d", 0.1, "-s", 7, "-o", "out", "--format", "flac")
    assert Path(done.out.strip()) == Path("out", expected).with_suffix(".flac")
    assert soundfile.info(done.out.strip()).format == "FLAC"


def test_interrupting_a_sound_is_one_line(
    cli: Any, made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Artifact, "step", interrupted)
    done = cli(*BASE, "--sidecar")
    assert (done.code, done.out, done.err) == (130, "", "distill-run: interrupted\n")
    assert made() == []


def test_interrupting_the_import_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from distill_runtime import cli as package

    load: Any = builtins.__import__

    def interrupted(name: str, *rest: Any) -> Any:
        if name == "distill_runtime.cli.app":
            raise KeyboardInterrupt
        return load(name, *rest)

    monkeypatch.setattr(sys, "argv", ["distill-run", "rain.onnx"])
    monkeypatch.setattr(builtins, "__import__", interrupted)
    with pytest.raises(SystemExit) as ended:
        package.main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "distill-run: interrupted\n"
