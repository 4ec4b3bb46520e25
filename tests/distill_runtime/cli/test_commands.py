"""`distill-run` as its user meets it: by the small artifact, which plays a constant."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import soundfile

from distill_runtime import __version__
from distill_runtime.cli import main
from distill_runtime.cli import program as command_line
from distill_runtime.cli.app import app
from tests.distill_runtime.small_artifacts import METADATA, save, seal, small_model

COMMANDS = ["play", "info", "verify"]


class Outcome:
    """What a run left behind."""

    def __init__(self, code: object, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with an artifact in it."""
    monkeypatch.chdir(tmp_path)
    save(seal(small_model()), tmp_path / "rain.onnx")
    return tmp_path


def trusting(arguments: tuple[object, ...]) -> list[str]:
    """Return the arguments, with trust in the small artifact where one is loaded."""
    texts = list(map(str, arguments))
    loads = any(text.endswith(".onnx") or text in ("./info", "play") for text in texts)
    if not loads or texts[0] in ("info", "list"):
        return texts
    place = int(texts[0] in ("play", "verify", "bench", "reproduce"))
    return [*texts[:place], "--trust", *texts[place:]]


@pytest.fixture
def cli(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> Any:
    """Run the program in this process."""
    del folder

    def run(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["distill-run", *trusting(arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return Outcome(ended.value.code, *capsys.readouterr())

    return run


def process(*arguments: object, **options: Any) -> subprocess.Popen[str]:
    """Start the program as a process of its own."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = [sys.executable, "-m", "distill_runtime", *trusting(arguments)]
    return subprocess.Popen(command, text=True, **{**streams, **options})


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "rain.onnx")


def frames(path: Path) -> int:
    return soundfile.info(path).frames


def test_an_artifact_alone_is_played_into_a_file_of_its_name(cli: Any, folder: Path) -> None:
    done = cli("rain.onnx", "-d", 1, "--seed", 7)
    assert done.code == 0
    assert done.out == "rain_seed7.wav\n"
    assert "seed 7" in done.err
    assert frames(folder / "rain_seed7.wav") == 48_000
    assert names(folder) == ["rain_seed7.wav"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["rain.onnx", "-d", "1.5", "-s", "7"],
        ["play", "rain.onnx", "--duration", "1.5", "--seed", "7"],
        ["-d", "1.5", "-s", "7", "rain.onnx"],
        ["-s7", "-d1.5", "--", "rain.onnx"],
        ["--seed=7", "rain.onnx", "--duration=1.5"],
    ],
)
def test_ways_to_ask_for_the_same(cli: Any, folder: Path, arguments: list[str]) -> None:
    assert cli(*arguments).code == 0
    assert frames(folder / "rain_seed7.wav") == 72_000


def test_an_artifact_may_have_the_name_of_a_command(cli: Any, folder: Path) -> None:
    save(seal(small_model()), folder / "info")
    assert cli("./info", "-d", 1, "-s", 7).out == "info_seed7.wav\n"
    assert cli("play", "info", "-d", 1, "-s", 8).out == "info_seed8.wav\n"


def test_without_a_duration_it_is_ten_seconds(cli: Any, folder: Path) -> None:
    cli("rain.onnx", "-s", 7)
    assert frames(folder / "rain_seed7.wav") == 480_000


def test_a_drawn_seed_names_the_file_and_is_told(cli: Any, folder: Path) -> None:
    done = cli("rain.onnx", "-d", 1)
    (name,) = names(folder)
    assert done.out == f"{name}\n"
    seed = name.removeprefix("rain_seed").removesuffix(".wav")
    assert f"seed {seed}" in done.err


def test_json_says_what_was_made(cli: Any, folder: Path) -> None:
    done = cli("rain.onnx", "-d", 1, "-s", 7, "-o", "here.wav", "--json")
    report = json.loads(done.out)
    assert report["path"] == "here.wav"
    assert done.out.count("\n") == 1
    assert "7" in done.out
    assert names(folder) == ["here.wav"]


def test_output_may_be_a_folder(cli: Any, folder: Path) -> None:
    (folder / "sounds").mkdir()
    done = cli("rain.onnx", "-d", 1, "-s", 7, "-o", "sounds")
    assert Path(done.out.strip()) == Path("sounds/rain_seed7.wav")
    assert names(folder / "sounds") == ["rain_seed7.wav"]


def test_nothing_is_overwritten_unasked(cli: Any, folder: Path) -> None:
    (folder / "rain_seed7.wav").write_bytes(b"precious")
    done = cli("rain.onnx", "-d", 1, "-s", 7)
    assert done.code == 2
    assert done.out == ""
    assert "rain_seed7.wav exists" in done.err
    assert "--force" in done.err
    assert (folder / "rain_seed7.wav").read_bytes() == b"precious"
    assert cli("rain.onnx", "-d", 1, "-s", 7, "--force").code == 0
    assert frames(folder / "rain_seed7.wav") == 48_000
    assert names(folder) == ["rain_seed7.wav"]


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_a_failed_run_changes_nothing(cli: Any, folder: Path, force: list[str]) -> None:
    (folder / "sound.wav").write_bytes(b"precious")
    (folder / "bad.onnx").write_bytes(b"no artifact")
    done = cli("bad.onnx", "-d", 1, "-o", "sound.wav", *force)
    assert done.code == 2
    assert (folder / "sound.wav").read_bytes() == b"precious"
    assert names(folder) == ["bad.onnx", "sound.wav"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["missing.onnx"], "missing.onnx: no such file"),
        (["."], "is a folder"),
        (["play", "missing.onnx"], "no such file"),
        (["info", "missing.onnx"], "no such file"),
        (["verify", "missing.onnx"], "no such file"),
        (["rain.onnx", "-d", "0"], "-d is 0"),
        (["rain.onnx", "-d", "-1"], "-d is -1"),
        (["rain.onnx", "-d", "nan"], "-d is nan"),
        (["rain.onnx", "-d", "inf"], "-d is inf"),
        (["rain.onnx", "-d", "1e-9"], "less than one sample"),
        (["rain.onnx", "-d", "long"], "-d is 'long', expected seconds, or a length such as"),
        (["rain.onnx", "-s", "-1"], "-s is -1"),
        (["rain.onnx", "-s", "4294967296"], "-s is 4294967296"),
        (["rain.onnx", "-s", "1.5"], "-s is '1.5', expected a whole number"),
        (["rain.onnx", "-s", "seven"], "-s is 'seven', expected a whole number"),
        (["rain.onnx", "--sed", "7"], "--sed"),
        (["rain.onnx", "-d"], "-d"),
        (["rain.onnx", "rain.onnx"], "rain.onnx"),
        (["info"], "ARTIFACT"),
        (["info", "rain.onnx", "more"], "more"),
        (["rain.onnx", "-d", "1", "-o", "no/where.wav"], "folder no does not exist"),
        (["rain.onnx", "-d", "1", "-o", "rain.onnx/a.wav"], "does not exist"),
    ],
)
def test_misuse_is_one_line_and_leaves_nothing(
    cli: Any, folder: Path, arguments: list[str], expected: str
) -> None:
    done = cli(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith("distill-run: ")
    assert done.err.count("\n") == 1
    assert expected in done.err
    assert names(folder) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_is_a_failure(cli: Any, folder: Path) -> None:
    done = cli("rain.onnx", "-d", 1, "-s", 7, "-o", "/dev/full")
    assert done.code == 1
    assert done.err.splitlines()[-1].endswith("/dev/full cannot be written: the disk is full")
    assert done.out == ""
    assert names(folder) == []


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc")
def test_a_folder_that_takes_no_files_is_a_failure(cli: Any, folder: Path) -> None:
    done = cli("rain.onnx", "-d", 1, "-s", 7, "-o", "/proc/sound.wav")
    assert done.code == 1
    assert "/proc/sound.wav cannot be written" in done.err
    assert names(folder) == []


def test_the_sound_may_go_nowhere(cli: Any, folder: Path) -> None:
    assert cli("rain.onnx", "-d", 1, "-s", 7, "-o", "/dev/null").code == 0
    assert names(folder) == []


def test_info_tells_a_musician_what_this_is(cli: Any) -> None:
    done = cli("info", "rain.onnx")
    assert (done.code, done.err) == (0, "")
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert lines[0] == "rain.onnx"
    for expected in (
        "Model Rain",
        "About Rain on a tin roof",
        "Made from roofs, 3 recordings, 1.0 minutes",
        "Trained 200 epochs, 2024-05-01",
        "Tags wet, quiet",
        "Latents 16 dimensions",
        "0 PC1 (Loudness) -8 to +7 safe, 25.0% of the variation",
    ):
        assert expected in lines
    assert "SHA-256 " + "00" * 32 in done.out


def test_info_of_the_demo_names_its_model_and_every_slider(cli: Any, demo_artifact: Path) -> None:
    from distill_runtime.artifact.file import ArtifactFile

    metadata = ArtifactFile.inspect(demo_artifact).metadata
    assert metadata.sliders is not None
    assert len(metadata.sliders.sliders) == 8
    printed = cli("info", demo_artifact).out
    assert f" {metadata.model.name}\n" in printed
    for index, slider in enumerate(metadata.sliders.sliders):
        assert f" {index}  {slider.label} " in printed


def test_info_as_json_is_the_metadata(cli: Any) -> None:
    document = json.loads(cli("info", "rain.onnx", "--json").out)
    assert document["model"]["name"] == METADATA.model.name
    assert document["version"] == 1
    assert "mean" not in document["sliders"]
    assert len(json.dumps(document)) < 6000


def test_vectors_are_for_those_who_ask(cli: Any) -> None:
    from distill_runtime import ArtifactFile

    whole = json.loads(ArtifactFile.inspect("rain.onnx", trust=True).metadata.to_json())
    assert json.loads(cli("info", "rain.onnx", "--json", "--vectors").out) == whole
    assert json.loads(cli("list", "--json", "--vectors").out)["metadata"] == whole
    assert "mean" not in json.loads(cli("list", "--json").out)["metadata"]["sliders"]
    for command in (["info", "rain.onnx"], ["list"]):
        assert "--vectors are for --json: give both" in cli(*command, "--vectors").err


@pytest.mark.parametrize("columns", [50, 80])
@pytest.mark.parametrize("command", [["info", "rain.onnx"], ["list"]])
def test_what_is_printed_fits_the_terminal(
    cli: Any, monkeypatch: pytest.MonkeyPatch, columns: int, command: list[str]
) -> None:
    plain = cli(*command).out
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    printed = cli(*command).out
    assert max(map(len, printed.splitlines())) <= columns
    if command[0] == "info":
        assert "".join(printed.split()) == "".join(plain.split())
    else:
        assert set(plain.splitlines()[1].split()) <= set(printed.replace(",", "").split())


def test_info_prints_no_control_characters_of_a_file(cli: Any, folder: Path) -> None:
    import dataclasses

    model = dataclasses.replace(METADATA.model, name="\x1b[2JRain\r\x07", tags=("a\nb",))
    metadata = dataclasses.replace(METADATA, model=model)
    save(seal(small_model(), metadata), folder / "odd.onnx")
    printed = cli("info", "odd.onnx").out
    assert printed.replace("\n", "").isprintable()
    assert "Rain" in printed


def test_verify_says_that_all_is_well(cli: Any) -> None:
    done = cli("verify", "rain.onnx")
    assert done.code == 0
    assert done.out.count("ok ") == 3


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_has_an_example(cli: Any, command: str) -> None:
    done = cli(command, "--help")
    assert done.code == 0
    assert "Example" in done.out
    assert "distill-run " in done.out


def test_every_command_has_a_help_with_an_example(cli: Any) -> None:
    from distill_runtime.cli.app import app

    commands = [
        command.name or getattr(command.callback, "__name__", "")
        for command in app.registered_commands
    ]
    assert set(COMMANDS) <= set(commands)
    for command in commands:
        assert "Example" in cli(command, "--help").out


def test_the_help_names_the_commands(cli: Any) -> None:
    done = cli("--help")
    assert done.code == 0
    assert "ARTIFACT" in done.out
    for command in COMMANDS:
        assert command in done.out


def test_the_version_is_told(cli: Any) -> None:
    done = cli("--version")
    assert (done.code, done.out) == (0, f"distill-run {__version__}\n")


@pytest.mark.parametrize("arguments", [["--help"], ["play", "--help"], ["--version"]])
def test_help_and_version_load_nothing_heavy(arguments: list[str]) -> None:
    program = (
        "import sys\nfrom distill_runtime.cli import main\n"
        f"sys.argv = ['distill-run', *{arguments!r}]\n"
        "try:\n    main()\nexcept SystemExit as ended:\n    assert not ended.code\n"
        "heavy = {'onnxruntime', 'numpy', 'soundfile', 'torch', 'onnx'} & sys.modules.keys()\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30, capture_output=True)


def test_the_program_as_a_process(folder: Path) -> None:
    with process("rain.onnx", "-d", 1, "-s", 7) as playing:
        out, err = playing.communicate(timeout=60)
    assert playing.returncode == 0
    assert out == "rain_seed7.wav\n"
    assert "Traceback" not in err
    assert names(folder) == ["rain_seed7.wav"]


def test_a_reader_who_went_away_hears_no_complaint(folder: Path) -> None:
    del folder
    reading, writing = os.pipe()
    os.close(reading)
    try:
        describing = process("info", "rain.onnx", stdout=writing)
    finally:
        os.close(writing)
    _, err = describing.communicate(timeout=30)
    assert err == ""
    assert describing.returncode == 1


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")
def test_ctrl_c_ends_a_long_rendering_and_leaves_nothing(
    folder: Path, demo_artifact: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(folder / "tmp"))
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "1")  # which leaves a file of onnxruntime's there
    playing = process(demo_artifact, "-d", 3000, "-s", 7, "-o", "long.wav")
    waiting = threading.Timer(60, playing.kill)
    waiting.start()
    try:
        # It is at work when onnxruntime is loaded and has computed for a while.
        while playing.poll() is None and _processor_seconds(playing.pid) < 1.5:
            time.sleep(0.05)
        playing.send_signal(signal.SIGINT)
        out, err = playing.communicate()
    finally:
        waiting.cancel()
    assert playing.returncode == 130
    assert out == ""
    assert err.splitlines()[-1] == "distill-run: interrupted"
    assert "Traceback" not in err
    assert names(folder) == ["tmp"]
    assert names(folder / "tmp") == []


def _processor_seconds(process_id: int) -> float:
    status = Path(f"/proc/{process_id}/stat")
    if not status.exists():
        pytest.skip("there is no /proc to see how far it is")
    user, system = status.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def test_no_argument_at_all_shows_the_help_and_no_complaint(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["distill-run"])
    assert command_line.run(app, "distill-run") == 2
    printed = capsys.readouterr()
    assert "Example" in printed.out + printed.err
    assert "distill-run:" not in printed.err


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("inof", "info"), ("veriffy", "verify"), ("LIST", "list"), ("reproduse", "reproduce")],
)
def test_a_mistyped_command_is_told_from_a_file(
    cli: Any, folder: Path, typed: str, meant: str
) -> None:
    done = cli(typed)
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        f"distill-run: there is no command and no file {typed!r}: did you mean {meant}?\n"
    )
    (folder / typed).write_bytes(b"x")
    assert "did you mean" not in cli(typed).err
    assert "no such file" in cli(f"{typed}.onnx").err
