"""What the campaigns do: every command that writes, in a folder that has what it needs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
RUN, EXPORT, TRAIN = "distill_runtime", "distill_export.cli", "distill_export.training.cli"
ARTIFACT, MODEL, SOUND, RECORDINGS = "rain.onnx", "small.distill", "given.flac", "recordings"

# A training that takes seconds and writes at every epoch.
_TINY = ("--width", "2", "--latent-dim", "16", "--batch-size", "4", "--epochs", "3")
_TINY += ("--checkpoint-every", "1", "--device", "cpu", "--force")


@dataclass(frozen=True)
class Operation:
    """A command, as it is run in a folder of its own.

    Attributes:
        name: What the tables call it.
        module: The program.
        arguments: Of the command line.
        again: Of the run that follows a kill, in the same folder; it finishes the work.
    """

    name: str
    module: str
    arguments: tuple[str, ...]
    again: tuple[str, ...]

    def start(
        self, folder: Path, temporary: Path, *, again: bool = False, **options: Any
    ) -> subprocess.Popen[bytes]:
        """Start the command in a folder, with another for temporary files."""
        arguments = self.again if again else self.arguments
        return subprocess.Popen(
            [sys.executable, "-m", self.module, *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), "TMPDIR": str(temporary)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **options,
        )


def _play(name: str, *arguments: str) -> Operation:
    command = (ARTIFACT, *arguments)
    return Operation(name, RUN, command, (*command, "--force"))


OPERATIONS = {
    operation.name: operation
    for operation in (
        _play("batch", "-d", "2", "-n", "12", "--seed", "1", "--format", "flac", "--sidecar"),
        _play("long", "-d", "150", "--seed", "1", "-o", "long.wav", "--sidecar"),
        _play("mp3", "-d", "60", "--seed", "1", "-o", "sound.mp3"),
        _play("preset", "-d", "0.2", "--seed", "1", "--save-preset", "kept.json", "-o", "kept.ogg"),
        Operation(
            "reproduce",
            RUN,
            ("reproduce", SOUND, "-o", "again.flac"),
            ("reproduce", SOUND, "-o", "again.flac", "--force"),
        ),
        Operation(
            "export", EXPORT, (MODEL, "-o", "made.onnx"), (MODEL, "-o", "made.onnx", "--force")
        ),
        Operation(
            "train",
            TRAIN,
            (RECORDINGS, "-o", "trained.distill", *_TINY),
            (RECORDINGS, "-o", "trained.distill", *_TINY),
        ),
    )
}


def needs(operation: Operation) -> set[str]:
    """Return what a command needs in its folder."""
    return {
        name
        for name in (ARTIFACT, MODEL, SOUND, RECORDINGS)
        if name in operation.arguments or (name == ARTIFACT and operation.name == "reproduce")
    }


class Pantry:
    """What the commands need, made once.

    Args:
        folder: Where it is kept.
        artifact: An artifact to play.
    """

    def __init__(self, folder: Path, artifact: Path) -> None:
        self._folder = folder
        shutil.copy(artifact, folder / ARTIFACT)

    def fill(self, operation: Operation, folder: Path) -> set[str]:
        """Put what a command needs into a folder and return the names of it."""
        wanted = needs(operation)
        for name in wanted:
            kept = self._folder / name
            if not kept.exists():
                self._make(name)
            if kept.is_dir():
                shutil.copytree(kept, folder / name, copy_function=os.link)
            else:
                os.link(kept, folder / name)
        return wanted

    def _make(self, name: str) -> None:
        if name == SOUND:
            arguments = (ARTIFACT, "-d", "20", "--seed", "3", "-o", SOUND)
            process = Operation("given", RUN, arguments, ()).start(self._folder, self._folder)
            complaints = process.communicate()[1]
            assert process.returncode == 0, complaints
        elif name == MODEL:
            from tests.distill_export import model_files

            model_files.write(model_files.model_content(), self._folder / MODEL)
        elif name == RECORDINGS:
            from tests.distill_export.training.synthetic_recordings import write_recordings

            write_recordings(self._folder / RECORDINGS)
