"""What the runtime knows of the exporter's graphs, and what it says to others."""

from __future__ import annotations

import hashlib
import io
import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distill_runtime.artifact.artifact import Artifact
from distill_runtime.artifact.file import ArtifactFile
from distill_runtime.artifact.known import known_graph
from distill_runtime.artifact.known.known_graph import UnknownStructureError, evaluate, recognise
from distill_runtime.artifact.scan.constants import fingerprint_sums, values_of
from distill_runtime.artifact.scan.onnx_scan import scan_onnx
from distill_runtime.artifact.session import SessionOptions, open_session_from_bytes
from distill_runtime.artifact.verification import verify
from distill_runtime.errors import ArtifactError
from tests.distill_runtime.small_artifacts import onnx, save, seal, small_model

known_artifacts = pytest.importorskip("tests.known_artifacts")

pytestmark = pytest.mark.usefixtures("traced_once")


@pytest.fixture(scope="module")
def learned() -> bytes:
    return known_artifacts.artifact()


@pytest.fixture(scope="module")
def refined() -> bytes:
    return known_artifacts.artifact(passes=3, is_expanded=True)


def refusal(data: bytes, kind: type[ArtifactError] = ArtifactError) -> str:
    with pytest.raises(kind) as caught:
        Artifact.load(data)
    message = str(caught.value)
    assert message.isprintable()
    return message


def changed(data: bytes, **changes: Any) -> bytes:
    """Return the artifact with another document."""
    return known_artifacts.sealed(onnx.ModelProto.FromString(data), **changes)


def test_a_graph_is_known_for_what_it_is(learned: bytes, refined: bytes) -> None:
    for data, reconstruction, latency in ((learned, "learned", 1024), (refined, "refined", 2048)):
        structure = ArtifactFile.inspect(data).structure
        assert structure is not None
        assert (structure.reconstruction, structure.latency_samples) == (reconstruction, latency)
        assert not structure.integers
        assert not structure.halves
        assert len(structure.arrays) > 15


def test_what_is_known_plays(learned: bytes, refined: bytes) -> None:
    for data in (learned, refined):
        artifact = Artifact.load(data)
        assert artifact.is_known
        sound = artifact.render(np.ones((1, 2, artifact.latent_dim), np.float32))
        assert np.abs(sound).max() > 0


def test_another_graph_is_refused_as_unknown_but_for_trust(tmp_path: Path) -> None:
    path = save(seal(small_model()), tmp_path / "small.onnx")
    with pytest.raises(UnknownStructureError) as caught:
        Artifact.load(path)
    assert str(caught.value).startswith(f"{path}: unknown structure (")
    assert "--trust" in str(caught.value)
    assert not Artifact.load(path, trust=True).is_known
    assert ArtifactFile.inspect(path, trust=True).structure is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"reconstruction": "refined"}, "reconstruction 'refined', its graph 'learned'"),
        ({"precision": "int8"}, "precision 'int8', its graph 'float32'"),
        ({"latency_samples": 1025}, "latency_samples 1025, its graph 1024"),
    ],
)
def test_a_document_at_odds_with_its_graph_is_refused(
    learned: bytes, changes: dict[str, Any], expected: str
) -> None:
    assert expected in refusal(changed(learned, **changes))


def test_a_layer_that_is_too_wide_is_refused(
    learned: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_graph, "MAX_LAYER_VALUES", 24_575)  # two channels of 128 by 96
    assert "a layer of its decoder has 24576 values" in refusal(learned)


def with_values(data: bytes, name: str, change: Any) -> bytes:
    """Return an artifact in which a constant of floats holds something else."""
    model = onnx.ModelProto.FromString(data)
    (stored,) = (t for t in model.graph.initializer if t.name == name)
    values = onnx.numpy_helper.to_array(stored).copy()
    change(values)
    stored.raw_data = values.tobytes()
    return known_artifacts.sealed(model)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["decoder.linear.weight", "spectrum.turns.gram"])
def test_a_constant_without_numbers_is_refused(learned: bytes, name: str, number: float) -> None:
    def spoil(values: np.ndarray) -> None:
        values.flat[7] = number

    assert "not all finite" in refusal(with_values(learned, name, spoil))


def test_another_window_is_refused_but_another_machines_rounding_is_not(learned: bytes) -> None:
    def softer(values: np.ndarray) -> None:
        values *= np.float32(0.99)

    def rounded_otherwise(values: np.ndarray) -> None:
        values[::3] = np.nextafter(values[::3], np.float32(2.0))

    name = "inverse_stft.window"
    assert "unknown structure" in refusal(with_values(learned, name, softer))
    Artifact.load(with_values(learned, name, rounded_otherwise))


