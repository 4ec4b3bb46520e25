from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest
import soundfile

from distill_export.model.checkpoint import load_checkpoint
from distill_export.model.file import load_model
from distill_export.training import cli as train_cli
from distill_export.training.checkpoints import CheckpointFolder, read_checkpoint
from distill_export.training.optimization.trainer import Trainer
from distill_export.training.pipeline import train
from distill_export.training.request import DEFAULT_NEARNESS, TrainingRequest
from distill_runtime.cli.program import run
from distill_runtime.errors import DistillError
from tests.distill_export.training.synthetic_recordings import RATE_HZ, TINY, tone, write_recordings
from tests.ordinary_user import as_ordinary_user

REPOSITORY = Path(__file__).parents[3]
Run = Callable[..., tuple[int, str, str]]
TINY_OPTIONS = [
    *("--width", "2", "--latent-dim", "16", "--batch-size", "4", "--epochs", "3"),
    *("--validation", "0.3", "--checkpoint-every", "1", "--device", "cpu"),
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, empty but for what a test puts there."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Have Ctrl-C do what it does at a terminal: in the background it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command and return its exit code, stdout and stderr."""

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["distill-train", *map(str, arguments)])
        code = run(train_cli.app, "distill-train")
        out, err = capsys.readouterr()
        return code, out, err

    return call


def complaint(err: str) -> str:
    """The last line, which is the only one that complains."""
    lines = err.splitlines()
    assert lines[-1].startswith("distill-train: ")
    assert not any(line.startswith("distill-train: ") for line in lines[:-1])
    return lines[-1].removeprefix("distill-train: ")


def test_a_folder_becomes_a_model(command: Run, recordings: Path, folder: Path) -> None:
    code, out, err = command(recordings, *TINY_OPTIONS, "--report", "--tag", "a", "--name", "Tones")
    assert code == 0, err
    assert out.splitlines() == ["tones.distill", "tones.html"]
    model = load_model(folder / "tones.distill")
    assert model.metadata.name == "Tones"
    assert model.landmarks is not None
    assert model.landmarks.default == DEFAULT_NEARNESS
    assert "epoch 3/3" in err
    code, out, err = command(
        recordings, *TINY_OPTIONS, "-o", "b.distill", "--json", "--nearness=.3"
    )
    assert code == 0, err
    assert load_model(folder / "b.distill").landmarks.default == 0.3  # type: ignore[union-attr]
    report = json.loads(out)
    assert report["path"] == "b.distill"
    assert report["epochs"] == 3
    assert report["baseline_log_mel_db"] > 0


