"""What C++ says of artifacts, and what Python says of the same."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from distill_runtime.contract import ArtifactMetadata

# What the two end differently: how a value that was found is written, where JSON stops being JSON,
# and what is to be done, which in Python may be to trust the file.
_DIFFERENT = (
    (r"^the artifact: ", ""),
    (r"^its metadata is no valid JSON .*", "its metadata is no valid JSON"),
    (r"^(its metadata) has .* (for '.*, not .*)", r"\1 has \2"),
    (r"^(unknown structure \([^)]*\)).*", r"\1"),
    (r"^(it has contract version \d+).*", r"\1"),
)


def judged(program: Path, files: Mapping[str, bytes], folder: Path) -> dict[str, dict[str, Any]]:
    """Write files, have C++ judge them, and return what it says of each."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    paths = [str(folder / name) for name in files]
    done = subprocess.run(
        [str(program), "--json", *paths], check=False, capture_output=True, timeout=300
    )
    assert (done.returncode in (0, 2), done.stderr) == (True, b"")
    answers = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert [answer["file"] for answer in answers] == paths
    for name, path, answer in zip(files, paths, answers, strict=True):
        if "refused" in answer:
            assert answer["refused"].startswith(f"{path}: "), name
            answer["refused"] = answer["refused"].removeprefix(f"{path}: ")
    return dict(zip(files, answers, strict=True))


def comparable(reason: str) -> str:
    """Return what must be the same of two sentences that refuse a file."""
    for pattern, kept in _DIFFERENT:
        reason = re.sub(pattern, kept, reason, flags=re.DOTALL)
    return reason


def expected(metadata: ArtifactMetadata) -> dict[str, Any]:
    """Return what C++ should say of an artifact that has this metadata."""
    names = (
        *("latent_dim", "state_size", "latency_samples", "reconstruction", "precision"),
        *("source_sha256", "weights_sha256"),
    )
    bank, landmarks = metadata.sliders, metadata.landmarks
    return {
        "name": metadata.model.name,
        "description": metadata.model.description,
        **{name: getattr(metadata, name) for name in names},
        "sliders": bank and {"mean": [*bank.mean], "sliders": [*map(_slider, bank.sliders)]},
        "controls": [
            {key: control.document()[key] for key in _CONTROL} for control in metadata.controls
        ],
        "landmarks": landmarks
        and {key: landmarks.document()[key] for key in ("vectors", "potentials", "widths")}
        | {"default": landmarks.default},
    }


_CONTROL = (
    *("name", "direction", "step_size", "safe_min_step", "safe_max_step", "unit"),
    *("change_per_step", "is_level"),
)


def _slider(slider: Any) -> dict[str, Any]:
    document = slider.document()
    document.pop("original_label", None)
    return dict(document)
