"""Checkpoints of a training: written whole, found again, and no more of them than wanted.

A checkpoint is what Distill writes, so that distill-export reads it, with one entry more:
`training_state`, from which a training goes on as if it had not been stopped. Random states are
kept as tensors of bytes: `safe_unpickle` lets nothing else pass than plain values.
"""

from __future__ import annotations

import io
import re
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import torch

from distill_export.model.pickled import ReferencePickle
from distill_export.model.safe_unpickle import PICKLE_PROTOCOL, read_file
from distill_runtime.errors import ModelFileError, OutputError
from distill_runtime.files.output_file import replacing
from distill_runtime.files.output_folder import make_folder
from distill_runtime.files.shown import shown

BEST = "best.pt"
STATE = "training_state"
STATE_VERSION = 1
_NAME = re.compile(r"checkpoint_(\d{8,})\.pt")


class CheckpointFolder:
    """The checkpoints of one training.

    Args:
        folder: Where they lie; made when the first one is written.
        keep: How many there shall be, beside the best.
    """

    def __init__(self, folder: Path, *, keep: int = 3) -> None:
        self.folder = folder
        self.keep = keep

    @property
    def best(self) -> Path:
        """The checkpoint with the best validation."""
        return self.folder / BEST

    def latest(self) -> Path | None:
        """Return the checkpoint of the latest step; None if there is none.

        Raises:
            OutputError: The folder cannot be looked at.
        """
        return max(self._steps(), key=self._steps().__getitem__, default=None)

    def save(self, content: dict[str, Any], step: int) -> Path:
        """Write the checkpoint of a step, then remove the oldest ones.

        Raises:
            OutputError: It could not be written.
        """
        path = self.folder / f"checkpoint_{step:08d}.pt"
        self._write(content, path)
        steps = self._steps()
        for old in sorted(steps, key=steps.__getitem__)[: -self.keep]:
            with suppress(OSError):
                old.unlink()
        return path

    def save_best(self, content: dict[str, Any]) -> None:
        """Write the best checkpoint.

        Raises:
            OutputError: It could not be written.
        """
        self._write(content, self.best)

    def read_best(self) -> dict[str, Any]:
        """Read the best checkpoint; see `read_checkpoint`."""
        return read_checkpoint(self.best)

    def clear(self) -> None:
        """Remove the checkpoints of an earlier training.

        Raises:
            OutputError: One of them cannot be removed.
        """
        for path in (*self._steps(), self.best):
            try:
                path.unlink(missing_ok=True)
            except OSError as reason:
                raise OutputError(f"{shown(path)} cannot be removed: {reason.strerror}") from None

    def _steps(self) -> dict[Path, int]:
        try:
            paths = list(self.folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as reason:
            raise OutputError(f"{shown(self.folder)} cannot be read: {reason.strerror}") from None
        return {path: int(match[1]) for path in paths if (match := _NAME.fullmatch(path.name))}

    def _write(self, content: dict[str, Any], path: Path) -> None:
        make_folder(self.folder)
        # Through memory: a full disk is an OSError here, and something of torch's own there.
        buffer = io.BytesIO()
        torch.save(content, buffer, pickle_module=ReferencePickle, pickle_protocol=PICKLE_PROTOCOL)
        with replacing(path, overwrite=True) as temporary:
            temporary.write_bytes(buffer.getbuffer())


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint that a training can go on from, running no code from it.

    Raises:
        ModelFileError: It cannot be read, or is not one of ours.
    """
    content: Any = read_file(path)
    state = content.get(STATE) if isinstance(content, dict) else None
    if not isinstance(state, dict) or state.get("version") != STATE_VERSION:
        raise ModelFileError(
            f"{shown(path)} is not a checkpoint that this version of distill-train can go on "
            "from: start afresh with overwrite=True",
            setting="overwrite=True",
        )
    return cast(dict[str, Any], content)
