"""Artifacts for nn~: what is exported, verified, loaded and played in blocks.

What a stream does with moves is tested in test_stream.py, without a model.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.patchers import measure_blocks
from distill_export.export import ExportReport, export_model
from distill_export.formats.nn_tilde.place import PlayedPlace
from distill_export.formats.nn_tilde.player import NnTildePlayer
from distill_export.formats.nn_tilde.program import NnTildeProgram
from distill_export.formats.program import Handles, ProgramSource
from distill_export.formats.torch_artifact import TorchArtifact, open_program
from distill_export.graph.build import build_synthesizer
from distill_export.model.file import load_model
from distill_export.verify.blocks import check_blocks, played_latents
from distill_runtime import Artifact
from distill_runtime.artifact.file import ArtifactFile
from distill_runtime.artifact.verification import standard_normal_latents
from distill_runtime.audio.snr import MAX_SNR_DB, snr_db
from distill_runtime.contract import ARTIFACT_ENDINGS
from distill_runtime.errors import (
    ArtifactError,
    BackendError,
    RequestError,
    VerificationError,
)
from tests.distill_runtime.made_controls import make_control
from tests.distill_runtime.made_landmarks import make_landmarks

STEP, DIM, WINDOWS = 24_064, 16, 47
CONTROLS = (make_control("Brightness", seed=3), make_control("Loudness", seed=4))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nn")


@pytest.fixture(scope="module")
def report(tiny_source: Path, folder: Path) -> ExportReport:
    """Exported and verified."""
    return export_model(tiny_source, folder / "verified.ts", format="nn")


@pytest.fixture(scope="module")
def handles(tiny_report: ExportReport) -> Handles:
    return Handles(tiny_report.metadata.sliders, CONTROLS, make_landmarks())


@pytest.fixture(scope="module")
def path(tiny_source: Path, handles: Handles, folder: Path) -> Path:
    """One that has everything, and was not verified."""
    source = ProgramSource(build_synthesizer(load_model(tiny_source)), lambda: handles)
    return NnTildeProgram.build(source, folder / "full.ts").path


@pytest.fixture
def player(path: Path) -> NnTildePlayer:
    player = NnTildePlayer(path)
    player.set("answers", 0)
    return player


@pytest.fixture(scope="module")
def one_shot(tiny_source: Path, folder: Path) -> Callable[[np.ndarray], np.ndarray]:
    """What the ordinary TorchScript artifact plays of latents `[steps, latent_dim]`."""
    script = export_model(tiny_source, folder / "plain.ts", format="torchscript").path
    artifact = TorchArtifact.load(script)

    def rendered(latents: np.ndarray) -> np.ndarray:
        audio, _ = artifact.step(latents[None], artifact.initial_state())
        return audio

    return rendered


def held(values: np.ndarray, windows: int) -> np.ndarray:
    """Hold `[batch, inlets]` for so many windows."""
    return np.repeat(values[..., None].astype(np.float32), windows, axis=2)


def test_it_was_verified_and_says_what_it_is(report: ExportReport) -> None:
    file = ArtifactFile.inspect(report.path, formats=ARTIFACT_ENDINGS)
    assert (file.format, file.metadata) == ("nn", report.metadata)
    assert file.weights_sha256() == report.metadata.weights_sha256
    assert report.metadata.parity.streaming_snr_db == MAX_SNR_DB
    module = NnTildePlayer.load(report.path).module
    assert module.get_methods() == ["play", "decode"]
    assert module.play_params.tolist() == [3 + 1, 512, 1, 1]
    assert module.decode_params.tolist() == [DIM, 512, 1, 1]
    labels = [slider.label for slider in report.metadata.sliders.sliders]
    assert module.play_input_labels[:-1] == [f"slider {i} {x}" for i, x in enumerate(labels)]
    assert (len(module.decode_input_labels), len(module.play_output_labels)) == (DIM, 1)
    assert (module.sr, module.get_sample_rate()) == (48_000, 48_000)


def test_it_is_a_torchscript_artifact_too(report: ExportReport) -> None:
    artifact = TorchArtifact.load(report.path)
    latents = standard_normal_latents(3, 2, DIM)[None]
    found = artifact.render(latents)
    assert found.shape == (1, 3 * STEP)
    player = NnTildePlayer(report.path)
    player.set("answers", 0)
    heard = player.play("decode", np.repeat(latents.transpose(0, 2, 1), WINDOWS, axis=2))
    assert np.array_equal(
        heard[:, artifact.metadata.latency_samples :], found[:, : 2 * STEP - 1024]
    )


def test_decode_plays_what_one_shot_plays(
    player: NnTildePlayer, one_shot: Callable[[np.ndarray], np.ndarray]
) -> None:
    latents = standard_normal_latents(5, 3, DIM)
    signals = np.repeat(latents.T[None], WINDOWS, axis=2)
    heard = player.play("decode", signals, [512, 32_768, 2048, 1024])
    assert heard.std() > 1e-4
    assert np.array_equal(heard, one_shot(latents))


def test_refined_is_played_too(tiny_source: Path, handles: Handles, folder: Path) -> None:
    synthesizer = build_synthesizer(load_model(tiny_source), reconstruction="refined", quality=1)
    source = ProgramSource(synthesizer, lambda: handles)
    path = NnTildeProgram.build(source, folder / "refined.ts").path
    player = NnTildePlayer(path)
    assert player.get("answers") == 0  # by default: an answer takes long
    latents = standard_normal_latents(5, 3, DIM)
    state = np.zeros((1, synthesizer.state_size), np.float32)
    expected, _ = open_program(path, "nn")(latents[None], state, np.array(False))
    signals = np.repeat(latents.T[None], WINDOWS, axis=2)
    assert np.array_equal(player.play("decode", signals, [512, 8192]), expected)


def test_play_plays_what_one_shot_plays(
    player: NnTildePlayer, handles: Handles, one_shot: Callable[[np.ndarray], np.ndarray]
) -> None:
    levers = np.array([[1, -2, 0.5, 1, -1, 0.75], [0, 3, 0, -1.5, 0, 1]], np.float32)
    player.set("seed", 7)
    heard = player.play("play", held(levers, 4 * WINDOWS), [8192, 512])
    for row in range(2):
        latents = played_latents(handles, levers[row], 4, 7 + row, DIM)
        assert snr_db(one_shot(latents), heard[row : row + 1]) >= 100


def test_rows_are_as_if_alone_and_seeds_are_kept(path: Path) -> None:
    levers = np.array([[1, 0, 2, 0, 0, 1], [0, 1, 0, -2, 0, 0.5]], np.float32)
    signals = held(levers, 150)
    signals[0, 0, 70:] = 4.0  # answered at once, in this row only
    signals[1, 2, 90:] = -1.0

    def heard(signals: np.ndarray, seed: int) -> np.ndarray:
        player = NnTildePlayer(path)
        player.set("seed", seed)
        return player.play("play", signals, [2048, 512])

    both = heard(signals, 9)
    assert np.array_equal(both, heard(signals, 9))
    for row in range(2):
        assert np.array_equal(both[row : row + 1], heard(signals[row : row + 1], 9 + row))
    assert not np.array_equal(both[:1], heard(signals[:1], 8))


def test_a_reset_plays_the_same_again(player: NnTildePlayer) -> None:
    signals = held(np.array([[0, 0, 1, 0, 0, 1]]), 100)
    first = player.play("play", signals)
    player.set("reset", 0)
    assert not np.array_equal(player.play("play", signals), first)
    player.set("reset", 1)
    assert player.get("reset") == 0
    again = player.play("play", signals)
    assert np.array_equal(again[:, 1024:], first[:, 1024:])


def test_another_seed_begins_its_drift(player: NnTildePlayer) -> None:
    signals = held(np.array([[0, 0, 0, 0, 0, 1]]), 96)
    player.set("seed", 1)
    player.play("play", signals)
    player.set("seed", 2)
    changed = player.play("play", np.repeat(signals, 2, axis=2))
    other = NnTildePlayer(player.file)
    other.set("answers", 0)
    other.set("seed", 2)
    # Where the step before is of the other seed's, too, it is the same sound but for its phases.
    fresh = other.play("play", signals)
    assert changed.std() == pytest.approx(fresh.std(), rel=0.5)


def test_the_gain_goes_to_its_value_in_a_window(player: NnTildePlayer) -> None:
    signals = held(np.array([[0, 0, 0, 0, 0, 0]]), 192)
    plain = NnTildePlayer(player.file)
    plain.set("answers", 0)
    expected = plain.play("play", signals)
    heard = [player.play("play", signals[..., :64])]
    player.set("gain", 0.5)
    heard.append(player.play("play", signals[..., 64:128]))
    player.set("gain", 0)
    heard.append(player.play("play", signals[..., 128:]))
    ratio = np.ones(192 * 512, np.float32)
    ratio[64 * 512 :] = 0.5
    ratio[64 * 512 : 65 * 512] = np.linspace(1, 0.5, 512)
    ratio[128 * 512 :] = 0.0
    ratio[128 * 512 : 129 * 512] = np.linspace(0.5, 0, 512)
    np.testing.assert_allclose(np.concatenate(heard, axis=1), expected * ratio, atol=1e-6)


@pytest.mark.parametrize(
    ("attribute", "value", "kept"),
    [
        ("seed", -1, 0),
        ("seed", 2**40, 2**32 - 1),
        ("gain", -0.5, 0.0),
        ("gain", 1e9, 100.0),
        ("gain", float("nan"), 1.0),
        ("answers", -3, 0),
        ("answers", 1000, 94),
        ("nearness", -1.0, 0.0),
        ("nearness", 7.0, 1.0),
        ("nearness", float("nan"), 0.5),
    ],
)
def test_an_attribute_takes_the_nearest_value(
    player: NnTildePlayer, attribute: str, value: float, kept: float
) -> None:
    player.set(attribute, value)
    assert player.get(attribute) == kept


def test_an_attribute_that_is_not_there_is_told(report: ExportReport) -> None:
    player = NnTildePlayer(report.path)
    assert player.module.get_attributes() == ["seed", "gain", "reset", "answers"]  # no landmarks
    with pytest.raises(RequestError, match="'volume', expected one of seed, gain, reset, answers"):
        player.set("volume", 1)


@pytest.mark.parametrize("shape", [(1, 5, 4), (1, 7, 1), (0, 6, 1)])
def test_signals_of_another_shape_are_told(player: NnTildePlayer, shape: tuple[int, ...]) -> None:
    with pytest.raises(BackendError, match=r"the input is .*, expected \[batch, 6, n\]"):
        player.play("play", np.zeros(shape, np.float32))


def test_the_benchmark_finds_blocks_equal(path: Path) -> None:
    figures = measure_blocks(path, seconds=3.0)
    assert [figure.value for figure in figures if figure.unit == "dB"] == [MAX_SNR_DB] * 3
    assert all(figure.value > 0 for figure in figures)


def test_a_gpu_gets_nothing_that_is_computed_with(path: Path, player: NnTildePlayer) -> None:
    moved = NnTildePlayer(path)
    moved.set("answers", 0)
    moved.module.to("meta")  # as nn~ moves a module, to a device without values
    signals = held(np.array([[1, 0, 0, 0, 0, 0.5]]), 64)
    assert np.array_equal(moved.play("play", signals), player.play("play", signals))


def test_nothing_of_this_machine_is_in_the_file(report: ExportReport) -> None:
    repository = Path(__file__).parents[4]
    with zipfile.ZipFile(report.path) as archive:
        content = b"".join(archive.read(entry) for entry in archive.infolist())
        stored = [
            e for e in archive.infolist() if e.file_size > 10_000 and "code" not in e.filename
        ]
    for trace in (repository, report.path.parent, Path.home(), "site-packages"):
        assert str(trace).encode() not in content, trace
    assert len({entry.CRC for entry in stored}) == len(stored)  # every tensor once


def test_the_runtime_describes_it_without_torch_and_does_not_play_it(report: ExportReport) -> None:
    code = f"""
