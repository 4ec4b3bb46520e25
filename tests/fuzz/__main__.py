"""A campaign: every generator in turns, until the time is over.

    python -m tests.fuzz --minutes 10

Each file is read in a child process, with two seconds of processor time and a gigabyte. What does
harm (a crash, a hang, too much memory, an error that is not one of ours, code that is run, a file
left behind) is counted, and the file kept in tests/fuzz/corpus, where a test finds it ever after.
"""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import secrets
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import tests.fuzz
from tests.fuzz import artifacts, campaign, corpus

TARGET = "tests.fuzz.reading"
NOT_IN_TURN = ("corpus", "doing_harm")
# What a fault begins with, and what it is called in the table.
HARM = {
    "FAULT died of": "crashes",
    "FAULT ended with": "crashes",
    "FAULT hung": "hangs",
    "FAULT out of memory": "over 1 GB",
    "FAULT code was run": "code run",
    "FAULT left": "files left",
    "FAULT": "untranslated errors",
}
COLUMNS = tuple(dict.fromkeys(HARM.values()))


def main() -> None:
    """Run a campaign and print its table; the exit code is 1 if anything did harm."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--files", type=int, default=500, help="of a generator in its turn")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31))
    parser.add_argument("--only", nargs="*", help="names of generators")
    arguments = parser.parse_args()
    end = time.monotonic() + 60 * arguments.minutes
    names = [name for name in generators() if not arguments.only or name in arguments.only]
    print(f"seed {arguments.seed}; {', '.join(names)}", flush=True)
    totals = {name: Total() for name in names}
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        if "artifacts" in names:
            artifacts.make_originals(Path(folder))
            os.environ[artifacts.FOLDER] = folder
        seed = arguments.seed
        while True:
            for name in names:
                report = campaign.run(
                    f"tests.fuzz.{name}", TARGET, seed=seed, count=arguments.files
                )
                totals[name].add(report)
                for fault in report.faults:
                    print(fault, "kept as", keep(fault).name, flush=True)
                if time.monotonic() > end:
                    print(table(totals))
                    sys.exit(any(total.harm for total in totals.values()))
            seed += 1


class Total:
    """What came of a generator's files."""

    def __init__(self) -> None:
        self.files = 0
        self.slowest_s = 0.0
        self.harm: Counter[str] = Counter()

    def add(self, report: campaign.Report) -> None:
        self.files += report.count
        self.slowest_s = max(self.slowest_s, report.slowest_s)
        for fault in report.faults:
            outcome = fault.partition("): ")[2]
            self.harm[next(what for start, what in HARM.items() if outcome.startswith(start))] += 1


def generators() -> list[str]:
    """Return the names of the modules here that make files."""
    found = []
    for module in pkgutil.iter_modules(tests.fuzz.__path__):
        source = Path(tests.fuzz.__path__[0]) / f"{module.name}.py"
        if module.name not in NOT_IN_TURN and "\ndef case(" in source.read_text("utf-8"):
            found.append(module.name)
    return found


def keep(fault: str) -> Path:
    """Put the file of a fault into the corpus and return its path."""
    generator, seed, index = fault.split(" ", 3)[:3]
    made = importlib.import_module(generator).case(int(seed), int(index))
    path = corpus.FOLDER / f"{generator.rpartition('.')[2]}-{seed}-{index}{made.suffix}"
    path.write_bytes(made.content)
    return path


def table(totals: dict[str, Total]) -> str:
    """Return what came of a campaign, a line for each generator."""
    lines = [f"{'':<16}{'files':>9}" + "".join(f"{name:>21}" for name in COLUMNS) + "   slowest"]
    for name, total in totals.items():
        counts = "".join(f"{total.harm[column]:>21}" for column in COLUMNS)
        lines.append(f"{name:<16}{total.files:>9}{counts}{total.slowest_s:>8.2f} s")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
