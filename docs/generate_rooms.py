"""Draw the rooms of both packages, and who imports whom, from the sources as they are.

`make docs` writes docs/rooms.svg; a test says when it is out of date. An arrow that follows from
two others is left out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
PICTURE = REPOSITORY / "docs" / "rooms.svg"
PACKAGES = ("distill_export", "distill_runtime")

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y = 148, 44, 22, 46
_MARGIN, _TITLE = 24, 34

Arrows = Mapping[str, set[str]]


def rooms(package: str) -> dict[str, str]:
    """Return each room at the top of a package and what its first line says."""
    found = {}
    for path in sorted((REPOSITORY / package).iterdir()):
        source = path / "__init__.py" if path.is_dir() else path
        if (
            source.suffix == ".py"
            and source.is_file()
            and path.stem not in ("__init__", "__main__")
        ):
            text = ast.get_docstring(ast.parse(source.read_text("utf-8"))) or ""
            found[path.stem] = text.partition("\n")[0]
    return found


def arrows(package: str) -> dict[str, set[str]]:
    """Return which rooms of a package each room imports from."""
    known = rooms(package)
    found: dict[str, set[str]] = {room: set() for room in known}
    for path in sorted((REPOSITORY / package).rglob("*.py")):
        room = path.relative_to(REPOSITORY / package).parts[0].removesuffix(".py")
        for module in _imports(path):
            top, *rest = module.split(".")
            if top == package and rest and room in known and rest[0] in known and rest[0] != room:
                found[room].add(rest[0])
    return found


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def levels(graph: Arrows) -> dict[str, int]:
    """Return how far above the ground each room is: one above the highest that it imports from.

    Raises:
        ValueError: The arrows go round in a circle.
    """
    heights: dict[str, int] = {}
    below: list[str] = []

    def height(room: str) -> int:
        if room in below:
            raise ValueError(f"a circle: {' -> '.join([*below, room])}")
        if room not in heights:
            below.append(room)
            heights[room] = max((height(other) + 1 for other in sorted(graph[room])), default=0)
            below.pop()
        return heights[room]

    for room in graph:
        height(room)
    return heights


def without_shortcuts(graph: Arrows) -> dict[str, set[str]]:
    """Leave out each arrow that a longer way replaces."""

    def reached(room: str) -> set[str]:
        return graph[room].union(*(reached(other) for other in graph[room]))

    return {
        room: {
            other
            for other in others
            if not any(other in reached(between) for between in others - {other})
        }
        for room, others in graph.items()
    }


def generate() -> str:
    """Return the picture as SVG."""
    parts, left, height = [], _MARGIN, 0
    for package in PACKAGES:
        drawn, width, bottom = _package(package, left)
        parts += drawn
        left += width + _MARGIN
        height = max(height, bottom)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left} {height + _MARGIN}" '
            f'font-family="sans-serif" font-size="14" role="img" '
            'aria-label="The rooms of both packages and the arrows between them">',
            '<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" '
            'markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" fill="#667"/></marker></defs>',
            f'<rect width="{left}" height="{height + _MARGIN}" fill="#fff"/>',
            *parts,
            "</svg>\n",
        ]
    )


def _package(package: str, left: int) -> tuple[list[str], int, int]:
    graph = arrows(package)
    heights = levels(graph)
    highest = max(heights.values())
    rows = [[room for room in graph if heights[room] == level] for level in range(highest + 1)]
    widest = max(map(len, rows))
    width = widest * _WIDTH + (widest - 1) * _GAP_X
    place = {}
    for level, row in enumerate(rows):
        start = left + (width - len(row) * _WIDTH - (len(row) - 1) * _GAP_X) // 2
        for index, room in enumerate(row):
            top = _MARGIN + _TITLE + (highest - level) * (_HEIGHT + _GAP_Y)
            place[room] = (start + index * (_WIDTH + _GAP_X), top)
    described = rooms(package)
    parts = [f'<text x="{left}" y="{_MARGIN + 8}" font-weight="bold">{package}</text>']
    for room, others in without_shortcuts(graph).items():
        for other in sorted(others):
            (x1, y1), (x2, y2) = place[room], place[other]
            parts.append(
                f'<path d="M{x1 + _WIDTH // 2} {y1 + _HEIGHT} L{x2 + _WIDTH // 2} {y2}" '
                'stroke="#667" fill="none" marker-end="url(#head)"/>'
            )
    for room, (x, y) in place.items():
        parts.append(
            f'<g><title>{escape(described[room])}</title><rect x="{x}" y="{y}" width="{_WIDTH}" '
            f'height="{_HEIGHT}" rx="6" fill="#eef3f7" stroke="#456"/><text x="{x + _WIDTH // 2}" '
            f'y="{y + 27}" text-anchor="middle">{room}</text></g>'
        )
    return parts, width, _MARGIN + _TITLE + (highest + 1) * (_HEIGHT + _GAP_Y) - _GAP_Y


if __name__ == "__main__":
    PICTURE.write_text(generate(), encoding="utf-8")