def test_export_follows(
    command: Run, recordings: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distill_export import export

    made = []

    def record(source: Path, output: Path, **_: object) -> None:
        load_model(source)
        made.append(output)

    monkeypatch.setattr(export, "export_model", record)  # it has tests of its own, and takes long
    code, out, _ = command(recordings, *TINY_OPTIONS, "--export")
    assert code == 0
    assert out.splitlines() == ["tones.distill", "tones.onnx"]
    assert made == [Path("tones.onnx")]
    Path("c.onnx").write_bytes(b"mine")
    code, _, err = command(recordings, *TINY_OPTIONS, "--export", "-o", "c.distill")
    assert code == 2 and "c.onnx exists" in complaint(err)
    assert not Path("c.training").exists()


def test_analysis_alone(command: Run, recordings: Path, trained) -> None:
    code, out, err = command(
        recordings, "--analyse", trained.result.output, "-o", "again.distill", "--json"
    )
    assert code == 0, err
    assert json.loads(out)["sliders"]
    assert load_model(Path("again.distill")).metadata.has_analysis
    again, before = (
        load_model(m).landmarks for m in (Path("again.distill"), trained.result.output)
    )
    assert again is not None
    assert before is not None
    assert again.default == before.default
    code, _, err = command(recordings, "--analyse", trained.result.output)
    assert code == 2 and "exists" in complaint(err)
    code, _, err = command(recordings, "--analyse", trained.result.output, "--epochs", "3")
    assert code == 2 and "trains nothing" in complaint(err)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere"], "nowhere does not exist: give a folder of recordings"),
        (["empty"], "empty has no recording that can be read"),
        (["tones", "--latent-dim", "8"], "--latent-dim is 8, expected a whole number from 16"),
        (["tones", "--epochs", "0"], "--epochs is 0"),
        (
            ["tones", "--statistics", "best"],
            "--statistics is 'best', expected one of decoder, zscore",
        ),
        (["a" * 300], "cannot be looked at (File name too long)"),
        (["tones", "--name", "\udce9"], "the name holds bytes that are not text"),
        (["tones", "--preset", "huge"], "there is no preset 'huge'"),
        (["tones", "--device", "tpu"], "--device 'tpu' cannot be used"),
        (["tones", "--resume"], "there is nothing to resume"),
        (["tones", "-o", "tones.onnx"], "tones.onnx does not end in .distill"),
        (["tones", "-o", "no/where.distill"], "folder no does not exist"),
        (["tones", "--epochz", "1"], "there is no option --epochz: did you mean --epochs?"),
        (["tones", "--epochs", "many"], "--epochs is 'many', expected a whole number"),
        (["tones", "--learning-rate", "nan"], "--learning-rate is nan"),
    ],
)
def test_misuse_is_told_in_one_line(
    command: Run, folder: Path, arguments: list[str], says: str
) -> None:
    (folder / "empty").mkdir()
    write_recordings(folder / "tones", 2)
    code, out, err = command(*arguments)
    assert (code, out) == (2, "")
    assert says in complaint(err)
    assert not list(folder.rglob("*.pt"))


def test_a_failure_is_told_in_one_line(
    command: Run, recordings: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Trainer, "kl_weight", float("nan"))
    code, _, err = command(recordings, *TINY_OPTIONS, "-o", "b.distill")
    assert code == 1
    assert "not finite in epoch 1: start again with a lower learning rate" in complaint(err)
    assert not (folder / "b.distill").exists()


def test_a_file_in_the_way_is_told(command: Run, recordings: Path, folder: Path) -> None:
    (folder / "a.training").write_text("mine")
    code, _, err = command(recordings, *TINY_OPTIONS, "-o", "a.distill")
    assert code == 1
    assert "a.training/spectrograms cannot be made a folder" in complaint(err)


def test_a_damaged_checkpoint_is_told(command: Run, recordings: Path, folder: Path) -> None:
    assert command(recordings, *TINY_OPTIONS, "-o", "a.distill")[0] == 0
    Path("a.distill").unlink()
    latest = CheckpointFolder(folder / "a.training" / "checkpoints").latest()
    assert latest is not None
    latest.write_bytes(latest.read_bytes()[:1000])
    code, _, err = command(recordings, "-o", "a.distill", "--resume")
    assert code == 2
    assert latest.name in complaint(err)


