"""Moving a model's latents to where its seeds are drawn, after the training.

Seeds come from the standard normal distribution. The KL divergence draws what is encoded there, but
weakly: measured, the encoded recordings vary by 0.1 along one direction and by 4 along another, and
most seeds fall where no recording is. A linear map that gives the encoded distribution, the mean of
all posteriors, the moments of the prior (as whitening does; Kessy et al. 2018, "ZCA") mends that.
It goes into the last layers of the encoder and the first of the decoder: what comes back of a
recording is what came back before, and nothing is learnt anew.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch

from distill_export.model.vae import ConvVAE
from distill_export.reference.complex_spectrogram import Statistics
from distill_export.training.encoding import encode
from distill_export.training.optimization.loss import LOG_VARIANCE

_LEAST_VARIANCE = 1e-6


@torch.inference_mode()
def match_prior(
    model: ConvVAE, statistics: Statistics, spectrograms: Iterable[torch.Tensor]
) -> None:
    """Change a model's weights so that what it encodes has mean 0 and covariance 1.

    Log variances are only linear in the features, so each row's are right to first order; the
    posteriors' mean variance is right as it is, along every direction.

    Args:
        model: In eval mode, with an encoder.
        statistics: What its spectrograms are normalised with.
        spectrograms: The training set, `[batch, 2, n_mels, frames]` each, not normalised.

    Raises:
        ModelFileError: The model has no encoder.
    """
    means, variances = encode(model, statistics, spectrograms)
    mu = torch.from_numpy(means)  # [chunks, latent_dim]
    center = mu.mean(dim=0)
    posteriors = torch.from_numpy(variances.clip(*np.exp(LOG_VARIANCE)))
    variance = posteriors.mean(dim=0)
    covariance = (mu - center).T @ (mu - center) / len(mu) + torch.diag(variance)
    values, directions = torch.linalg.eigh(covariance)
    deviations = values.clamp(min=_LEAST_VARIANCE).sqrt()
    into = (directions / deviations) @ directions.T  # what is encoded, to the prior
    out = (directions * deviations) @ directions.T  # and back, for the decoder

    shares = into.square() * variance  # of each old variance in each new one
    matched = shares.sum(dim=1)
    shares = shares / matched[:, None]
    mixed = (posteriors.log() @ shares.T).exp().mean(dim=0)  # of the log variances that come out

    assert model.encoder is not None, "encode has refused such a model"
    _compose(model.encoder.fc_mu, into, -into @ center)
    _compose(model.encoder.fc_logvar, shares, (matched / mixed).log())
    fc = model.decoder.fc
    weight = fc.weight.double()
    fc.bias.copy_(fc.bias.double() + weight @ center)
    fc.weight.copy_(weight @ out)


def _compose(layer: torch.nn.Linear, matrix: torch.Tensor, offset: torch.Tensor) -> None:
    """Let a layer's outputs be multiplied by a matrix and an offset be added."""
    layer.weight.copy_(matrix @ layer.weight.double())
    layer.bias.copy_(matrix @ layer.bias.double() + offset)
