"""What a cluster needs beside the runtime's own packages, and one line where it is missing."""

from __future__ import annotations

import logging
import os
from importlib.util import find_spec
from typing import Any

from distill_runtime.errors import DependencyError


def require_cluster() -> None:
    """Check that Ray is there, without importing it.

    Raises:
        DependencyError: It is not.
    """
    if find_spec("ray") is None:
        raise DependencyError.missing("ray", needed_by="--cluster", install="ray pyarrow")


def require_pyarrow(needed_by: str) -> None:
    """Check that pyarrow is there, without importing it.

    Raises:
        DependencyError: It is not.
    """
    if find_spec("pyarrow") is None:
        raise DependencyError.missing("pyarrow", needed_by=needed_by)


def import_ray() -> Any:
    """Import Ray, which is slow; it reports nothing to its makers and says only what fails.

    Raises:
        DependencyError: It is not there.
    """
    require_cluster()
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray  # noqa: PLC0415

    logging.getLogger("ray").setLevel(logging.ERROR)
    return ray