def test_any_one_number_of_signal_processing_shows_in_the_fingerprint() -> None:
    choices = np.random.default_rng(1)
    values = choices.normal(size=10_000)
    sums = np.array(fingerprint_sums(values))
    for place in choices.integers(0, values.size, 100):
        other = values.copy()
        other[place] += 1.0
        # Weights of half and more in blocks, and again from block to block.
        assert np.abs(np.array(fingerprint_sums(other)) - sums).min() > 0.2


def test_fingerprints_tell_every_array_from_every_other(refined: bytes) -> None:
    file = io.BytesIO(refined)
    structure = recognise(scan_onnx(file, len(refined)), file, latent_dim=16)
    arrays = [values_of(tensor, refined) for tensor, _ in structure.arrays]
    for one, other in itertools.combinations(arrays, 2):
        alike = np.allclose(fingerprint_sums(one), fingerprint_sums(other), atol=1e-3)
        # Some stand there in float32 and in float64.
        assert alike == (one.size == other.size and np.allclose(one, other, atol=1e-6))


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_an_artifact_in_memory_is_loaded_as_one_in_a_file(
    learned: bytes, kind: Any, tmp_path: Path
) -> None:
    artifact = Artifact.load(kind(learned))
    other = Artifact.load(save(learned, tmp_path / "file.onnx"))
    assert artifact.sha256 == other.sha256 == hashlib.sha256(learned).hexdigest()
    assert (artifact.name, other.name) == ("Rain.onnx", "file.onnx")
    assert str(artifact.path) == "Rain.onnx"
    latents = np.ones((1, 1, 16), np.float32)
    np.testing.assert_array_equal(artifact.render(latents), other.render(latents))
    assert artifact.weights_sha256() == artifact.metadata.weights_sha256


def test_a_constant_of_endless_dimensions_is_refused_at_once(learned: bytes) -> None:
    model = onnx.ModelProto.FromString(learned)
    constant = next(t for t in model.graph.initializer if list(t.dims) == [1] or not t.dims)
    constant.dims[:] = [1] * 50_000
    user = next(node for node in model.graph.node if constant.name in node.input)
    user.input.extend([constant.name] * 50_000)  # 2.5 thousand million numbers, written out
    assert "a constant is not held as exporters hold it" in refusal(
        model.SerializeToString(), UnknownStructureError
    )


def test_an_inner_value_cannot_hide_a_weight(refined: bytes) -> None:
    model = onnx.ModelProto.FromString(refined)
    inner = next(a.g for node in model.graph.node for a in node.attribute if a.HasField("g"))
    weight = onnx.numpy_helper.from_array(np.ones(3, np.float16), "half")
    model.graph.initializer.append(weight)
    cast = onnx.helper.make_node("Cast", ["half"], [inner.node[0].output[0]], to=1)
    model.graph.node.insert(0, cast)
    assert "a name stands for two things" in refusal(
        model.SerializeToString(), UnknownStructureError
    )


@pytest.mark.parametrize(
    ("data", "expected"),
    [(b"", "the artifact: is empty"), (b"PK\3\4 and more", "the artifact: "), (3, "not int")],
)
def test_what_is_in_memory_and_no_artifact_is_refused(data: Any, expected: str) -> None:
    assert expected in refusal(data)


def test_what_was_checked_is_what_is_loaded(
    learned: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distill_runtime.artifact import artifact as module

    path = save(learned, tmp_path / "swapped.onnx")
    opened = module.open_session_from_bytes

    def swap(*arguments: Any) -> Any:
        path.write_bytes(seal(small_model()).SerializeToString())
        return opened(*arguments)

    monkeypatch.setattr(module, "open_session_from_bytes", swap)
    artifact = Artifact.load(path)
    assert artifact.sha256 == hashlib.sha256(learned).hexdigest()
    assert artifact.step(np.ones((1, 1, 16), np.float32), artifact.initial_state())[0].any()
    with pytest.raises(ArtifactError, match="changed since it was loaded"):
        verify(artifact)


def test_what_a_session_is_made_of_is_not_kept(learned: bytes) -> None:
    session = open_session_from_bytes(learned, SessionOptions(provider="cpu"))
    assert getattr(session, "_model_bytes", None) is None


@pytest.mark.parametrize(
    ("expression", "expected"),
    [("channels1", 5), ("8*channels1", 40), ("2*channels1*base_width", 30), ("4*other", None)],
)
def test_products_of_sizes(expression: str, expected: int | None) -> None:
    assert evaluate(expression, {"channels1": 5, "base_width": 3}) == expected
