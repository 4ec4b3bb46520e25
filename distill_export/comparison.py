"""The variants of one model side by side."""

from __future__ import annotations

from collections.abc import Sequence

from distill_export.export import ExportReport

HEADING = ("file", "size", "weights", "mel frames", "levels", "decoder", "whole")


def comparison(reports: Sequence[ExportReport]) -> str:
    """Return a table of plain text, a line each under a heading."""
    lines = [HEADING, *rows(reports)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADING))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def rows(reports: Sequence[ExportReport]) -> list[tuple[str, ...]]:
    """Return what `HEADING` names of each file.

    That is its size, its weights in MB and in parts of those in float32, how far its mel frames and
    their levels are from float32, and how many times as fast its decoder and the whole graph are.
    """
    return [_row(report) for report in reports]


def _row(report: ExportReport) -> tuple[str, ...]:
    loss = report.metadata.precision_loss
    size, weights = f"{report.size_bytes / 1e6:.1f} MB", f"{report.weight_bytes / 1e6:.1f} MB"
    if loss is None:
        return report.path.name, size, weights, "exact", "exact", "1 x", "1 x"
    return (
        report.path.name,
        size,
        f"{weights}, {loss.weight_bytes / loss.float32_weight_bytes:.2f}",
        f"{loss.mel_snr_db:.0f} dB",
        f"{loss.log_mel_distance_db:.3f} dB",
        f"{loss.decoder_speed_ratio:.1f} x",
        f"{loss.speed_ratio:.1f} x",
    )