import sys
sys.modules["torch"] = sys.modules["distill_export"] = None
from distill_runtime.cli import main
sys.argv = ["distill-run", "info", {str(report.path)!r}]
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "TorchScript for nn~ in Max, Pure Data and SuperCollider" in done.stdout
    assert "4 drift; of decode: 16 latent values" in done.stdout
    with pytest.raises(ArtifactError, match=r"which Max, Pure Data and SuperCollider play"):
        Artifact.load(report.path)


def test_other_files_are_refused(tiny_report: ExportReport) -> None:
    with pytest.raises(ArtifactError, match="distill-run plays it"):
        NnTildePlayer.load(tiny_report.path)


def test_blocks_that_do_not_agree_are_told(
    path: Path, handles: Handles, one_shot: Callable[[np.ndarray], np.ndarray]
) -> None:
    def play(method: str, signals: np.ndarray, blocks: list[int], *, answers: int) -> np.ndarray:
        player = NnTildePlayer(path)
        player.set("answers", answers)
        return player.play(method, signals, blocks) * (1.0 + (method == broken and blocks == [512]))

    def check() -> None:
        check_blocks(
            lambda *a, **k: play(a[0], a[1], list(a[2]), **k),
            lambda latents: one_shot(latents[0]),
            handles,
            latent_dim=DIM,
            floor_db=90,
        )

    broken = ""
    check()
    for broken in ("decode", "play"):
        with pytest.raises(
            VerificationError, match=rf"{broken} in blocks of 512 is at .*nothing was"
        ):
            check()


def test_what_does_not_agree_is_not_written(
    tiny_source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = PlayedPlace.__init__

    def elsewhere(self: PlayedPlace, handles: Handles, latent_dim: int) -> None:
        build(self, handles, latent_dim)
        self.mean = self.mean + 1e-2

    monkeypatch.setattr(PlayedPlace, "__init__", elsewhere)
    with pytest.raises(VerificationError, match=r"play in blocks of 512 is at .*nothing was"):
        export_model(tiny_source, tmp_path / "a.ts", format="nn")
    assert not list(tmp_path.iterdir())
