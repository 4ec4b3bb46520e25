"""Disks that are full and folders that may not be written: one line, nothing half, nothing left.

    python -m tests.campaigns.full_disks ARTIFACT

A full disk is a small one (a tmpfs, where one may be mounted), or a limit on the size of a file; a
folder may not be written by a process without root's rights. Both in the folder of the output and
in that for temporary files.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.campaigns.operations import ARTIFACT, MODEL, RUN, SOUND, Operation, Pantry
from tests.campaigns.operations import EXPORT as EXPORTER
from tests.campaigns.wholeness import halves, unfinished
from tests.ordinary_user import give_up_rights

_LONGEST_S = 600.0
_PYTORCHS = "torchinductor_"  # a folder that PyTorch makes for itself

# What is written is more than the disk holds, but for the preset, of which the disk is full before.
_LONG = ("-d", "60", "--seed", "1", "--no-space-check", "-o")
_SPOOLED = ("-d", "150", "--seed", "1", "--no-space-check", "-o")
WRITES = {
    name: Operation(name, module, arguments, ())
    for name, module, arguments in (
        ("wav", RUN, (ARTIFACT, *_LONG, "out/a.wav")),
        ("flac", RUN, (ARTIFACT, *_LONG, "out/a.flac")),
        ("ogg", RUN, (ARTIFACT, *_LONG, "out/a.ogg", "--sidecar")),
        ("mp3", RUN, (ARTIFACT, *_LONG, "out/a.mp3")),
        ("batch", RUN, (ARTIFACT, "-n", "3", *_LONG, "out")),
        ("reproduce", RUN, ("reproduce", SOUND, "-o", "out/a.wav", "--no-space-check")),
        ("preset", RUN, (ARTIFACT, "-d", "0.1", "--save-preset", "out/a.json", "-o", "-")),
        ("export", EXPORTER, (MODEL, "-o", "out/a.onnx")),
    )
}
SPOOLS = {"long": Operation("long", RUN, (ARTIFACT, *_SPOOLED, "out/a.flac"), ())}
REASONS = ("full", "space", "too large", "Permission denied", "Read-only", "cannot be written")


@dataclass(frozen=True)
class Trial:
    """One command in one unfortunate place.

    Attributes:
        where: "output" or "temporary".
        how: "small disk", "size limit" or "not writable".
        operation: The command.
        code: Its exit code.
        said: Its last line to stderr.
        half: Files that are half, or that were there before and are no more.
        left: Unfinished files.
    """

    where: str
    how: str
    operation: str
    code: int
    said: str
    half: list[str]
    left: list[str]

    @property
    def found_another_folder(self) -> bool:
        """Whether it went well all the same: there are several folders for temporary files."""
        return (self.where, self.how, self.code) == ("temporary", "not writable", 0)

    @property
    def is_told(self) -> bool:
        """Whether what is wrong was said, if anything is."""
        return self.found_another_folder or any(reason in self.said for reason in REASONS)

    @property
    def faults(self) -> list[str]:
        """Everything that should not be."""
        told = f"{self.operation} ({self.where}, {self.how})"
        faults = [f"{told}: {fault}" for fault in (*self.half, *self.left)]
        if self.found_another_folder:
            return faults
        if self.code not in (1, 2):
            faults.append(f"{told}: exit code {self.code}")
        if not self.is_told or "internal" in self.said:
            faults.append(f"{told}: it said {self.said!r}")
        return faults


def run(pantry: Pantry, folder: Path, *, only: set[str] | None = None) -> list[Trial]:
    """Run every command in every unfortunate place that there can be here."""
    trials = []
    hows = ["size limit", "not writable"] + ["small disk"] * can_mount(folder)
    for how in hows:
        for where, operations in (("output", WRITES), ("temporary", SPOOLS)):
            for name, operation in operations.items():
                if only is None or name in only:
                    place = folder / f"{how} {where} {name}".replace(" ", "-")
                    trials.append(_try(operation, pantry, place, where, how))
    return trials


def can_mount(folder: Path) -> bool:
    """Whether a small disk can be mounted."""
    place = folder / "can-mount"
    place.mkdir()
    with small_disk(place) as mounted:
        return mounted


def _try(operation: Operation, pantry: Pantry, place: Path, where: str, how: str) -> Trial:
    work, temporary = place / "work", place / "temporary"
    out = work / "out"
    out.mkdir(parents=True)
    temporary.mkdir()
    given = pantry.fill(operation, work)
    bad = out if where == "output" else temporary
    limit_bytes = 100 if operation.name == "preset" else 256 * 1024
    with _bad(bad, how, limit_bytes) as options:
        if how == "small disk" and operation.name == "preset":
            _fill(bad)
        before = {path.name: path.read_bytes() for path in out.iterdir()}
        process = operation.start(work, temporary, **options)
        complaints = process.communicate(timeout=_LONGEST_S)[1].decode(errors="replace")
        after = {path.name: path.read_bytes() for path in out.iterdir() if path.name in before}
        half = halves(work, given.union(before))
        half += [f"{name} was changed" for name in before if after.get(name) != before[name]]
        left = unfinished(work) + [
            path.name for path in temporary.iterdir() if not path.name.startswith(_PYTORCHS)
        ]
    said = complaints.strip().splitlines()
    summary = [line for line in said if any(reason in line for reason in REASONS)] or said
    return Trial(where, how, operation.name, process.returncode, (summary or [""])[-1], half, left)


@contextmanager
def _bad(folder: Path, how: str, limit_bytes: int) -> Iterator[dict[str, Any]]:
    """Make a folder one that cannot be written to; give options of the process that will try."""
    if how == "small disk":
        with small_disk(folder):
            yield {}
    elif how == "size limit":
        yield {"preexec_fn": partial(_limit_sizes, limit_bytes)}
    else:
        folder.chmod(0o555)
        try:
            yield {"preexec_fn": give_up_rights}
        finally:
            folder.chmod(0o755)


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Mount a disk of half a megabyte in a folder; False if that is not permitted."""
    command = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)]
    mounted = shutil.which("mount") is not None and _succeeds(command)
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _fill(folder: Path) -> None:
    with (folder / "filler").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


def _limit_sizes(limit_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))


def table(trials: list[Trial]) -> str:
    """Return what came of it, a line for each place."""
    lines = ["folder     how           commands  told in one line  half files  left"]
    places = dict.fromkeys((trial.where, trial.how) for trial in trials)
    for where, how in places:
        those = [trial for trial in trials if (trial.where, trial.how) == (where, how)]
        told = sum(trial.is_told for trial in those)
        lines.append(
            f"{where:<11}{how:<14}{len(those):>8}{told:>18}"
            f"{sum(len(trial.half) for trial in those):>12}"
            f"{sum(len(trial.left) for trial in those):>6}"
        )
    return "\n".join(lines)


def main() -> None:
    """Run the campaign and print its table; the exit code is 1 if anything was half or left."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("artifact", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="full-") as folder:
        pantry = Path(folder) / "pantry"
        pantry.mkdir()
        trials = run(Pantry(pantry, arguments.artifact), Path(folder))
    for trial in trials:
        print(f"{trial.where}, {trial.how}, {trial.operation}: {trial.code}, {trial.said[-160:]}")
    for fault in (fault for trial in trials for fault in trial.faults):
        print("FAULT", fault)
    print(table(trials))
    raise SystemExit(any(trial.faults for trial in trials))


if __name__ == "__main__":
    main()
