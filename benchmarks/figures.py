"""What was measured, as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.timing import Timing


@dataclass(frozen=True)
class Figure:
    """One measured number.

    Attributes:
        group: What it belongs to.
        name: What it is.
        value: The number; of a time or a ratio of times, the median.
        unit: Its unit.
        best: The same by the shortest runs instead of the medians, where there were several.
        goal: What it should be at least, or at most.
        at_least: Whether the goal is a lower limit.
    """

    group: str
    name: str
    value: float
    unit: str
    best: float | None = None
    goal: float | None = None
    at_least: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without a goal."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.at_least else self.value <= self.goal


def milliseconds(group: str, name: str, timing: Timing) -> Figure:
    """Return a time as a figure."""
    return Figure(group, name, timing.median_s * 1e3, "ms", timing.minimum_s * 1e3)


def ratio(
    group: str,
    name: str,
    timing: Timing,
    other: Timing,
    *,
    goal: float | None = None,
    at_least: bool = False,
) -> Figure:
    """Return how many times longer `timing` is than `other`, as a figure."""
    median, best = timing.over(other)
    return Figure(group, name, median, "x", best, goal, at_least)


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as aligned lines under their groups."""
    width = max(len(figure.name) for figure in figures)
    lines, group = [], ""
    for figure in figures:
        if figure.group != group:
            group = figure.group
            lines += ["", group]
        best = "" if figure.best is None else f"best {figure.best:.4g}"
        line = f"  {figure.name:{width}}  {figure.value:10.4g} {figure.unit:4}  {best:14}"
        if figure.goal is not None:
            sign, said = (">=" if figure.at_least else "<="), ("met" if figure.met else "MISSED")
            line += f"  {sign} {figure.goal:.4g} {said}"
        lines.append(line.rstrip())
    return "\n".join(lines)


def save(figures: Sequence[Figure], path: Path, machine: dict[str, object]) -> None:
    """Write the figures, and what they were measured on, as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"machine": machine, "figures": [{**asdict(f), "met": f.met} for f in figures]}
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
