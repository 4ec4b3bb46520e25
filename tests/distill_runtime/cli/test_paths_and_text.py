"""Names and folders as they come: not UTF-8, too long, shut; and texts that stdout cannot say."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from distill_runtime.audio_file.tag_reader import read_tags
from distill_runtime.cli import program as command_line
from distill_runtime.cli.app import app
from tests.distill_runtime.cli.conftest import Outcome
from tests.ordinary_user import as_ordinary_user

Cli = Callable[..., Outcome]
Process = Callable[..., subprocess.Popen[bytes]]

NOT_UTF8 = os.fsdecode(b"m\xe9")
SHORT = ("-d", "0.2", "--seed", "1")

pytestmark = pytest.mark.skipif(os.name == "nt", reason="names are text there")


@pytest.mark.parametrize("container", ["wav", "flac", "ogg", "mp3"])
@pytest.mark.parametrize("stem", [NOT_UTF8, "日本", "a\x1b[31m"])
def test_an_output_of_any_name_in_every_format(
    cli: Cli, folder: Path, stem: str, container: str
) -> None:
    place = folder / stem
    place.mkdir()
    path = place / f"{stem}.{container}"
    outcome = cli("rain.onnx", *SHORT, "-o", path, "--sidecar", "--json")
    assert outcome.code == 0
    assert json.loads(outcome.out)["path"] == str(path)
    assert json.loads(read_tags(path).comment)["seed"] == 1
    again = cli("reproduce", path, "rain.onnx", "-o", place / f"again.{container}", "--json")
    assert again.code == 0
    assert (place / f"again.{container}").read_bytes() == path.read_bytes()
    assert cli("reproduce", f"{path}.json", "rain.onnx", "-o", f"b.{container}").code == 0


def test_a_script_gets_the_bytes_of_the_path(folder: Path, process: Process) -> None:
    (folder / NOT_UTF8).mkdir()
    running = process("rain.onnx", *SHORT, "-o", f"{NOT_UTF8}/{NOT_UTF8}.wav")
    out, err = running.communicate(timeout=60)
    assert running.returncode == 0, err
    assert out == b"m\xe9/m\xe9.wav\n"
    assert (folder / os.fsdecode(out.rstrip(b"\n"))).is_file()


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_a_batch_goes_on_where_stdout_lacks_its_letters(
    folder: Path, process: Process, encoding: str
) -> None:
    (folder / "日本.onnx").hardlink_to(folder / "rain.onnx")
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    running = process("日本.onnx", *SHORT, "-n", "3", env=environment)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 0, err
    assert out.decode().splitlines() == [f"日本_seed{seed}.wav" for seed in (1, 2, 3)]
    running = process("info", "日本.onnx", env=environment)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 0, err
    assert out.startswith(b"\\u65e5\\u672c.onnx\n")


def test_the_table_of_a_folder_with_all_kinds_of_names(cli: Cli, folder: Path) -> None:
    for name in (f"{NOT_UTF8}.onnx", "日本.onnx", "a\x1b[31m.onnx", "a\nb.onnx"):
        (folder / name).hardlink_to(folder / "rain.onnx")
    (folder / "b\x07.onnx").write_text("no artifact")
    outcome = cli("list", ".")
    assert outcome.code == 0
    for name in ("m\\xe9.onnx ", "日本.onnx ", "a\\x1b[31m.onnx ", "a\\nb.onnx ", "rain.onnx "):
        assert f"\n{name}" in outcome.out
    assert outcome.err.startswith("skipped b\\x07.onnx")
    assert "\x1b" not in outcome.out + outcome.err
    paths = [json.loads(line)["path"] for line in cli("list", ".", "--json").out.splitlines()]
    assert sorted(map(os.fsencode, paths)) == sorted(
        [b"a\x1b[31m.onnx", b"a\nb.onnx", b"m\xe9.onnx", b"rain.onnx", "日本.onnx".encode()]
    )


def test_a_default_name_is_shortened_to_fit(cli: Cli, folder: Path) -> None:
    (folder / ("b" * 250 + ".onnx")).hardlink_to(folder / "rain.onnx")
    outcome = cli("b" * 250 + ".onnx", *SHORT, "--sidecar")
    assert outcome.code == 0
    name = outcome.out.rstrip("\n")
    assert name == "b" * (255 - len("_seed1.wav.json")) + "_seed1.wav"
    assert (folder / name).is_file()
    assert (folder / f"{name}.json").is_file()
    outcome = cli("reproduce", name)  # whose name is as long as a name can be
    assert outcome.code == 0
    assert outcome.out.endswith("b_reproduced.wav\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["rain.onnx", "-o", "a" * 300 + ".wav"],
        ["rain.onnx", "-o", "a" * 300 + "/b.wav"],
        ["rain.onnx", "-n", "2", "-o", "a" * 300],
        ["rain.onnx", "--save-preset", "a" * 300],
        ["rain.onnx", "--preset", "a" * 300],
        ["rain.onnx", "--blend", "a" * 300 + ":3"],
        ["list", "a" * 300],
        ["info", "a" * 300],
        ["verify", "a" * 300],
        ["bench", "a" * 300],
        ["reproduce", "a" * 300 + ".wav"],
        ["reproduce", "a" * 300 + ".json"],
        ["a" * 300],
    ],
)
def test_a_name_that_is_too_long_is_one_line(
    cli: Cli, made: Callable[[], list[str]], arguments: list[str]
) -> None:
    outcome = cli(*arguments)
    assert outcome.code in (1, 2)
    assert "File name too long" in outcome.complaint
    assert made() == []


def test_an_output_whose_sidecar_would_have_too_long_a_name(
    cli: Cli, made: Callable[[], list[str]]
) -> None:
    outcome = cli("rain.onnx", "-o", "a" * 250 + ".wav", "--sidecar")
    assert ".wav.json cannot be used: File name too long" in outcome.complaint
    assert made() == []


def recipe_of(cli: Cli, folder: Path, **changes: object) -> Path:
    """Write a sound with a sidecar and change its artifact's name or settings."""
    assert cli("rain.onnx", *SHORT, "-o", "a.wav", "--sidecar", "--force").code == 0
    document = json.loads((folder / "a.wav.json").read_text())
    name = changes.pop("name", None)
    document.update(changes)
    if name is not None:
        document["artifacts"][0]["name"] = name
    path = folder / "changed.json"
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize("name", ["n" * 300, "n" * 100_000, "n\0n.onnx", "\x1b[31m.onnx"])
def test_a_recipe_whose_artifact_has_no_name_here(cli: Cli, folder: Path, name: str) -> None:
    recipe = recipe_of(cli, folder, name=name)
    outcome = cli("reproduce", recipe)
    assert outcome.code == 2
    assert "nor here: give its path after the file's" in outcome.complaint
    assert len(outcome.complaint) < 400
    assert "\x1b" not in outcome.err
    assert cli("reproduce", recipe, "rain.onnx").code == 0


