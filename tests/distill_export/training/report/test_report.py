from __future__ import annotations

import base64
import io
import re
import struct
import xml.etree.ElementTree as ET
import zlib
from html.parser import HTMLParser

import numpy as np
import soundfile

from distill_export.training.report.picture import curves_svg, spectrogram_png


def decode_png(content: bytes) -> np.ndarray:
    """Read an image without interlacing, whose rows all have filter 0."""
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    at, data, size = 8, b"", (0, 0)
    while at < len(content):
        length, name = struct.unpack(">I4s", content[at : at + 8])
        part = content[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack(">I", content[at + 8 + length : at + 12 + length])
        assert checksum == zlib.crc32(name + part)
        if name == b"IHDR":
            size = struct.unpack(">II", part[:8])
        data += part if name == b"IDAT" else b""
        at += 12 + length
    rows = np.frombuffer(zlib.decompress(data), np.uint8).reshape(size[1], 1 + 3 * size[0])
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(size[1], size[0], 3)


def test_a_spectrogram_is_drawn_with_low_bands_at_the_bottom() -> None:
    levels = np.full((4, 6), -20.0)
    levels[0, 2] = 50.0
    image = decode_png(spectrogram_png(levels, -20.0, 50.0, scale=2))
    assert image.shape == (8, 12, 3)
    bright = np.argwhere(image.sum(axis=2) > 300)
    assert bright.min(axis=0).tolist() == [6, 4]
    assert bright.max(axis=0).tolist() == [7, 5]
    assert spectrogram_png(levels * np.inf, -20.0, 50.0)


def test_curves_are_drawn_within_their_axes() -> None:
    picture = curves_svg({"a": [(1, 5.0), (2, 3.0), (3, 4.0)], "b": [], "c": [(1, 1.0)]})
    root = ET.fromstring(picture)
    lines = root.findall("polyline")
    assert len(lines) == 2
    points = [[float(v) for v in p.split(",")] for p in lines[0].attrib["points"].split()]
    assert all(0 <= x <= 640 and 0 <= y <= 240 for x, y in points)
    assert points[0][1] < points[2][1] < points[1][1]  # 5 is above 4, and that above 3
    assert curves_svg({"b": []}) == ""


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]


def test_the_page_needs_nothing_beside_itself(trained) -> None:
    text = trained.report.read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    assert page.sources and all(source.startswith("data:") for source in page.sources)
    images = [s for s in page.sources if s.startswith("data:image/png;base64,")]
    sounds = [s for s in page.sources if s.startswith("data:audio/wav;base64,")]
    assert len(images) == 3 * 2  # three chunks were held out
    assert len(sounds) == 3 * 2 + 1
    for image in images:
        assert decode_png(base64.b64decode(image.partition(",")[2])).shape == (384, 282, 3)
    for sound in sounds:
        samples, rate_hz = soundfile.read(io.BytesIO(base64.b64decode(sound.partition(",")[2])))
        assert rate_hz == 48_000
        assert np.abs(samples).max() > 0.1
    assert text.count("<svg") == 3
    for label in trained.result.analysis.suggested_labels:
        assert label in text
    assert re.search(r"always answering the mean: [\d.]+ dB", text)
