"""Reading many hostile files: how many crash, hang, swell, run code, leave files, or are untold.

    python -m tests.fuzz.campaign tests.fuzz.pickles tests.fuzz.reading_models --count 50000

Every fault is printed with its number; `--first NUMBER --count 1 --keep FOLDER` makes it again.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
SECONDS = 2.0
MEGABYTES = 1024


@dataclass
class Report:
    """What came of a campaign."""

    outcomes: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slowest_s: float = 0.0

    @property
    def count(self) -> int:
        """How many cases there were."""
        return sum(self.outcomes.values())


def run(
    generator: str,
    target: str,
    *,
    seed: int,
    count: int,
    first: int = 0,
    seconds: float = SECONDS,
    megabytes: int = MEGABYTES,
) -> Report:
    """Read the cases `first` to `first + count` of a generator, in children that may die.

    Args:
        generator: Name of a module that has `case(seed, index)`; see `tests.fuzz.case`.
        target: Name of a module that has `read(path)`, which returns some words or raises.
        seed: Of the generator.
        count: How many cases.
        first: The first of them.
        seconds: Of processor time that one may take.
        megabytes: That one may take.
    """
    report = Report()
    end = first + count
    while first < end:
        last = first - 1
        for index, took, label, outcome in _child(
            generator, target, seed, first, end - first, seconds, megabytes
        ):
            last = max(last, index)
            report.slowest_s = max(report.slowest_s, took)
            report.labels[label] += 1
            report.outcomes[outcome.partition(":")[0]] += 1
            if outcome.startswith("FAULT"):
                report.faults.append(f"{generator} {seed} {index} ({label}): {outcome}")
        first = last + 1
    return report


def _child(
    generator: str,
    target: str,
    seed: int,
    first: int,
    count: int,
    seconds: float,
    megabytes: int,
) -> Iterator[tuple[int, float, str, str]]:
    """Yield number, seconds, label and outcome of the cases, up to one that ends the process."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        here, temporary = Path(folder) / "here", Path(folder) / "tmp"
        here.mkdir()
        temporary.mkdir()
        numbers = map(str, (seed, first, count, seconds, megabytes))
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz.child", generator, target, *numbers],
            cwd=here,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), "TMPDIR": str(temporary)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise RuntimeError(f"the child did not start: {process.communicate()[1][-2000:]}")
        following = first
        for line in process.stdout:
            number, took, label, outcome = line.rstrip("\n").split("\t")
            yield int(number), float(took), label, outcome
            following = int(number) + 1
        said = process.communicate()[1].strip().splitlines()
        if following < first + count:
            label = importlib.import_module(generator).case(seed, following).label
            yield following, seconds, label, f"FAULT {_death(process.returncode)}: {said[-1:]}"


def _death(code: int) -> str:
    if code in (-signal.SIGPROF, -signal.SIGALRM):
        return "hung"
    return f"died of {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("generator")
    parser.add_argument("target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--keep", type=Path, help="only write the cases into this folder")
    arguments = parser.parse_args()
    if arguments.keep:
        for index in range(arguments.first, arguments.first + arguments.count):
            made = importlib.import_module(arguments.generator).case(arguments.seed, index)
            (arguments.keep / f"{index}{made.suffix}").write_bytes(made.content)
        return
    report = run(
        arguments.generator,
        arguments.target,
        seed=arguments.seed,
        first=arguments.first,
        count=arguments.count,
    )
    for fault in report.faults[:100]:
        print(fault)
    for label, count in report.labels.most_common(60):
        print(f"{count:8} {label}")
    for outcome, count in report.outcomes.most_common():
        print(f"{count:8} {outcome}")
    print(f"{report.count} files, {len(report.faults)} faults, slowest {report.slowest_s:.2f} s")
    raise SystemExit(bool(report.faults))


if __name__ == "__main__":
    main()
