"""A page with an artifact in it is read as strictly as the artifact, and plays as it does."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distill_runtime.artifact.artifact import Artifact
from distill_runtime.artifact.description import describe
from distill_runtime.artifact.file import ArtifactFile
from distill_runtime.artifact.page_file import MARKER, packed
from distill_runtime.artifact.verification import verify
from distill_runtime.contract import HTML, ONNX, PT2
from distill_runtime.errors import ArtifactError
from tests.distill_runtime.small_artifacts import LATENT_DIM, save, seal, small_model

TEMPLATE = b"<!doctype html>\n<title>Distill</title>" + MARKER + b"<script>play()</script>\n"
OPENING = b'<script id="distill-model" type="application/octet-stream" data-name="rain.onnx">'


@pytest.fixture
def data() -> bytes:
    return bytes(seal(small_model()).SerializeToString())


@pytest.fixture
def page(data: bytes, tmp_path: Path) -> Path:
    return save(packed(TEMPLATE, data, name="rain.onnx"), tmp_path / "rain.html")


def test_the_element_is_as_the_page_looks_for_it(data: bytes, page: Path) -> None:
    element = OPENING + base64.b64encode(data) + b"</script>"
    assert page.read_bytes() == TEMPLATE.replace(MARKER, element)


def test_a_name_cannot_leave_its_attribute(data: bytes) -> None:
    page = packed(TEMPLATE, data, name='"><script>&\udc80')
    assert b'data-name="&quot;&gt;&lt;script&gt;&amp;?">' in page
    assert ArtifactFile.inspect(page, trust=True).data == page


def test_what_a_page_holds_is_an_artifact(data: bytes, page: Path, tmp_path: Path) -> None:
    alone = ArtifactFile.inspect(save(data, tmp_path / "rain.onnx"), trust=True)
    file = ArtifactFile.inspect(page, trust=True)
    assert (file.format, alone.format) == (HTML, ONNX)
    assert file.metadata == alone.metadata
    assert file.sha256() == alone.sha256()
    assert file.weights_sha256() == file.metadata.weights_sha256
    assert file.size_bytes == page.stat().st_size
    assert "a browser opens it" in describe(file)


def test_it_plays_as_the_artifact_does(data: bytes, page: Path) -> None:
    artifact, alone = (Artifact.load(source, trust=True) for source in (page, data))
    latents = np.ones((1, 2, LATENT_DIM), np.float32)
    np.testing.assert_array_equal(artifact.render(latents), alone.render(latents))
    assert artifact.sha256 == alone.sha256
    assert verify(artifact).passed


def test_it_is_refused_where_only_others_will_do(page: Path) -> None:
    with pytest.raises(ArtifactError, match="is an ONNX artifact: distill-run plays it"):
        ArtifactFile.inspect(page, formats=(PT2,), trust=True)
    assert ArtifactFile.inspect(page, formats=(HTML,), trust=True).format == HTML


def test_a_change_of_the_model_is_found(page: Path) -> None:
    whole = page.read_bytes()
    place = whole.index(OPENING) + len(OPENING) + 40
    page.write_bytes(whole[:place] + (b"B" if whole[place] == 65 else b"A") + whole[place + 1 :])
    try:
        artifact = Artifact.load(page, trust=True)
    except ArtifactError:
        return
    assert not verify(artifact).passed


def test_a_page_may_start_with_a_mark_or_a_space(data: bytes) -> None:
    page = packed(TEMPLATE, data, name="rain.onnx")
    for start in (b"\xef\xbb\xbf", b"\n  "):
        assert ArtifactFile.inspect(start + page, trust=True).format == HTML


@pytest.mark.parametrize("at", [2**20 - 30, 2**20 - 1, 2**20, 3 * 2**20 + 7])
def test_a_model_is_found_wherever_it_lies(data: bytes, at: int) -> None:
    page = packed(b"<p>" + b" " * (at - 3) + MARKER, data, name="rain.onnx")
    assert page.index(OPENING) == at
    assert ArtifactFile.inspect(page, trust=True).format == HTML


def spoilt(how: str, page: bytes) -> bytes:
    start = page.index(OPENING)
    end = page.index(b"</script>", start)
    model = page[start + len(OPENING) : end]
    return {
        "no model": TEMPLATE,
        "two models": page + page[start:],
        "no name": page.replace(b'data-name="rain.onnx"', b'data-name="rain.onnx" onload="x"'),
        "an endless name": page.replace(b"rain.onnx", b"r" * 5000),
        "cut off": page[:end],
        "cut in the name": page[: start + len(OPENING) - 3],
        "no base64": page.replace(model[:8], b"<b>rain<"),
        "spaces in it": page.replace(model[:8], model[:4] + b"\n" + model[4:8]),
        "more behind it": page.replace(model, model.rstrip(b"=") + b"====AAAA"),
        "nothing in it": page.replace(model, b""),
        "another file": page.replace(model, base64.b64encode(b"PK\x03\x04 a zip")),
        "a page in it": page.replace(model, base64.b64encode(page)),
    }[how]


SPOILT = {
    "no model": "is a page without a model in it, expected one of distill-export",
    "two models": "is a page with two models in it, expected one",
    "no name": "is a page whose model has no name that can be read",
    "an endless name": "is a page whose model has no name that can be read",
    "cut off": "is a page that is cut off: its model has no end",
    "cut in the name": "is a page whose model has no name that can be read",
    "no base64": "is a page whose model is damaged: it is no base64",
    "spaces in it": "is a page whose model is damaged: it is no base64",
    "more behind it": "is a page whose model is damaged: it is no base64",
    "nothing in it": "",
    "another file": "",
    "a page in it": "",
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_spoilt_page_is_refused_in_one_line(page: Path, how: str) -> None:
    page.write_bytes(spoilt(how, page.read_bytes()))
    readers: list[Any] = [ArtifactFile.inspect, Artifact.load]
    for read in readers:
        with pytest.raises(ArtifactError) as refused:
            read(page, trust=True)
        assert str(refused.value).startswith(f"{page}: {SPOILT[how]}")
        assert "\n" not in str(refused.value)