def test_the_recipe_among_the_shared_cases(cli: Cli, shared: Path) -> None:
    outcome = cli("reproduce", shared / "cases" / "hostile" / "longname.json")
    assert outcome.code == 2
    assert "nor here: give its path after the file's" in outcome.complaint


def test_a_sound_of_an_artifact_that_is_not_utf8_finds_it_again(cli: Cli, folder: Path) -> None:
    shutil.copy(folder / "rain.onnx", folder / "a\\b.onnx")
    for name in ("a\\b",):
        outcome = cli(f"{name}.onnx", *SHORT)
        assert outcome.code == 0
        (folder / "rain.onnx").unlink(missing_ok=True)
        recipe = json.loads(read_tags(folder / outcome.out.rstrip("\n")).comment)
        assert recipe["artifacts"][0]["name"] == "a\ufffdb.onnx"
        assert cli("reproduce", folder / outcome.out.rstrip("\n")).code == 0


def test_folders_that_may_not_be_searched(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    shut = folder / "shut"
    shut.mkdir(mode=0o000)
    (folder / "readonly").mkdir(mode=0o555)
    asked = [
        (["list", "shut"], "shut cannot be read: Permission denied"),
        (["rain.onnx", "-o", "shut/a.wav"], "shut/a.wav cannot be used: Permission denied"),
        (["rain.onnx", "-n", "2", "-o", "shut/a"], "shut/a cannot be used: Permission denied"),
        (["info", "shut/a.onnx"], "shut/a.onnx: cannot be opened (Permission denied)"),
        (["reproduce", "shut/a.wav"], "shut/a.wav: cannot be opened (Permission denied)"),
        (["rain.onnx", "--preset", "shut/a.json"], "shut/a.json: cannot be opened (Permission"),
        (
            ["rain.onnx", "--save-preset", "shut/a.json", *SHORT],
            "shut/a.json cannot be used: Permission denied",
        ),
    ]

    def ask() -> None:
        for arguments, expected in asked:
            sys.argv = ["distill-run", *arguments]
            code = command_line.run(app, "distill-run")
            said = capfd.readouterr().err
            assert code in (1, 2), arguments
            assert expected in said, said
            assert said.count("\n") == 1, said

    as_ordinary_user(ask)


def test_no_folder_for_temporary_files(
    cli: Cli, made: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    assert cli("rain.onnx", *SHORT, "-o", "short.wav").code == 0  # it needs none
    outcome = cli("rain.onnx", "-d", "100", "-o", "long.wav")
    assert outcome.code == 1
    assert "name one, as in TMPDIR=" in outcome.complaint
    assert made() == ["short.wav"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["-d", "1e8"], "TB for the sound in this folder"),
        (["-d", "1e8", "--format", "ogg"], "TB for temporary files in"),
        (["-n", "4000000000", "-d", "60"], "for the sounds in this folder"),
        (["-d", "1e20"], "-d is 1e+20, expected at most 1e+09, some 30 years"),
        (["-n", "5000000000"], "-n is 5000000000, expected 1 to 4294967295"),
    ],
)
def test_what_no_disk_holds_is_refused_before_the_first_sample(
    cli: Cli, made: Callable[[], list[str]], arguments: list[str], expected: str
) -> None:
    started = time.perf_counter()
    outcome = cli("rain.onnx", *arguments)
    assert outcome.code in (1, 2)
    assert expected in outcome.complaint
    assert "check_space" not in outcome.complaint
    assert time.perf_counter() - started < 10
    assert made() == []


