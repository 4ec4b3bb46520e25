"""Reading a live sound that nobody waits for: what is read is rendered then and there."""

from __future__ import annotations

import numpy as np

from distill_runtime.arrays import Float32Array
from distill_runtime.generation.live.answers import Answers
from distill_runtime.generation.live.output import Output


def read_offline(answers: Answers, output: Output, samples: int) -> Float32Array:
    """Return the next samples `[channels, samples]`; a move is heard from the first of them on.

    Raises:
        BackendError: onnxruntime failed.
    """
    if answers.is_asked:
        answers.answer()
    blocks: list[Float32Array] = []
    while samples > 0 or not blocks:
        block = answers.timeline.read(samples)
        blocks.append(output.push(block))
        samples -= block.shape[1]
        if samples > 0:
            answers.extend()
    return np.concatenate(blocks, axis=1)
