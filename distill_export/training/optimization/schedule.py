"""What changes in the course of a training: the learning rate and the weight of the KL term."""

from __future__ import annotations

import torch


def cosine_decay(
    optimizer: torch.optim.Optimizer, total_steps: int
) -> torch.optim.lr_scheduler.CosineAnnealingLR:
    """Return the schedule that brings the learning rate to a hundredth (Loshchilov, Hutter 2017).

    Args:
        optimizer: Whose learning rate it is.
        total_steps: Steps of the whole training.
    """
    rate = optimizer.param_groups[0]["lr"]
    return torch.optim.lr_scheduler.CosineAnnealingLR(
        optimizer, T_max=max(1, total_steps), eta_min=rate / 100
    )


def kl_weight(step: int, total_steps: int, *, maximum: float, warmup_fraction: float) -> float:
    """Return the weight of the KL term in a step, which grows from 0 in a straight line.

    From the start at full weight, the latents would be silenced before the decoder has learnt to
    listen to them (Bowman et al. 2016).
    """
    warmup_steps = total_steps * warmup_fraction
    return maximum if step >= warmup_steps else maximum * step / warmup_steps