def test_a_recipe_that_no_disk_holds_is_refused(cli: Cli, folder: Path) -> None:
    outcome = cli("reproduce", recipe_of(cli, folder, duration_s=1e8))
    assert outcome.code == 1
    assert "TB for the sound in this folder" in outcome.err
    assert "--no-space-check begins all the same" in outcome.err
    outcome = cli("reproduce", recipe_of(cli, folder, duration_s=1e20), "--force")
    assert outcome.code == 2
    assert "changed.json: duration_s is 1e+20" in outcome.err


def test_the_check_of_space_can_be_left_out(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setattr("distill_runtime.files.space.free_bytes", lambda _: 0)
    assert cli("rain.onnx", *SHORT).code == 1
    assert cli("rain.onnx", *SHORT, "--no-space-check").code == 0
    assert cli("rain.onnx", "-d", "100", "-o", "-").code != 0
    assert cli("reproduce", "rain_seed1.wav").code == 1
    assert cli("reproduce", "rain_seed1.wav", "--no-space-check").code == 0


@pytest.mark.skipif(os.name == "nt", reason="there are no such signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_to_end_leaves_nothing(
    process: Process, made: Callable[[], list[str]], tmp_path: Path, number: signal.Signals
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = {**os.environ, "TMPDIR": str(temporary)}
    running = process("rain.onnx", "-d", "3000", "-o", "a.flac", env=environment)
    time.sleep(2.5)
    running.send_signal(number)
    out, err = running.communicate(timeout=60)
    how = "" if number == signal.SIGINT else f" by {number.name}"
    assert err.decode().splitlines()[-1] == f"distill-run: interrupted{how}"
    assert running.returncode == 128 + number
    assert out == b""
    assert made() == []
    assert list(temporary.iterdir()) == []
