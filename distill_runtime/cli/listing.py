"""Artifacts in a table, or one below the other where a table is wider than the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from distill_runtime.artifact.file import ArtifactFile
from distill_runtime.cli.columns import fitted, width
from distill_runtime.files.one_line import one_line
from distill_runtime.files.shown import shown

_HEADING = ("file", "sound", "precision", "format", "size", "model", "dataset", "sliders", "date")
_NONE = "-"


def listing(files: Sequence[ArtifactFile], columns: int | None = None) -> str:
    """Return artifacts as plain text; variants of one model stand together.

    Args:
        files: What to list.
        columns: How many columns there are; None for any number.
    """
    rows = [_row(file) for file in sorted(files, key=_order)]
    text = _table([_HEADING, *rows])
    if columns is None or max(map(width, text.split("\n"))) <= columns:
        return text
    return fitted("\n".join(map(_entry, rows)), columns)


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    """Return rows with their cells aligned, a line each."""
    widths = [max(width(row[column]) for row in rows) for column in range(len(_HEADING))]
    return "\n".join(
        "  ".join(
            text + " " * (cell - width(text)) for text, cell in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    )


def _entry(row: tuple[str, ...]) -> str:
    """Return an artifact as a line, and what is known of it in lines below that."""
    file, sound, precision, kind, size, model, dataset, sliders, date = row
    of_model = [
        ("model", model),
        ("dataset", dataset),
        ("sliders", sliders),
        ("date", date),
    ]
    known = [f"  {name:<8} {text}" for name, text in of_model if text != _NONE]
    return "\n".join([file, f"  file     {sound}, {precision}, {kind}, {size}", *known])


def _order(file: ArtifactFile) -> tuple[str, ...]:
    metadata = file.metadata
    return metadata.model.name, metadata.model.id, metadata.source_sha256, file.path.name


def _row(file: ArtifactFile) -> tuple[str, ...]:
    metadata = file.metadata
    model = metadata.model
    return (
        shown(file.path.name),
        metadata.reconstruction,
        metadata.precision,
        file.format,
        f"{file.size_bytes / 1e6:.1f} MB",
        one_line(model.name) or _NONE,
        one_line(model.dataset_name) or _NONE,
        str(len(metadata.sliders.sliders)) if metadata.sliders else "none",
        one_line(model.training_date or model.saved_at)[:10] or _NONE,
    )
