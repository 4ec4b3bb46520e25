"""What a model must be better than: always answering the mean of what it learnt from."""

from __future__ import annotations

import torch

from distill_export.reference.log_mel import log_mel_distance_db, mean_answer
from distill_export.training.data.dataset import ChunkSet

_BATCH = 32


def baseline_distance_db(training: ChunkSet, validation: ChunkSet) -> float:
    """Return the log-mel distance of the training set's mean, averaged over the validation set."""
    mean = mean_answer(training.batches(_BATCH))
    distances = [
        log_mel_distance_db(mean.expand(len(batch), -1, -1), batch[:, 0])
        for batch in validation.batches(_BATCH)
    ]
    return float(torch.cat(distances).mean())
