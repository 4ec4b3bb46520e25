"""What a training makes small: distance of the spectrum, of the phase, and of the latents.

The magnitude is compared as a level, in nats of mel power, because that is how loudness is heard
and how the result is judged (`log_mel.py`): a band 6 dB too loud is as wrong in a quiet place as
in a loud one. Absolute differences, not squares: squares would answer a doubtful onset with a blur.

Its change from frame to frame is compared, too: a transposed convolution of stride 2 draws every
second frame a little louder, which the level alone hardly minds, and the ear hears as a rattle
(Odena, Dumoulin and Olah 2016, "Deconvolution and checkerboard artifacts").

The instantaneous frequency counts where there is something to hear. docs/training.md has the
reasons and what else was tried.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from distill_export.reference.complex_spectrogram import Statistics
from distill_export.reference.log_mel import FLOOR
from distill_export.training.config import TrainingSettings

# Log variances beyond are of no use and can overflow.
LOG_VARIANCE = (-12.0, 6.0)


@dataclass(frozen=True)
class LossTerms:
    """The parts of a loss, each a scalar tensor.

    Attributes:
        magnitude: Mean difference in level, nats of mel power.
        movement: Mean difference in the level's change from one frame to the next, nats.
        frequency: Mean difference in instantaneous frequency, units of pi, where there is sound.
        kl: KL divergence of the latents from the prior, nats, summed over the latent values.
        charged_kl: The same with free bits: each value costs at least those.
    """

    magnitude: torch.Tensor
    movement: torch.Tensor
    frequency: torch.Tensor
    kl: torch.Tensor
    charged_kl: torch.Tensor


class VAELoss:
    """Reconstruction and KL divergence of a batch.

    Args:
        statistics: What the spectrograms are normalised with.
        settings: The weights.
    """

    def __init__(self, statistics: Statistics, settings: TrainingSettings) -> None:
        self.statistics = statistics
        self.settings = settings

    def terms(
        self,
        found: torch.Tensor,
        expected: torch.Tensor,
        mu: torch.Tensor,
        logvar: torch.Tensor,
    ) -> LossTerms:
        """Compare reconstructions with chunks, both `[batch, 2, n_mels, frames]`, normalised."""
        stats = self.statistics
        expected_power = (expected[:, 0] * stats["mag_std"] + stats["mag_mean"]).clamp(min=0.0)
        error = _level(found[:, 0] * stats["mag_std"] + stats["mag_mean"]) - _level(expected_power)
        # In units of the phase itself, whatever it was normalised with.
        moved = (found[:, 1] - expected[:, 1]).abs() * stats["if_std"]
        audible = expected_power / expected_power.mean().clamp(min=1e-6)
        per_value = (0.5 * (mu.square() + logvar.exp() - 1.0 - logvar)).mean(dim=0)
        return LossTerms(
            magnitude=error.abs().mean(),
            movement=error.diff(dim=2).abs().mean(),
            frequency=(moved * audible).mean(),
            kl=per_value.sum(),
            charged_kl=per_value.clamp(min=self.settings.free_bits).sum(),
        )

    def total(self, terms: LossTerms, kl_weight: float) -> torch.Tensor:
        """Return the one number to make small."""
        return (
            self.settings.magnitude_weight * terms.magnitude
            + self.settings.movement_weight * terms.movement
            + self.settings.if_weight * terms.frequency
            + kl_weight * terms.charged_kl
        )


def _level(log_power: torch.Tensor) -> torch.Tensor:
    """Return log(power + FLOOR), continued in a straight line below silence.

    Z-scored statistics let the decoder answer less than silence; without the line it would not
    learn from that.
    """
    power = torch.expm1(log_power.clamp(min=0.0))
    return torch.log(power + FLOOR) + log_power.clamp(max=0.0)
