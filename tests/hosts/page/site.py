"""The page with artifacts beside it, as a static server would hand it out."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from distill_runtime.artifact.file import ArtifactFile

MARK = "<!--distill:model-->"


def write_site(page: Path, artifacts: Mapping[str, Path], folder: Path) -> Path:
    """Put a built page and artifacts, by their names there, into a folder."""
    shutil.copytree(page, folder, dirs_exist_ok=True)
    (folder / "artifacts").mkdir()
    entries = []
    for name, path in artifacts.items():
        shutil.copy(path, folder / "artifacts" / name)
        content = path.read_bytes()
        entries.append(
            {
                "file": name,
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
                "metadata": _public(path),
            }
        )
    (folder / "artifacts.json").write_text(json.dumps({"artifacts": entries}), "utf-8")
    return folder


def write_player(page: Path, artifact: Path, name: str, out: Path) -> Path:
    """Put an artifact into the page of one file."""
    content = base64.b64encode(artifact.read_bytes()).decode("ascii")
    kind = 'id="distill-model" type="application/octet-stream"'
    element = f'<script {kind} data-name="{name}">{content}</script>'
    out.write_text((page / "player.html").read_text("utf-8").replace(MARK, element), "utf-8")
    return out


def _public(path: Path) -> dict[str, Any]:
    """Return an artifact's metadata without its vectors."""
    document = json.loads(ArtifactFile.inspect(path).metadata.to_json())
    del document["test_vector"]
    if document["sliders"] is not None:
        del document["sliders"]["mean"]
        for slider in document["sliders"]["sliders"]:
            del slider["component"]
    for control in document.get("controls", []):
        del control["direction"]
    if "landmarks" in document:
        del document["landmarks"]["vectors"], document["landmarks"]["widths"]
    return document
