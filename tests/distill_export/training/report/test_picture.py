from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_export.training.report.picture import (
    curves_svg,
    spectrogram_png,
    spectrogram_svg,
)
from tests.distill_export.training.report.png import decode_png


def test_a_spectrogram_is_drawn_with_low_bands_at_the_bottom() -> None:
    levels = np.full((4, 6), -20.0)
    levels[0, 2] = 50.0
    image = decode_png(spectrogram_png(levels, -20.0, 50.0, scale=2))
    assert image.shape == (8, 12, 3)
    bright = np.argwhere(image.sum(axis=2) > 300)
    assert bright.min(axis=0).tolist() == [6, 4]
    assert bright.max(axis=0).tolist() == [7, 5]
    assert spectrogram_png(levels * np.inf, -20.0, 50.0)


def texts(picture: ET.Element) -> list[str]:
    return [text.text or "" for text in picture.iter("text")]


def test_a_spectrogram_has_axes() -> None:
    picture = ET.fromstring(spectrogram_svg(np.zeros((128, 94)), -20.0, 50.0))
    assert texts(picture) == ["200", "1k", "4k", "12k", "0", "0.5", "1", "Hz", "seconds"]
    heights = [float(text.attrib["y"]) for text in picture.iter("text")][:4]
    assert heights == sorted(heights, reverse=True)
    image = picture.find("image")
    assert image is not None
    top, height = float(image.attrib["y"]), float(image.attrib["height"])
    # 4 kHz is at 2146 of 4016 mel (O'Shaughnessy's formula), and its letters 4 pixels lower.
    assert heights[2] == pytest.approx(top + height * (1 - 2146.1 / 4015.9) + 4, abs=0.2)


def test_curves_are_drawn_within_their_axes() -> None:
    picture = curves_svg(
        {"a": [(1, 5.0), (2, 3.0), (3, 4.0)], "b": [], "c": [(1, 1.0)]},
        title="Loss",
        x_unit="epochs",
        y_unit="dB",
    )
    root = ET.fromstring(picture)
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    lines = root.findall("polyline")
    assert len(lines) == 2
    points = [[float(v) for v in p.split(",")] for p in lines[0].attrib["points"].split()]
    assert all(0 <= x <= width and 0 <= y <= height for x, y in points)
    assert points[0][1] < points[2][1] < points[1][1]  # 5 is above 4, and that above 3
    assert {"epochs", "dB", "a", "c"} <= set(texts(root))
    assert curves_svg({"b": []}, title="", x_unit="", y_unit="") == ""


@given(
    st.floats(-1e4, 1e4, allow_subnormal=False),
    st.floats(0, 1e4, allow_subnormal=False),
)
def test_ticks_are_few_and_where_their_numbers_say(low: float, span: float) -> None:
    picture = curves_svg({"a": [(0, low), (1, low + span)]}, title="", x_unit="", y_unit="")
    root = ET.fromstring(picture)
    ticks = [t for t in root.iter("text") if t.attrib.get("text-anchor") == "end"][:-2]
    assert 1 <= len(ticks) <= 5
    frame = root.find("rect")
    assert frame is not None
    top, height = float(frame.attrib["y"]), float(frame.attrib["height"])
    for tick in ticks:
        assert re.fullmatch(r"-?[\d.]+(e[+-]\d+)?", tick.text or "")
        y = float(tick.attrib["y"]) - 4
        assert top - 1 <= y <= top + height + 1
