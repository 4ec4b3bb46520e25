"""Processes killed while they write (SIGKILL): nothing half, and nothing left by the next run.

    python -m tests.campaigns.kills ARTIFACT --count 300

Half of the kills come at any time of the work, the others just after an unfinished file appeared.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.campaigns.operations import OPERATIONS, Operation, Pantry
from tests.campaigns.wholeness import halves, unfinished

_LONGEST_S = 600.0
_GLANCE_S = 0.002


@dataclass
class Outcome:
    """What kills of one command led to.

    Attributes:
        kills: How many processes were killed.
        ended: How many had ended before.
        unfinished: How many left unfinished files.
        half: What was found to be half, in words.
        left: What was left of them when the next run had ended.
        failed: What went wrong with the next run.
    """

    kills: int = 0
    ended: int = 0
    unfinished: int = 0
    half: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """Everything that should not be."""
        return [*self.half, *self.left, *self.failed]


def run(
    operations: Iterable[Operation], pantry: Pantry, folder: Path, *, count: int, seed: int = 1
) -> dict[str, Outcome]:
    """Kill processes, spread evenly over commands, and return what came of each command.

    Args:
        operations: The commands.
        pantry: What they need.
        folder: To work in.
        count: How many kills.
        seed: Of the times at which they come.
    """
    chance = random.Random(seed)
    operations = list(operations)
    outcomes = {operation.name: Outcome() for operation in operations}
    usual_s = {
        operation.name: _undisturbed(operation, pantry, folder / f"{operation.name}-whole")
        for operation in operations
    }
    for number in range(count):
        operation = operations[number % len(operations)]
        watches = number // len(operations) % 2 == 1
        # A little beyond the end, which moves the most.
        delay_s = chance.uniform(0, 0.05 if watches else 1.1 * usual_s[operation.name])
        place = folder / f"{operation.name}-{number}"
        _kill(operation, pantry, place, outcomes[operation.name], delay_s, watches=watches)
    return outcomes


def _undisturbed(operation: Operation, pantry: Pantry, place: Path) -> float:
    """Return how many seconds a command takes, having made sure that it does its work."""
    temporary = place / "temporary"
    temporary.mkdir(parents=True)
    work = place / "work"
    work.mkdir()
    given = pantry.fill(operation, work)
    started = time.perf_counter()
    process = operation.start(work, temporary)
    complaints = process.communicate(timeout=_LONGEST_S)[1].decode(errors="replace")
    took = time.perf_counter() - started
    assert process.returncode == 0, complaints
    assert not halves(work, given) and not unfinished(work, temporary)
    assert len(list(work.iterdir())) > len(given), "it wrote nothing"
    return took


def _kill(
    operation: Operation,
    pantry: Pantry,
    place: Path,
    outcome: Outcome,
    delay_s: float,
    *,
    watches: bool,
) -> None:
    work, temporary = place / "work", place / "temporary"
    work.mkdir(parents=True)
    temporary.mkdir()
    given = pantry.fill(operation, work)
    process = operation.start(work, temporary)
    if watches:
        while process.poll() is None and not unfinished(work, temporary):
            time.sleep(_GLANCE_S)
    time.sleep(delay_s)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    outcome.kills += process.returncode == -signal.SIGKILL
    outcome.ended += process.returncode != -signal.SIGKILL
    outcome.unfinished += bool(unfinished(work, temporary))
    told = f"{operation.name} {place.name}"
    outcome.half += [f"{told}: {fault}" for fault in halves(work, given)]
    following = operation.start(work, temporary, again=True)
    try:
        complaints = following.communicate(timeout=_LONGEST_S)[1].decode(errors="replace")
    except subprocess.TimeoutExpired:
        following.kill()
        complaints = "it did not end"
    if following.returncode != 0:
        outcome.failed.append(f"{told}: the next run failed: {complaints[-300:]}")
    outcome.half += [f"{told}: after the next run: {fault}" for fault in halves(work, given)]
    outcome.left += [f"{told}: {name}" for name in unfinished(work, temporary)]


def table(outcomes: dict[str, Outcome]) -> str:
    """Return what came of it, a line for each command."""
    lines = ["command      kills  ended before  left unfinished  half files  left by the next run"]
    for name, outcome in outcomes.items():
        lines.append(
            f"{name:<12}{outcome.kills:>6}{outcome.ended:>14}{outcome.unfinished:>17}"
            f"{len(outcome.half):>12}{len(outcome.left):>22}"
        )
    return "\n".join(lines)


def main() -> None:
    """Run the campaign and print its table; the exit code is 1 if anything was half or left."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("artifact", type=Path)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", choices=sorted(OPERATIONS))
    arguments = parser.parse_args()
    chosen = [OPERATIONS[name] for name in arguments.only or OPERATIONS]
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        pantry = Path(folder) / "pantry"
        pantry.mkdir()
        outcomes = run(
            chosen,
            Pantry(pantry, arguments.artifact),
            Path(folder),
            count=arguments.count,
            seed=arguments.seed,
        )
    for outcome in outcomes.values():
        for fault in outcome.faults:
            print(fault)
    print(table(outcomes))
    raise SystemExit(any(outcome.faults for outcome in outcomes.values()))


if __name__ == "__main__":
    main()
