"""Fixtures that every test may use, and STRICT=1, under which a skipped test is a failure."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.once import Once, run_folder

if TYPE_CHECKING:
    from distill_export.export import ExportReport

REPOSITORY = Path(__file__).parents[1]
DEMO_MODEL = REPOSITORY / "tests" / "reference" / "demo" / "ambience.distill"

# PyTorch's threads wait busily, which on shared cores makes a test ten times as long. Said before
# anything imports it, and to the processes that tests start.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Workers side by side share the cores: PyTorch and BLAS of one take no more threads than its share.
# onnxruntime has a pool of its own, whose size the runtime decides, here as everywhere.
if workers := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0")):
    for pool in ("OMP", "MKL", "OPENBLAS"):
        threads = max(1, (os.cpu_count() or 1) // workers)
        os.environ.setdefault(f"{pool}_NUM_THREADS", str(threads))

# The same examples in every run: a failure is of a change, and comes again. Other ones, with what
# reproduces a failure, are drawn by `pytest --hypothesis-profile explore`. How long an example
# takes says nothing on a busy machine.
_ANY_TIME = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("explore", _ANY_TIME)
settings.register_profile("repeatable", _ANY_TIME, derandomize=True)
settings.load_profile("repeatable")


def pytest_configure(config):
    # A shell starts its background jobs deaf to Ctrl-C, and so their children: tests press it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    return _strict((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return _strict((yield))


def _strict(report):
    if os.environ.get("STRICT") == "1" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped under STRICT=1: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that holds distill_runtime and nothing else, for another environment."""
    folder = tmp_path_factory.mktemp("library")
    (folder / "distill_runtime").symlink_to(REPOSITORY / "distill_runtime")
    return folder


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of reference data: a real model and the original program's outputs."""
    path = REPOSITORY.parent / "shared"
    if not (path / "reference" / "ambience.distill").is_file():
        pytest.skip("no reference data beside the repository")
    return path


@pytest.fixture(scope="session")
def once(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Once:
    """Return what makes things once for all workers."""
    return Once(run_folder(request.config, tmp_path_factory.getbasetemp()) / "once")


@pytest.fixture(scope="session")
def traced_once(once: Once) -> Iterator[None]:
    """Have exports trace each module once for the run, and do all the rest every time.

    Nothing goes unseen by that: test_export.py compares an export with that of a process of its
    own, which traces anew.
    """
    pytest.importorskip("torch")
    from distill_export.formats import program
    from distill_export.verify import known_structures
    from tests.distill_export.traced_once import traced_once as remembered

    with pytest.MonkeyPatch.context() as patch:
        for module in (program, known_structures):
            patch.setattr(module, "trace", remembered(module.trace, once))
        yield


@pytest.fixture(scope="session")
def without_controls() -> Iterator[None]:
    """Have exports look for no controls, which takes longer than the rest of an export.

    The demo artifact has its own; `tests/distill_export/verify/controls` is about the search.
    """
    pytest.importorskip("torch")
    from distill_export import export
    from distill_export.verify.controls.sound_names import SoundNames

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "measure_names", lambda graph, bank, **_: SoundNames((), bank))
        yield


@pytest.fixture(scope="session")
def demo_artifact(once: Once, traced_once: None) -> Path:
    """Export the model that ships with the project, with its controls."""
    return once("demo", lambda folder: _export(DEMO_MODEL, folder, controls=True))


@pytest.fixture(scope="session")
def playable_artifact(once: Once, traced_once: None) -> Path:
    """Write an artifact of under a megabyte that has a slider and a control, which are heard."""

    def write(folder: Path) -> Path:
        from tests import known_artifacts

        path = folder / "rain.onnx"
        path.write_bytes(known_artifacts.playable())
        return path

    return once("playable", write)


@pytest.fixture(scope="session")
def reference_artifact(shared: Path, once: Once, traced_once: None) -> Path:
    """Export the model that the reference recordings were made with."""
    model = shared / "reference" / "ambience.distill"
    return once("reference", lambda folder: _export(model, folder, controls=False))


@pytest.fixture(scope="session")
def demo_variants(once: Once, traced_once: None) -> list[ExportReport]:
    """Export the model that ships with the project in every precision: three files, each verified.

    That takes longer than any one test may; several share it.
    """
    from distill_export.export import export_all

    return once("demo-variants", lambda folder: export_all(DEMO_MODEL, folder, controls=False))


@pytest.fixture(scope="session")
def demo_refined(once: Once, traced_once: None) -> Path:
    """Export the model that ships with the project as "refined", of few passes for time's sake."""

    def export(folder: Path) -> Path:
        from distill_export.export import export_model

        path = folder / "refined.onnx"
        return export_model(
            DEMO_MODEL, path, reconstruction="refined", quality=3, controls=False
        ).path

    return once("demo-refined", export)


def _export(model: Path, folder: Path, *, controls: bool) -> Path:
    from distill_export import export
    from distill_export.verify.controls.sound_names import measure_names

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "measure_names", measure_names)  # whatever tests put there
        return export.export_model(model, folder / "ambience.onnx", controls=controls).path
