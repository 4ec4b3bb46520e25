"""What serving needs beside the runtime's own packages, and one line where it is missing."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from distill_runtime.errors import DependencyError

API = {
    "fastapi": "fastapi",
    "prometheus_client": "prometheus-client",
    "uvicorn": "uvicorn",
    "websockets": "websockets",
}
RAY = {"ray": "'ray[serve]'"}


def require(modules: Mapping[str, str], *, needed_by: str) -> None:
    """Check that packages are there, without importing them.

    Args:
        modules: Module -> the package that pip installs for it.
        needed_by: What needs them.

    Raises:
        DependencyError: Some are not; the message names them all.
    """
    missing = [package for module, package in modules.items() if find_spec(module) is None]
    if len(missing) == 1:
        raise DependencyError.missing(missing[0], needed_by=needed_by)
    if missing:
        listed = f"{', '.join(missing[:-1])} and {missing[-1]}"
        raise DependencyError(
            f"{listed} are not installed, and {needed_by} needs them: "
            f"pip install {' '.join(missing)}"
        )
