"""A file for nn~ played in Python as nn~ plays it: blocks of signals in, blocks of sound out."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from distill_export.formats.torch_artifact import load_module, whole_file
from distill_runtime.arrays import Float32Array
from distill_runtime.contract import HOP_LENGTH, NN_TILDE
from distill_runtime.errors import BackendError, RequestError

SMALLEST_BLOCK = HOP_LENGTH


class NnTildePlayer:
    """The module of a file, with the state that it keeps.

    The file is a program: loading it lets it run. Load only files that you trust.
    """

    def __init__(self, path: Path) -> None:
        """Load a file that need not have metadata yet; its code runs.

        Raises:
            ArtifactError: PyTorch cannot load it.
        """
        self.file = path
        self.module: Any = load_module(path, NN_TILDE)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> NnTildePlayer:
        """Check a file, then load it and with it the code that it holds: only if you trust it.

        Raises:
            ArtifactError: It is no whole artifact for nn~; until that is known, nothing is run.
        """
        return cls(whole_file(path, (NN_TILDE,)).path)

    def set(self, attribute: str, value: float) -> None:
        """Set an attribute as a message to the object does.

        Raises:
            RequestError: There is none of this name.
        """
        if attribute not in self.module.get_attributes():
            known = ", ".join(self.module.get_attributes())
            raise RequestError(f"there is no attribute {attribute!r}, expected one of {known}")
        getattr(self.module, f"set_{attribute}")(value)

    def get(self, attribute: str) -> float:
        """Return an attribute's value."""
        (value,) = getattr(self.module, f"get_{attribute}")()
        return value

    def play(
        self, method: str, signals: Float32Array, blocks: Iterable[int] | None = None
    ) -> Float32Array:
        """Go on with a method's sound.

        Args:
            method: Its name.
            signals: `[batch, inlets, windows]`, a value of each inlet for each 512 samples.
            blocks: Sizes of blocks in samples, taken in turn and again; by default one of all.

        Returns:
            `[batch, 512 * windows]`.

        Raises:
            BackendError: The module refuses the signals.
        """
        windows = signals.shape[-1]
        sizes = itertools.cycle([SMALLEST_BLOCK * windows] if blocks is None else blocks)
        sounds, start = [], 0
        call = getattr(self.module, method)
        while start < windows:
            count = next(sizes) // SMALLEST_BLOCK
            block = torch.from_numpy(np.ascontiguousarray(signals[..., start : start + count]))
            try:
                with torch.inference_mode():
                    sounds.append(call(block)[:, 0].numpy())
            except (RuntimeError, torch.jit.Error) as error:
                raise BackendError(str(error).strip().splitlines()[-1]) from None
            start += count
        return np.concatenate(sounds, axis=1)
