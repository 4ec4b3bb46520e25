"""A written file in a Python process of its own, which knows nothing but the file.

`python -m distill_export.verify.fresh_process FILE FORMAT THREADS` is that process: it reads what
to do from stdin as arrays, a name and three more. That is latents, states and whether to finish, to
which it writes audio and the next state to stdout; or, of a file for nn~, one of its methods, with
signals, the sizes of blocks and how many moves a second to answer: it writes what is heard.
"""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np
import torch

from distill_export.formats.nn_tilde.player import NnTildePlayer
from distill_export.formats.torch_artifact import open_program
from distill_export.verify.graph_session import render_in_pieces
from distill_runtime.arrays import Float32Array
from distill_runtime.contract import NN_TILDE
from distill_runtime.errors import VerificationError
from distill_runtime.files.temporary import open_temporary

_LENGTH = struct.Struct("<Q")
_STEP = "step"


class FreshProcess:
    """The process, from its parent's side; it ends with the `with` block, or when it is closed."""

    def __init__(self, path: Path, format: str) -> None:
        self._errors = open_temporary()
        # As many threads as here: their number may show in the rounding.
        arguments = [str(path.resolve()), format, str(torch.get_num_threads())]
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "distill_export.verify.fresh_process", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={
                "OMP_WAIT_POLICY": "PASSIVE",  # busy cores: threads that spin hold each other up
                **os.environ,
                # Whatever way this package was found, the process finds the same.
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            },
        )

    def __enter__(self) -> FreshProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
        self._errors.close()

    def render(
        self, latents: Float32Array, pieces: Sequence[int] | None = None, *, state_size: int
    ) -> Float32Array:
        """Render a whole stream `[batch, steps, latent_dim]` in pieces of so many steps, or in one.

        Returns:
            Audio `[batch, samples]`.

        Raises:
            VerificationError: The file cannot be played.
        """
        results = render_in_pieces(self._step, latents, pieces, state_size=state_size)
        return np.concatenate([audio for audio, _ in results], axis=1)

    def play(
        self, method: str, signals: Float32Array, blocks: Sequence[int], *, answers: int
    ) -> Float32Array:
        """Play a method of a file for nn~ after a reset, see `NnTildePlayer.play`.

        Raises:
            VerificationError: The file cannot be played.
        """
        return self._ask(method, signals, np.array(blocks), np.array(answers), results=1)[0]

    def _step(self, latents: Float32Array, state: Float32Array, finish: bool) -> list[Float32Array]:
        return self._ask(_STEP, latents, state, np.array(finish), results=2)

    def _ask(self, name: str, *inputs: np.ndarray[Any, Any], results: int) -> list[Float32Array]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            _write(self._process.stdin, np.array(name), *inputs)
            return _read(self._process.stdout, results)
        except (OSError, EOFError):  # it has ended
            self._process.wait()
            self._errors.seek(0)
            lines = self._errors.read().decode("utf-8", "replace").split("\n")
            said = [line for line in lines if line.strip()] or ["it said nothing"]
            raise VerificationError(
                f"the file cannot be played in a fresh process: {said[-1].strip()[:200]}; "
                "nothing was written"
            ) from None


def _write(pipe: IO[bytes], *arrays: np.ndarray[Any, Any]) -> None:
    """Write arrays, each preceded by its length: numpy's own way with files takes no pipe."""
    for array in arrays:
        content = io.BytesIO()
        np.save(content, array, allow_pickle=False)
        pipe.write(_LENGTH.pack(content.tell()) + content.getvalue())
    pipe.flush()


def _read(pipe: IO[bytes], count: int) -> list[np.ndarray[Any, Any]]:
    arrays = []
    for _ in range(count):
        start = pipe.read(_LENGTH.size)
        if not start:
            raise EOFError("the other process has ended")
        (length,) = _LENGTH.unpack(start)
        arrays.append(np.load(io.BytesIO(pipe.read(length)), allow_pickle=False))
    return arrays


def _serve() -> None:
    path, format, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    step = open_program(Path(path), format)
    player = NnTildePlayer(Path(path)) if format == NN_TILDE else None
    with suppress(EOFError):  # the parent has heard enough
        while True:
            name, *inputs = _read(requests, 4)
            if name == _STEP:
                _write(answers, *step(*inputs))
            else:
                _write(answers, _played(player, str(name), *inputs))


def _played(
    player: NnTildePlayer | None,
    method: str,
    signals: Float32Array,
    blocks: np.ndarray[Any, Any],
    answers: np.ndarray[Any, Any],
) -> Float32Array:
    assert player is not None, "the format has no methods"
    player.set("answers", int(answers))
    player.set("reset", 1)
    return player.play(method, signals, blocks.tolist())


if __name__ == "__main__":
    _serve()
