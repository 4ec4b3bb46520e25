from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from distill_export.formats.torch_artifact import open_program
from distill_export.verify.fresh_process import FreshProcess
from distill_runtime.errors import ArtifactError, VerificationError


def test_a_file_that_no_process_can_play_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.ts"
    path.write_bytes(b"no archive")
    latents = np.zeros((1, 1, 16), np.float32)
    with (
        FreshProcess(path, "torchscript") as process,
        pytest.raises(VerificationError, match=r"fresh process: .*PyTorch cannot load it"),
    ):
        process.render(latents, state_size=1)
    with pytest.raises(ArtifactError, match="PyTorch cannot load it"):
        open_program(path, "torchscript")
