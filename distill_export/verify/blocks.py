"""What the methods of a file for nn~ play in blocks, held against one shot of the same latents."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from distill_export.formats.nn_tilde.fade import FADE_SAMPLES
from distill_export.formats.nn_tilde.interface import DECODE, PLAY
from distill_export.formats.program import Handles
from distill_runtime.arrays import Float32Array
from distill_runtime.artifact.verification import standard_normal_latents
from distill_runtime.audio.snr import snr_db
from distill_runtime.contract import HOP_FRAMES, STEP_SAMPLES
from distill_runtime.errors import VerificationError
from distill_runtime.latents.controls import control_shift
from distill_runtime.latents.inlets import played_levers
from distill_runtime.latents.nearness import Pull
from distill_runtime.latents.seeds import TorchGenerator
from distill_runtime.latents.sliders import latent_vector
from distill_runtime.latents.trajectory import slerp

_STEPS = 4
_BLOCKS: tuple[tuple[int, ...], ...] = ((512,), (8192, 1024, 32_768, 2048))
_STEPS_PER_ANCHOR = 3
_DRIFT = 0.75


class Play(Protocol):
    """Plays a method after a reset, see `FreshProcess.play`: what was before fades out."""

    def __call__(
        self, method: str, signals: Float32Array, blocks: Sequence[int], *, answers: int
    ) -> Float32Array:
        """Return `[batch, samples]`."""


def check_blocks(
    play: Play,
    one_shot: Callable[[Float32Array], Float32Array],
    handles: Handles,
    *,
    latent_dim: int,
    floor_db: float,
) -> None:
    """Compare both methods with one shot, and moves in blocks of one size with others.

    Args:
        play: Plays a method of the file.
        one_shot: Renders latents `[batch, steps, latent_dim]` whole.
        handles: What moves the latent vector.
        latent_dim: Of the model.
        floor_db: How near blocks must be to one shot.

    Raises:
        VerificationError: They are further away.
    """
    levers = np.stack([_levers(handles, row) for row in range(2)])
    latents = np.stack(
        [played_latents(handles, row, _STEPS, seed, latent_dim) for seed, row in enumerate(levers)]
    )
    resting = np.repeat(levers[:, :, None], _STEPS, axis=2)
    random = standard_normal_latents(_STEPS, _STEPS, latent_dim)[None]
    for method, values, expected in (
        (DECODE, random.transpose(0, 2, 1), one_shot(random)),
        (PLAY, resting, np.concatenate([one_shot(row[None]) for row in latents])),
    ):
        for blocks in _BLOCKS:
            found = play(method, _signals(values), blocks, answers=0)[:, : _STEPS * STEP_SAMPLES]
            near_db = snr_db(
                *(sound[:, FADE_SAMPLES : found.shape[1]] for sound in (expected, found))
            )
            _require(f"{method} in blocks of {blocks[0]}", near_db, floor_db)
    moving = _signals(random.transpose(0, 2, 1))
    moved = [play(DECODE, moving, blocks, answers=10) for blocks in _BLOCKS]
    for found, blocks in zip(moved, _BLOCKS, strict=True):
        near_db = snr_db(moved[0][:, FADE_SAMPLES:], found[:, FADE_SAMPLES:])
        _require(f"{DECODE} with moves in blocks of {blocks[0]}", near_db, floor_db)


def _require(what: str, near_db: float, floor_db: float) -> None:
    if not near_db >= floor_db:
        raise VerificationError(
            f"{what} is at {near_db:.1f} dB from one shot, at least {floor_db:g} dB is needed; "
            "nothing was written"
        )


def _levers(handles: Handles, row: int) -> Float32Array:
    """Return a value for each inlet of `play`, within what every lever reaches."""
    controls, sliders = played_levers(handles.controls, handles.bank)
    values = [0.25 * ((3 * i + row) % 5) - 0.5 for i in range(len(controls))]
    values += [
        min(max(0.5 * ((2 * i + row) % 5) - 1.0, slider.min_step), slider.max_step)
        for i, slider in enumerate(sliders)
    ]
    return np.array([*values, _DRIFT * row], np.float32)


def _signals(values: Float32Array) -> Float32Array:
    """Hold each step's values `[batch, inlets, steps]` for its windows, and fill the last block."""
    windows = np.repeat(values, HOP_FRAMES, axis=2)
    largest = max(size for blocks in _BLOCKS for size in blocks) * HOP_FRAMES // STEP_SAMPLES
    missing = math.ceil(windows.shape[2] / largest) * largest - windows.shape[2]
    return np.concatenate([windows, np.repeat(windows[:, :, -1:], missing, axis=2)], axis=2)


def played_latents(
    handles: Handles, levers: Float32Array, steps: int, seed: int, latent_dim: int
) -> Float32Array:
    """Return the latents `[steps, latent_dim]` of `play` where its levers rest, by the runtime."""
    controls, sliders = played_levers(handles.controls, handles.bank)
    vector = np.zeros(latent_dim, np.float32)
    if handles.bank is not None:
        positions = levers[len(controls) : -1].tolist()
        positions += [0.0] * (len(handles.bank.sliders) - len(sliders))
        vector = latent_vector(handles.bank, positions)
    drift = float(levers[-1])
    anchors = TorchGenerator(seed).randn_rows(steps // _STEPS_PER_ANCHOR + 1, latent_dim)
    stations = [vector, *(slerp(vector, anchor, drift) for anchor in anchors)]
    path = np.stack(
        [
            slerp(stations[index], stations[index + 1], part / _STEPS_PER_ANCHOR)
            if drift
            else vector
            for index, part in (divmod(step, _STEPS_PER_ANCHOR) for step in range(steps))
        ]
    )
    if handles.landmarks is not None:
        path = Pull(handles.landmarks)(path, handles.landmarks.default)
    if controls:
        steps_of = {c.name: float(v) for c, v in zip(controls, levers, strict=False)}
        path = path + control_shift(controls, steps_of)
    return path
