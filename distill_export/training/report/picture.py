"""Pictures for a web page, made of nothing but numpy: a spectrogram as PNG, curves as SVG."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from distill_runtime.arrays import Float64Array, FloatArray

# Corners of a colour map from dark to bright, even to the eye (after matplotlib's "inferno").
_COLOURS = np.array(
    [(0, 0, 4), (40, 11, 84), (101, 21, 110), (159, 42, 99), (212, 72, 66), (245, 125, 21),
     (250, 193, 39), (252, 255, 164)],
    np.float64,
)  # fmt: skip
_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 640, 240, 56, 24


def spectrogram_png(levels: FloatArray, low: float, high: float, *, scale: int = 3) -> bytes:
    """Draw levels, low bands at the bottom.

    Args:
        levels: `[bands, frames]`.
        low: Level that is black.
        high: Level that is brightest.
        scale: Pixels of a value's side.
    """
    shown = np.clip((levels[::-1] - low) / max(high - low, 1e-9), 0, 1) * (len(_COLOURS) - 1)
    shown = shown.repeat(scale, axis=0).repeat(scale, axis=1)
    below = np.minimum(shown.astype(int), len(_COLOURS) - 2)
    part = (shown - below)[..., None]
    pixels = _COLOURS[below] * (1 - part) + _COLOURS[below + 1] * part
    return _png(pixels.round().astype(np.uint8))


def curves_svg(curves: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Draw curves over the same axes, each of points (x, y); empty ones are left out."""
    drawn = {name: np.asarray(points, float) for name, points in curves.items() if len(points)}
    if not drawn:
        return ""
    every = np.concatenate(list(drawn.values()))
    (x0, y0), (x1, y1) = every.min(axis=0), every.max(axis=0)
    span = np.array([max(x1 - x0, 1e-9), max(y1 - y0, 1e-9)])
    size = np.array([_WIDTH - _LEFT - 8, _HEIGHT - _BOTTOM - 8])

    def place(points: Float64Array) -> str:
        at = (points - (x0, y0)) / span * size
        return " ".join(f"{_LEFT + x:.1f},{8 + size[1] - y:.1f}" for x, y in at)

    lines = []
    for i, (name, points) in enumerate(drawn.items()):
        colour = f"hsl({(20 + 190 * i) % 360} 70% 45%)"
        lines += [
            f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" '
            f'points="{place(points)}"/>',
            f'<text x="{_WIDTH - 12}" y="{24 + 16 * i}" text-anchor="end" '
            f'fill="{colour}">{name}</text>',
        ]
    axes = (
        f'<rect x="{_LEFT}" y="8" width="{size[0]}" height="{size[1]}" fill="none" '
        f'stroke="#888"/>'
        f'<text x="{_LEFT - 4}" y="18" text-anchor="end">{y1:.3g}</text>'
        f'<text x="{_LEFT - 4}" y="{8 + size[1]}" text-anchor="end">{y0:.3g}</text>'
        f'<text x="{_LEFT}" y="{_HEIGHT - 8}">{x0:g}</text>'
        f'<text x="{_WIDTH - 8}" y="{_HEIGHT - 8}" text-anchor="end">{x1:g}</text>'
    )
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" '
        f'font-size="12" fill="currentColor">{axes}{"".join(lines)}</svg>'
    )


def _png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Encode uint8 `[height, width, 3]` (PNG specification, sections 5 and 11)."""
    height, width, _ = pixels.shape
    rows = np.zeros((height, 1 + width * 3), np.uint8)  # each starts with filter 0
    rows[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _part(b"IHDR", header)
        + _part(b"IDAT", zlib.compress(rows.tobytes(), 9))
        + _part(b"IEND", b"")
    )


def _part(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)
