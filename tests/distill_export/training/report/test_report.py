from __future__ import annotations

import base64
import html
import io
import json
import os
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile

from distill_export.verify.controls.sound_figures import FIGURES
from tests.distill_export.training.report.png import decode_png

CHROMIUM = Path(os.environ.get("DISTILL_CHROMIUM", "/usr/bin/chromium"))


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]


def read_page(trained) -> tuple[str, _Page]:
    text = trained.report.read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    return text, page


def test_the_page_needs_nothing_beside_itself(trained) -> None:
    text, page = read_page(trained)
    assert page.sources and all(source.startswith("data:") for source in page.sources)
    images = [s for s in page.sources if s.startswith("data:image/png;base64,")]
    sounds = [s for s in page.sources if s.startswith("data:audio/mpeg;base64,")]
    assert len(images) == 3 * 2  # three chunks were held out
    assert len(sounds) == text.count("<audio")
    for image in images:
        assert decode_png(base64.b64decode(image.partition(",")[2])).shape == (384, 282, 3)
    for sound in sounds:
        samples, rate_hz = soundfile.read(io.BytesIO(base64.b64decode(sound.partition(",")[2])))
        assert rate_hz == 48_000
        assert 0.1 < np.abs(samples).max() < 1.0
    assert text.count("<svg") == 3 + len(images)
    assert len(text) < 4e6


def test_the_page_begins_with_what_was_learnt(trained) -> None:
    text, _ = read_page(trained)
    result = trained.result
    sentences = re.findall(r'<p class="verdict">(.*?)</p>', text)
    assert sentences == [f"{html.escape(sentence)}." for sentence in result.verdict]
    assert f"{result.val_log_mel_db:.1f} dB off (always answering the mean: " in sentences[0]
    assert f"{result.seeds.nearest_db:.1f} dB off (for a recorded second" in sentences[1]
    assert text.index(sentences[1]) < text.index("<h2>")


def test_each_slider_and_control_has_a_player(trained) -> None:
    text, _ = read_page(trained)
    sliders = text[text.index("<h2>Sliders") : text.index("<h2>Controls")]
    labels = trained.result.analysis.suggested_labels
    assert re.findall("<b>(.*?)</b>", sliders) == [html.escape(label) for label in labels]
    assert sliders.count("<audio") == len(labels)
    controls = text[text.index("<h2>Controls") : text.index("<h2>Original")]
    names = re.findall("<b>(.*?)</b>", controls)
    assert "Brightness" in names  # what the recordings differ by
    assert set(names) <= {figure.name for figure in FIGURES}
    assert controls.count("<audio") == len(names)
    assert text.count("<audio") == len(labels) + len(names) + 3 * 2 + 2


def test_a_page_fits_a_narrow_window(trained, tmp_path: Path) -> None:
    if not CHROMIUM.is_file():
        pytest.skip("needs Chromium")
    text, _ = read_page(trained)
    page = tmp_path / "page.html"
    page.write_text(
        f"{text}<script>parent.postMessage([innerWidth, "
        "document.documentElement.scrollWidth], '*')</script>",
        encoding="utf-8",
    )
    frame = tmp_path / "frame.html"  # a window cannot be made that narrow, a frame can
    frame.write_text(
        "<!doctype html><title></title><script>"
        "onmessage = (event) => { document.title = JSON.stringify(event.data) }</script>"
        '<iframe width="400" height="800" src="page.html" style="border: 0"></iframe>',
        encoding="utf-8",
    )
    done = subprocess.run(
        [
            CHROMIUM,
            *("--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000"),
            *(f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", frame.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found = re.search(r"<title>(\[.*?\])</title>", done.stdout)
    assert found is not None
    window, needed = json.loads(found[1])
    assert window == 400
    assert needed <= window
