"""Pictures for a web page, made of nothing but numpy: a spectrogram as PNG, curves as SVG."""

from __future__ import annotations

import base64
import math
import struct
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from distill_runtime.arrays import Float64Array, FloatArray
from distill_runtime.contract import HOP_LENGTH, SAMPLE_RATE_HZ

# Corners of a colour map from dark to bright, even to the eye (after matplotlib's "inferno").
_COLOURS = np.array(
    [(0, 0, 4), (40, 11, 84), (101, 21, 110), (159, 42, 99), (212, 72, 66), (245, 125, 21),
     (250, 193, 39), (252, 255, 164)],
    np.float64,
)  # fmt: skip
# Of a picture with axes, in pixels of the narrowest page, so that its letters can be read there.
_WIDTH, _HEIGHT = 360, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 20, 36
_MOST_TICKS = 5


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


def spectrogram_svg(levels: FloatArray, low: float, high: float) -> str:
    """Draw a chunk's levels with its axes: seconds, and the frequencies of mel bands.

    Args:
        levels: `[n_mels, frames]` of a chunk.
        low: Level that is black.
        high: Level that is brightest.
    """
    encoded = base64.b64encode(spectrogram_png(levels, low, high)).decode()
    width, height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    drawn = [
        f'<image x="{_LEFT}" y="{_TOP}" width="{width}" height="{height}" '
        f'preserveAspectRatio="none" href="data:image/png;base64,{encoded}"/>'
    ]
    for frequency_hz, text in ((200, "200"), (1000, "1k"), (4000, "4k"), (12_000, "12k")):
        up = math.log1p(frequency_hz / 700) / math.log1p(SAMPLE_RATE_HZ / 2 / 700)  # HTK's mel
        drawn += _y_tick(_TOP + (1 - up) * height, text)
    seconds = levels.shape[1] * HOP_LENGTH / SAMPLE_RATE_HZ
    drawn += [
        line for t in (0.0, 0.5, 1.0) for line in _x_tick(_LEFT + t / seconds * width, f"{t:g}")
    ]
    return _svg("spectrogram", drawn, x_unit="seconds", y_unit="Hz")


def curves_svg(
    curves: Mapping[str, Sequence[tuple[float, float]]], *, title: str, x_unit: str, y_unit: str
) -> str:
    """Draw curves over the same axes, each of points (x, y); empty ones are left out.

    Args:
        curves: By name.
        title: What a screen reader says of the picture.
        x_unit: What x counts.
        y_unit: What y is measured in.
    """
    drawn = {name: np.asarray(points, float) for name, points in curves.items() if len(points)}
    if not drawn:
        return ""
    every = np.concatenate(list(drawn.values()))
    (x0, x1), (y0, y1) = (_widened(*ends) for ends in zip(every.min(0), every.max(0), strict=True))
    span = np.array([x1 - x0, y1 - y0])
    size = np.array([_WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM])

    def place(points: Float64Array) -> Float64Array:
        at: Float64Array = (points - (x0, y0)) / span * size
        return np.stack([_LEFT + at[:, 0], _TOP + size[1] - at[:, 1]], axis=1)

    lines = [
        f'<rect x="{_LEFT}" y="{_TOP}" width="{size[0]}" height="{size[1]}" fill="none" '
        f'stroke="#888"/>'
    ]
    for y in _round_values(y0, y1):
        lines += _y_tick(place(np.array([(x0, y)]))[0, 1], f"{y:g}")
    for x in _round_values(x0, x1):
        lines += _x_tick(place(np.array([(x, y0)]))[0, 0], f"{x:g}")
    for i, (name, points) in enumerate(drawn.items()):
        colour = f"hsl({(20 + 190 * i) % 360} 70% 45%)"
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in place(points))
        lines += [
            f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{path}"/>',
            f'<text x="{_WIDTH - _RIGHT - 6}" y="{_TOP + 16 + 16 * i}" text-anchor="end" '
            f'fill="{colour}">{name}</text>',
        ]
    return _svg(title, lines, x_unit=x_unit, y_unit=y_unit)


def _round_values(low: float, high: float) -> list[float]:
    """Return the multiples of 1, 2 or 5 times a power of ten in a range: five at most."""
    power = 10.0 ** math.floor(math.log10(high - low))
    for step in (power / 5, power / 2, power, 2 * power):
        first, last = math.ceil(low / step), math.floor(high / step)
        if last - first < _MOST_TICKS:
            break
    return [float(f"{i * step:.6g}") for i in range(first, last + 1)]


def _widened(low: float, high: float) -> tuple[float, float]:
    """Return a range with room for numbers that can be told apart."""
    least = 0.01 * max(abs(low), abs(high), 1e-6)
    slack = max(0.0, least - (high - low)) / 2
    return low - slack, high + slack


def _y_tick(y: float, text: str) -> list[str]:
    return [
        f'<path d="M{_LEFT - 4} {y:.1f}h4" stroke="#888"/>',
        f'<text x="{_LEFT - 7}" y="{y + 4:.1f}" text-anchor="end">{text}</text>',
    ]


def _x_tick(x: float, text: str) -> list[str]:
    bottom = _HEIGHT - _BOTTOM
    return [
        f'<path d="M{x:.1f} {bottom}v4" stroke="#888"/>',
        f'<text x="{x:.1f}" y="{bottom + 17}" text-anchor="middle">{text}</text>',
    ]


def _svg(title: str, drawn: Sequence[str], *, x_unit: str, y_unit: str) -> str:
    units = (
        f'<text x="4" y="13">{y_unit}</text>'
        f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 4}" text-anchor="end">{x_unit}</text>'
    )
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{title}" '
        f'font-size="12" fill="currentColor">{"".join(drawn)}{units}</svg>'
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
