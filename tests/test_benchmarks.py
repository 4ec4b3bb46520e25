"""The benchmarks run, and what they measure against is what it says it is; no time is checked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from benchmarks import (
    end_to_end,
    fidelity,
    formats,
    limits,
    machine,
    memory,
    precisions,
    stages,
)
from benchmarks.figures import Figure, ratio, save, table
from benchmarks.original import Original
from benchmarks.subject import Subject
from benchmarks.timing import Timing, interleave
from distill_export.model.vae import VAEShape
from distill_runtime import GenerationConfig, GenerationPipeline
from distill_runtime.audio.snr import snr_db
from tests.distill_export.model_files import model_content, write

REPOSITORY = Path(__file__).parents[1]

# Each benchmark exports for itself.
pytestmark = pytest.mark.usefixtures("traced_once", "without_controls")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("benchmarks")


@pytest.fixture(scope="module")
def subject(folder: Path) -> Subject:
    return Subject.from_model(write(model_content(), folder / "tiny.distill"), folder, threads=1)


@pytest.fixture(scope="module")
def graphs(subject: Subject) -> stages.Stages:
    return stages.Stages(subject, options=subject.artifact.options)


def names(figures: list[Figure]) -> list[str]:
    assert all(np.isfinite(figure.value) for figure in figures)
    return [figure.name for figure in figures]


def test_precisions_are_told_by_size_and_time(subject: Subject) -> None:
    figures = precisions.measure_precisions(subject, steps=(2,), rounds=1)
    sizes = [figure.value for figure in figures if figure.group == "weights"]
    assert sizes == sorted(sizes, reverse=True)
    assert names(figures)[3:8] == [
        *("float32", "float16", "int8"),
        *("float32 / float16", "float32 / int8"),
    ]
    assert [figure.goal for figure in figures if figure.goal] == [2.0]


def test_the_original_renders_what_the_artifact_renders(subject: Subject) -> None:
    original, latents = Original(subject.loaded), subject.latents(2)
    expected, found = original.render(latents), subject.artifact.render(latents)[0]
    assert snr_db(expected, found[: len(expected)]) > 90
    finished = original.generate(2.0, seed=5)
    result = GenerationPipeline(subject.artifact).generate(GenerationConfig(duration_s=2.0, seed=5))
    kept = len(finished) - 2048  # the original is shorter, and its filter ends there
    assert snr_db(finished[:kept], result.audio[0, :kept]) > 90


def test_what_is_lost_in_rounding_is_measured(subject: Subject) -> None:
    found = fidelity.measure_fidelity(subject, durations_s=(1.0, 2.0), seeds=range(2))
    assert list(found) == [1.0, 2.0]
    for distances in found.values():
        assert len(distances) == 3
        assert all(len(values) == 2 and min(values) > 60 for values in distances.values())


def test_the_decoders_arithmetic_is_counted() -> None:
    assert limits.decoder_flops(VAEShape(latent_dim=128)) == pytest.approx(0.353e9, rel=0.02)


def test_the_frames_for_the_library_are_those_of_the_stage(graphs: stages.Stages) -> None:
    spectrum = graphs.spectrum(1)
    assert spectrum.shape == (47, 1025)
    real, imaginary, *_ = graphs.inputs(1)["inverse STFT"]
    assert np.array_equal(spectrum[:, 0], real[0, 0].numpy() + 1j * imaginary[0, 0].numpy())


def test_the_stages_are_measured(graphs: stages.Stages) -> None:
    assert set(stages.NAMES) < set(names(stages.measure_stages(graphs, steps=2, rounds=1)))
    found = names(stages.measure_limits(graphs, steps=(1,), rounds=1))
    assert found[:4] == [
        *(f"products, {library}" for library in ("onnxruntime", "numpy", "torch")),
        "graph / products",
    ]
    assert {f"{name} / copy" for name in stages.NAMES[1:]} < set(found)
    found = names(stages.measure_decoder(graphs, steps=(2,), rounds=1))
    assert "of the product's rate" in found


def test_the_road_from_end_to_end_is_measured(subject: Subject, folder: Path) -> None:
    found = [
        *end_to_end.measure_against_original(
            subject, subject.artifact, durations_s=(2.0,), rounds=1
        ),
        *end_to_end.measure_rendering(subject, duration_s=1.0, rounds=1),
        *end_to_end.measure_first_block(subject, rounds=1),
        *end_to_end.measure_many(subject, count=2, rounds=1),
        *end_to_end.measure_lengths(subject, durations_s=(20.0, 21.0), rounds=1),
    ]
    assert "original / artifact, finished" in names(found)
    assert "21 s / 20 s" in names(found)
    goals = {figure.name: figure.goal for figure in found if figure.goal}
    assert (goals["original / float32"], goals["original / int8"]) == (3.8, 6.0)


def test_the_machine_is_named() -> None:
    assert machine.processor().endswith(f"{machine.cores()} cores")
    assert set(machine.kernels()) == {"float32", "int8"}


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("fma avx avx2", {"float32": "AVX2 and FMA", "int8": "AVX2"}),
        ("avx512f avx512bw avx", {"float32": "AVX-512", "int8": "AVX-512"}),
        ("avx512f avx512_vnni amx_int8", {"float32": "AVX-512", "int8": "AMX"}),
        ("sse2", {"float32": "none of AVX's", "int8": "none of AVX's"}),
    ],
)
def test_the_kernels_are_the_best_that_the_processor_has(
    flags: str, expected: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = tmp_path / "cpuinfo"
    lines = ("model name : Some CPU", "cpu family : 25", "model : 1", f"flags : {flags}")
    about.write_text("\n".join(lines) + "\n\nmodel name : another\n")
    monkeypatch.setattr(machine, "_CPUINFO", about)
    assert machine.kernels() == expected
    assert machine.processor().startswith("Some CPU (family 25, model 1), ")


def test_the_formats_are_measured(folder: Path) -> None:  # three exports: seconds each
    model = write(model_content(), folder / "formats.distill")
    figures = formats.measure_formats(
        model, folder, reconstruction="learned", seconds=1.0, threads=1, rounds=1
    )
    assert names(figures).count("torchscript / onnx") == 2


def test_memory_is_measured(subject: Subject, folder: Path) -> None:
    figures = memory.measure_peak(subject, folder, durations_s=(0.5, 1.0))
    assert names(figures) == ["0.5 s", "1 s", "long / short"]
    assert "growth" in names(memory.measure_growth(subject, count=4))


def test_actions_take_turns() -> None:
    calls: list[str] = []
    actions = {name: (lambda name=name: calls.append(name)) for name in "ab"}
    assert set(interleave(actions, rounds=2)) == {"a", "b"}
    assert calls == ["a", "b"] * 3


def test_a_missed_goal_is_said(tmp_path: Path) -> None:
    slow, fast = Timing(3.0, 2.0), Timing(1.0, 1.0)
    figures = [
        ratio("speed", "slow", slow, fast, goal=2),
        ratio("speed", "gain", slow, fast, goal=2, at_least=True),
        Figure("speed", "plain", 1.0, "s"),
    ]
    assert [figure.met for figure in figures] == [False, True, None]
    assert [line.split()[-1] for line in table(figures).splitlines()[2:]] == ["MISSED", "met", "s"]
    save(figures, tmp_path / "new" / "figures.json", {"cores": 2})
    document = json.loads((tmp_path / "new" / "figures.json").read_text())
    assert document["machine"] == {"cores": 2}
    assert [figure["met"] for figure in document["figures"]] == [False, True, None]


def test_the_entry_point_says_what_it_takes() -> None:
    command = [sys.executable, "-m", "benchmarks", "--help"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert "--quick" in done.stdout
