"""A small model file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import model_files
import pytest

Content = dict[str, Any]


@pytest.fixture
def content() -> Content:
    return model_files.model_content()


@pytest.fixture
def model_path(content: Content, tmp_path: Path) -> Path:
    return model_files.write(content, tmp_path / "tiny.distill")
