"""Fixtures that every test may use, and STRICT=1, under which a skipped test is a failure."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]

# PyTorch's threads wait busily, which on shared cores makes a test ten times as long. Said before
# anything imports it, and to the processes that tests start.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


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
def demo_artifact(tmp_path_factory) -> Path:
    """Export the model that ships with the project."""
    return _export(REPOSITORY / "artifacts" / "ambience.distill", tmp_path_factory)


@pytest.fixture(scope="session")
def reference_artifact(shared, tmp_path_factory) -> Path:
    """Export the model that the reference recordings were made with."""
    return _export(shared / "reference" / "ambience.distill", tmp_path_factory)


@pytest.fixture(scope="session")
def demo_variants(tmp_path_factory):
    """Export the model that ships with the project in every precision: three files, each verified.

    That takes longer than any one test may; several share it.
    """
    pytest.importorskip("torch")
    from distill_export.export import export_all

    model = REPOSITORY / "artifacts" / "ambience.distill"
    return export_all(model, tmp_path_factory.mktemp("variants"))


def _export(model: Path, tmp_path_factory) -> Path:
    pytest.importorskip("torch")
    from distill_export.export import export_model

    path = tmp_path_factory.mktemp("artifact") / "ambience.onnx"
    return export_model(model, path).path
