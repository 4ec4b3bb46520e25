"""The boundary to onnxruntime: imported, configured and its errors translated here alone."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from distill_runtime.errors import ArtifactError, BackendError, DependencyError, RequestError

if TYPE_CHECKING:
    import onnxruntime

_QUIET = 4  # log fatal errors only: the rest reaches the caller as an exception
_MAX_DEFAULT_THREADS = 4  # the layers are too small to gain from more


@dataclass(frozen=True)
class SessionOptions:
    """How onnxruntime is to run an artifact.

    Attributes:
        threads: Threads that share an operator's work; 0 takes the cores at hand, at most 4.
        spinning: Whether idle threads wait busily: faster by a little, at the cost of whole cores.
            Off, as suits an app that has other things to do.
    """

    threads: int = 0
    spinning: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.threads, bool) or not isinstance(self.threads, int):
            raise RequestError(f"threads must be a whole number, not {self.threads!r}")
        if not 0 <= self.threads <= 256:
            raise RequestError(f"threads must be 0 (automatic) to 256, not {self.threads}")


def require_onnxruntime() -> None:
    """Check that exactly one flavour of onnxruntime is installed, without importing it.

    Raises:
        DependencyError: There is none, or there are two, whose files overwrite each other.
    """
    installed = [name for name in ("onnxruntime", "onnxruntime-gpu") if _is_installed(name)]
    if len(installed) == 2:
        raise DependencyError(
            "onnxruntime and onnxruntime-gpu are both installed and overwrite each other's files: "
            "uninstall both, then install distill-portable[cpu] or distill-portable[gpu]"
        )
    if not installed and not _is_importable("onnxruntime"):  # a build of one's own has no such name
        raise DependencyError(
            "onnxruntime is not installed: pip install 'distill-portable[cpu]' (or [gpu] for CUDA)"
        )


def open_session(path: Path, options: SessionOptions) -> onnxruntime.InferenceSession:
    """Load a checked artifact into onnxruntime.

    Raises:
        ArtifactError: onnxruntime cannot load the file.
        DependencyError: onnxruntime is not there.
    """
    try:
        return _session(os.fspath(path), options)
    except ArtifactError as error:
        raise ArtifactError(f"{path}: {error}") from None


def open_session_from_bytes(model: bytes, options: SessionOptions) -> onnxruntime.InferenceSession:
    """Load a serialised model of our own making.

    Raises:
        ArtifactError: onnxruntime cannot load it.
        DependencyError: onnxruntime is not there.
    """
    return _session(model, options)


def _session(model: str | bytes, options: SessionOptions) -> onnxruntime.InferenceSession:
    require_onnxruntime()
    import onnxruntime  # noqa: PLC0415  (slow to import: only who plays a sound pays for it)

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads or min(_cores(), _MAX_DEFAULT_THREADS)
    settings.inter_op_num_threads = 1
    settings.log_severity_level = _QUIET
    settings.add_session_config_entry(
        "session.intra_op.allow_spinning", "1" if options.spinning else "0"
    )
    # Decaying tails reach denormal numbers, which processors handle many times slower.
    settings.add_session_config_entry("session.set_denormal_as_zero", "1")
    try:
        return onnxruntime.InferenceSession(model, settings, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions share no base but Exception
        raise ArtifactError(f"onnxruntime cannot load it ({_summary(error)})") from None


def run_session(
    session: onnxruntime.InferenceSession,
    outputs: list[str],
    feeds: dict[str, np.ndarray[Any, Any]],
) -> list[np.ndarray[Any, Any]]:
    """Run the graph once.

    Raises:
        BackendError: onnxruntime failed.
    """
    try:
        results: list[np.ndarray[Any, Any]] = session.run(outputs, feeds)
    except Exception as error:  # as above
        raise BackendError(f"onnxruntime failed ({_summary(error)})") from None
    return results


def _is_installed(distribution: str) -> bool:
    try:
        metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True


def _is_importable(module: str) -> bool:
    from importlib.util import find_spec  # noqa: PLC0415  (only on the rare road)

    return find_spec(module) is not None


def _cores() -> int:
    """Return the number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _summary(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else text[:197] + "..."
