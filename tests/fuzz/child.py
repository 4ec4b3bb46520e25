"""The process that a campaign reads hostile files in: `python -m tests.fuzz.child`.

It is limited in time and memory, works in a folder of its own, and says one line for each case. If
it dies, the last line tells its parent which case it was.
"""

from __future__ import annotations

import argparse
import importlib
import resource
import signal
import tempfile
import time
from pathlib import Path

from distill_runtime.errors import DistillError
from tests.fuzz.case import CANARY


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("generator", help="a module with case(seed, index)")
    parser.add_argument("target", help="a module with read(path)")
    for name in ("seed", "first", "count"):
        parser.add_argument(name, type=int)
    parser.add_argument("seconds", type=float, help="of processor time that a case may take")
    parser.add_argument("megabytes", type=int, help="that a case may take")
    arguments = parser.parse_args()
    generator = importlib.import_module(arguments.generator)
    target = importlib.import_module(arguments.target)
    _warm_up(generator, target)
    _limit_memory(arguments.megabytes)
    print("ready", flush=True)
    for index in range(arguments.first, arguments.first + arguments.count):
        made = generator.case(arguments.seed, index)
        path = Path(f"case{made.suffix}")
        path.write_bytes(made.content)
        # Other work on the machine does not count, but a case that waits for something does. Both
        # signals end the process.
        signal.setitimer(signal.ITIMER_PROF, arguments.seconds)
        signal.setitimer(signal.ITIMER_REAL, 20 * arguments.seconds)
        start = time.process_time()
        outcome = _outcome(target, path)
        took = time.process_time() - start
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.setitimer(signal.ITIMER_PROF, 0)
        path.unlink()
        print(index, f"{took:.3f}", made.label, outcome, sep="\t", flush=True)


def _outcome(target: object, path: Path) -> str:
    try:
        said = target.read(path)  # type: ignore[attr-defined]
    except DistillError as error:
        return f"FAULT the target let an error through: {type(error).__name__}"
    except MemoryError:
        return "FAULT out of memory"
    except BaseException as error:  # a campaign counts whatever there is
        return f"FAULT {type(error).__name__}: {str(error)[:200]!a}"
    left = [file for file in _files() if file.name != path.name]
    for file in left:
        file.unlink()
    names = [file.name for file in left]
    if CANARY in names:
        return "FAULT code was run"
    return f"FAULT left {names[:3]}" if left else said


def _warm_up(generator: object, target: object) -> None:
    """Load what is loaded at first use, which is not the case's."""
    for index in range(3):
        made = generator.case(0, index)  # type: ignore[attr-defined]
        path = Path(f"case{made.suffix}")
        path.write_bytes(made.content)
        _outcome(target, path)
        path.unlink()
    if left := _files():
        raise SystemExit(f"{left[0].name} was left before the first case")


def _files() -> list[Path]:
    """Return what lies in the working folder and in that for temporary files."""
    return [file for folder in (Path(), Path(tempfile.gettempdir())) for file in folder.iterdir()]


def _limit_memory(megabytes: int) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + megabytes * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    main()