def test_torch_is_missing(command: Run, recordings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pipeline", "optimization.trainer"):  # as if they had never been imported
        monkeypatch.delattr(f"distill_export.training.{name}")
        monkeypatch.delitem(sys.modules, f"distill_export.training.{name}")
    monkeypatch.setitem(sys.modules, "torch", None)
    code, _, err = command(recordings)
    assert code == 1
    assert complaint(err).startswith("torch is not installed: pip install")


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize(("number", "step"), [("SIGINT", 2), ("SIGTERM", 5), ("SIGHUP", 8)])
def test_ctrl_c_stops_after_the_step_and_resume_goes_on(
    command: Run,
    recordings: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: str,
    step: int,
) -> None:
    code, _, err = command(recordings, *TINY_OPTIONS, "-o", "whole.distill", "--epochs", "3")
    assert code == 0, err
    whole = Trainer.train_step

    def interrupted(self: Trainer) -> None:
        if self.step == step - 1:
            os.kill(os.getpid(), getattr(signal, number))
        whole(self)

    monkeypatch.setattr(Trainer, "train_step", interrupted)
    code, out, err = command(recordings, *TINY_OPTIONS, "-o", "a.distill")
    assert (code, out) == (128 + getattr(signal, number), "")
    checkpoint = folder / "a.training" / "checkpoints" / f"checkpoint_{step:08d}.pt"
    assert f"stopped: {checkpoint.relative_to(folder)} is where --resume goes on" in err
    how = "" if number == "SIGINT" else f" by {number}"
    assert complaint(err) == f"interrupted{how}"
    load_checkpoint(checkpoint)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL

    monkeypatch.setattr(Trainer, "train_step", whole)
    code, _, err = command(recordings, "-o", "a.distill", "--resume")
    assert code == 0, err
    histories = []
    for name in ("whole", "a"):
        latest = CheckpointFolder(folder / f"{name}.training" / "checkpoints").latest()
        assert latest is not None
        histories.append(read_checkpoint(latest)["metrics_history"])
    for part in ("train", "val"):
        for one, other in zip(*(history[part] for history in histories), strict=True):
            assert one == pytest.approx(other, abs=1e-6)


@pytest.mark.usefixtures("ctrl_c")
def test_a_signal_while_recordings_are_read_leaves_nothing_half(
    command: Run, recordings: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distill_export.training.data import spectrogram_cache

    saved = []

    def interrupted(file: BinaryIO, array: object) -> None:
        file.write(b"half")
        if saved:
            os.kill(os.getpid(), signal.SIGTERM)
        saved.append(save(file, array))

    save = spectrogram_cache.np.save
    monkeypatch.setattr(spectrogram_cache.np, "save", interrupted)
    code, out, err = command(recordings, *TINY_OPTIONS, "-o", "a.distill")
    assert (code, out, complaint(err)) == (143, "", "interrupted by SIGTERM")
    left = [path.name for path in (folder / "a.training").rglob("*") if path.is_file()]
    assert not [name for name in left if name.startswith(".distill-")]
    assert len([name for name in left if name.endswith(".npy")]) == 1


KILLED = """
import os, sys, warnings
from pathlib import Path
import torch
torch.set_num_threads(1)
from distill_export.training.pipeline import train
from distill_export.training.request import TrainingRequest
folder, output, settings = eval(sys.argv[1])
step = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))])
step.zero_grad()
step.step()  # what it imports late is imported once
for line in sys.stdin:  # every line asks for a training in a process of its own
    pid = os.fork()
    if not pid:
        try:
            train(TrainingRequest(Path(folder), Path(output), settings=settings if line == "new\\n"
                  else {}, resume=line == "on\\n"))
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
        os._exit(3)
    print(pid, flush=True)
    _, status = os.waitpid(pid, 0)
    print(status, flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills processes as Unix does")
def test_a_kill_at_any_moment_leaves_a_checkpoint(recordings: Path, folder: Path) -> None:
    """One process loads torch; its children train, are killed, and go on where they were."""
    seed = random.randrange(2**32)
    print("seed", seed)
    moments = random.Random(seed)
    settings = {**TINY, "max_epochs": 10_000, "checkpoint_interval": 1}
    checkpoints = CheckpointFolder(folder / "a.training" / "checkpoints")
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            KILLED,
            repr((str(recordings), str(folder / "a.distill"), settings)),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    assert process.stdin and process.stdout
    steps = [-1]
    for turn in range(8):
        process.stdin.write("on\n" if turn else "new\n")
        process.stdin.flush()
        pid = int(process.stdout.readline())
        before, deadline = checkpoints.latest(), time.monotonic() + 20
        # Every other time the kill waits for work to be done, else it may come at once.
        while turn % 2 == 0 and checkpoints.latest() == before and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(moments.uniform(0.0, 0.3))
        os.kill(pid, signal.SIGKILL)
        assert os.WTERMSIG(int(process.stdout.readline())) == signal.SIGKILL
        latest = checkpoints.latest()
        assert latest is not None
        load_checkpoint(latest)
        steps.append(read_checkpoint(latest)["training_state"]["step"])
        if checkpoints.best.exists():
            load_checkpoint(checkpoints.best)
    process.stdin.close()
    process.wait()
    process.stdout.close()
    assert steps == sorted(steps)
    assert steps[-1] > 0, "no kill came late enough"


def test_what_a_killed_process_left_is_swept(recordings: Path, folder: Path) -> None:
    left = [
        folder / "a.training" / name
        for name in ("checkpoints/.distill-0011.pt", "spectrograms/.distill-0a.npy")
    ]
    for path in left:
        path.parent.mkdir(parents=True)
        path.write_bytes(b"half of a")
    train(TrainingRequest(recordings, folder / "a.distill", settings=TINY))
    assert not any(path.exists() for path in left)


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_is_quick_and_needs_no_torch(option: str) -> None:
    program = (
        "import sys; from distill_export.training import cli as train_cli\n"
        f"sys.argv = ['distill-train', {option!r}]\n"
        "from distill_runtime.cli.program import run\n"
        "code = run(train_cli.app, 'distill-train')\n"
        "assert not {'torch', 'onnx', 'onnxruntime'} & set(sys.modules), 'it is slow'\n"
        "sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    if option == "--help":
        words = " ".join(done.stdout.split())
        for name in ("--resume", "--export", "--report", "--analyse", "--statistics"):
            assert name in words


def test_unreadable_files_are_named(command: Run, folder: Path) -> None:
    tones = write_recordings(folder / "tones", 3)
    (tones / "cover.jpg").write_bytes(b"no sound")
    soundfile.write(tones / "silent.flac", 0 * tone(0), RATE_HZ)
    code, _, err = command(tones, *TINY_OPTIONS, "--epochs", "1")
    assert code == 0
    assert "skipped cover.jpg: it is not an audio file that soundfile reads" in err
    assert "skipped silent.flac: it is silent" in err
    assert load_model(Path("tones.distill")).metadata.dataset_file_count == 3


def test_a_training_that_came_to_nothing_says_so(command: Run, recordings: Path) -> None:
    code, out, err = command(
        *(recordings, *TINY_OPTIONS, "--epochs", "1", "--learning-rate", "1e-9"),
        *("-o", "bad.distill", "--report", "--json"),
    )
    assert code == 0
    said = "the model is no better than always answering the mean of the recordings ("
    assert f"mind: {said}" in err
    warnings = json.loads(out)["warnings"]
    assert len(warnings) == 1 and warnings[0].startswith(said)
    assert said in Path("bad.html").read_text(encoding="utf-8")


def test_one_short_recording_is_said_to_be_hopeless(command: Run, folder: Path) -> None:
    write_recordings(folder / "one", 1, 0.2)
    code, _, err = command("one", *TINY_OPTIONS, "--epochs", "1")
    assert code == 0
    said = "0.2 s of sound is hopeless: a model needs minutes"
    assert [said in line for line in err.splitlines()].count(True) == 2  # before, and at the end
    assert err.splitlines()[-1].startswith(f"mind: {said}")


def test_a_width_that_distill_does_not_know_is_told(command: Run, recordings: Path) -> None:
    _, _, err = command(recordings, *TINY_OPTIONS, "--epochs", "1")
    assert "with a width of 2 Distill itself cannot open the model" in err


def test_other_settings_than_before_are_named_as_options(command: Run, recordings: Path) -> None:
    assert command(recordings, *TINY_OPTIONS, "--epochs", "1", "-o", "a.distill")[0] == 0
    Path("a.distill").unlink()
    code, _, err = command(recordings, "-o", "a.distill", "--resume", "--epochs", "5")
    assert code == 2
    assert complaint(err).startswith("--epochs was 1 when a.training/checkpoints/checkpoint_")
    assert complaint(err).endswith(" was trained, not 5: leave it out to resume")
    code, _, err = command(recordings, "-o", "a.distill", *TINY_OPTIONS)
    assert code == 2
    assert complaint(err) == (
        "a.training/checkpoints holds a training: resume it, or start afresh with --force"
    )


def test_a_checkpoint_is_not_a_model(command: Run, recordings: Path, trained) -> None:
    best = trained.beside / "checkpoints" / "best.pt"
    code, _, err = command(recordings, "--analyse", best, "-o", "new.distill")
    assert code == 2
    said = complaint(err)
    assert f"is a training checkpoint, not a model file: distill-export {best} makes" in said


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names there are always text")
def test_names_that_are_not_text(folder: Path) -> None:
    write_recordings(folder / "plain", 2).rename(folder / os.fsdecode(b"t\xe9n"))
    (folder / os.fsdecode(b"t\xe9n/\xff.txt")).write_text("hello")
    options = [*TINY_OPTIONS, "--epochs", "1", "--report", "--preview-every", "1"]
    program = (
        "import pytest\n"
        "from tests.distill_export.training.little_effort import make_little_effort\n"
        "make_little_effort(pytest.MonkeyPatch())\n"
        "from distill_export.training.cli import main\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, b"t\xe9n", *options],
        capture_output=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    assert done.returncode == 0, done.stderr
    # A script gets the names as they are, a person as they can be shown.
    assert done.stdout.splitlines() == [b"t\xe9n.distill", b"t\xe9n.html"]
    assert rb"skipped \xff.txt: it is not an audio file" in done.stderr
    metadata = load_model(Path(os.fsdecode(b"t\xe9n.distill"))).metadata
    assert (metadata.name, metadata.dataset_name) == (r"t\xe9n", r"t\xe9n")


def test_long_names_are_shortened(command: Run, folder: Path) -> None:
    write_recordings(folder / ("n" * 255), 2)
    code, out, err = command("n" * 255, *TINY_OPTIONS, "--epochs", "1")
    assert code == 0, err
    assert out.strip() == "n" * 246 + ".distill"
    assert (folder / ("n" * 246 + ".training")).is_dir()
    code, out, err = command(
        "n" * 255, *TINY_OPTIONS, "--epochs", "1", "-o", "é" * 123 + ".distill"
    )
    assert code == 0, err
    assert (folder / ("é" * 123 + ".training")).is_dir()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="users as Unix has them")
def test_what_an_ordinary_user_may_not_do_is_told_in_one_line(tmp_path: Path) -> None:
    folder = tmp_path
    write_recordings(folder / "rec", 2)
    (folder / "rec" / "tone1.wav").chmod(0)
    (folder / "out" / "a.training" / "checkpoints").mkdir(parents=True)
    said = as_ordinary_user(lambda: _complaints(folder / "rec", folder / "out" / "b.distill"))
    assert said[0] == "skipped tone1.wav: it cannot be read (Permission denied)"
    (folder / "out" / "a.training" / "checkpoints").chmod(0)
    said = as_ordinary_user(lambda: _complaints(folder / "rec", folder / "out" / "a.distill"))
    assert said[-1].endswith("a.training/checkpoints cannot be read: Permission denied")
    (folder / "out").chmod(0o555)
    said = as_ordinary_user(lambda: _complaints(folder / "rec", folder / "out" / "c.distill"))
    assert said[-1].endswith("c.training/spectrograms cannot be made a folder: Permission denied")


def _complaints(recordings: Path, output: Path) -> list[str]:
    """What a training says of files that it may not read, and of its failure."""
    lines: list[str] = []
    try:
        train(TrainingRequest(recordings, output, settings=TINY), say=lines.append)
    except DistillError as error:
        lines.append(str(error))
    return [line for line in lines if "Permission denied" in line]
