"""Nearness: a pull of latent vectors towards the places where the recordings lie.

A seed draws from the whole normal distribution, and the recordings are a few places in it: most
draws belong a little to each, and decode to an average of them. The pull moves a latent vector z
towards

    t(z) = sum_i p_i(z) m_i,   p_i(z) proportional to exp(b_i - |(z - m_i) / w|^2 / 2),

with the landmarks m_i, their widths w and potentials b_i. With potentials such that over all seeds
each p_i has the share of its landmark in the recordings, p is the plan of entropic optimal
transport from seeds to recordings, and t its barycentric projection (Cuturi 2013, "Sinkhorn
distances"; Seguy et al. 2018, "Large-scale optimal transport and mapping estimation"): every seed
goes to where it is near already, and none of the recordings is left out. It is smooth, so the path
that a seed walks stays a path.

Every sum goes in one order, value after value, so that other hosts reach the same numbers, and one
vector at a time, so that blocks of any size do.
"""

from __future__ import annotations

import numpy as np

from distill_runtime.arrays import Float32Array, Float64Array
from distill_runtime.contract import Landmarks
from distill_runtime.errors import RequestError
from distill_runtime.latents.shares import check_share


def check_nearness(value: object) -> float:
    """Return a nearness as a plain number.

    Raises:
        RequestError: It is not from 0 to 1.
    """
    return check_share("the nearness", value)


def resolve_nearness(asked: object, landmarks: Landmarks | None, name: str) -> float | None:
    """Return the nearness that a sound has: what is asked for, else the model's own.

    Args:
        asked: None for the model's own.
        landmarks: What there is to be near to.
        name: What complaints call the artifact.

    Returns:
        None where nothing is asked for and there is nothing to be near to.

    Raises:
        RequestError: It is not from 0 to 1, or there is nothing to be near to.
    """
    if asked is None:
        return None if landmarks is None else landmarks.default
    nearness = check_nearness(asked)
    if nearness and landmarks is None:
        raise unknown_recordings(name)
    return nearness


def unknown_recordings(name: str) -> RequestError:
    """Return what is to be said where an artifact of that name has no landmarks to be near to."""
    return RequestError(
        f"{name} does not know where its recordings lie, which nearness needs: export its model "
        "again with --recordings FOLDER"
    )


class Pull:
    """Moves latent vectors towards landmarks.

    Args:
        landmarks: A model's.
    """

    def __init__(self, landmarks: Landmarks) -> None:
        self._vectors = np.array(landmarks.vectors, np.float64)
        # A value in each row, whatever the strides were: what lies along a row numpy adds in pairs.
        self._by_value = np.ascontiguousarray(self._vectors.T)
        self._potentials = np.array(landmarks.potentials, np.float64)
        self._widths = np.array(landmarks.widths, np.float64)[:, None]

    def __call__(self, latents: Float32Array, nearness: float) -> Float32Array:
        """Return `z + nearness * (t(z) - z)` for each latent vector.

        Args:
            latents: `[..., latent_dim]`.
            nearness: 0 to 1; at 0 they are returned as they are.
        """
        if nearness == 0.0:
            return latents
        rows = latents.reshape(-1, latents.shape[-1]).astype(np.float64)
        moved = [row + nearness * (self._target(row) - row) for row in rows]
        return np.array(moved, np.float32).reshape(latents.shape)

    def _target(self, row: Float64Array) -> Float64Array:
        offsets = (row[:, None] - self._by_value) / self._widths
        exponents: Float64Array = self._potentials - np.add.reduce(offsets * offsets, axis=0) / 2.0
        shares = np.exp(exponents - exponents.max())
        shares /= np.add.accumulate(shares)[-1]
        target: Float64Array = np.add.reduce(shares[:, None] * self._vectors, axis=0)
        return target
