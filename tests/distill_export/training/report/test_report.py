from __future__ import annotations

import base64
import io
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.chromium import CHROMIUM, needs_chromium
from tests.distill_export.training.report.png import decode_png


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
