"""Weights of less precision: the decoders that hold them, and what they cost in sound."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
import torch

from distill_export.artifact_metadata import slider_bank
from distill_export.formats.onnx_graph import only_mel, weight_bytes
from distill_export.graph.decoder.folded import FoldedDecoder, store_half
from distill_export.graph.decoder.int8 import Int8Decoder
from distill_export.model.file import LoadedModel
from distill_export.verify.graph_session import GraphSession
from distill_runtime import contract
from distill_runtime.artifact.verification import standard_normal_latents
from distill_runtime.audio.snr import snr_db
from distill_runtime.contract import PrecisionLoss
from distill_runtime.errors import RequestError, VerificationError
from distill_runtime.latents.sliders import latent_vector

Decoder = FoldedDecoder | Int8Decoder

_SEEDS = 32
_CALIBRATION_SEEDS = 96
_CALIBRATION_SEED = 10_000  # far from those that the loss is measured with
_SILENCE = 1e-3  # mel power that is not heard; a logarithm needs some

_SPEED_STEPS = 8
_SPEED_ROUNDS = 40
_WARM_UP_ROUNDS = 5


@dataclass(frozen=True)
class Floor:
    """What a precision must keep of the float32 artifact's mel frames."""

    mel_snr_db: float
    log_mel_distance_db: float


FLOORS = {"float16": Floor(60.0, 0.1), "int8": Floor(30.0, 1.0)}


def check_precision(precision: str, *, format: str = contract.ONNX) -> None:
    """Check that there is such a precision, and that a format has it.

    Raises:
        RequestError: As above.
    """
    if precision not in contract.PRECISIONS:
        raise RequestError(
            f"the precision is {precision!r}, expected one of {', '.join(contract.PRECISIONS)}"
        )
    if precision != "float32" and format != contract.ONNX:
        raise RequestError(
            f"{precision} weights are for ONNX files, a {format} file has float32: "
            "leave out --format or --precision"
        )


def build_decoder(loaded: LoadedModel, precision: str, *, chunk_frames: int) -> Decoder:
    """Return a model's decoder with weights of a precision, in eval mode."""
    decoder = FoldedDecoder(loaded.model.decoder, chunk_frames=chunk_frames).eval()
    decoder.requires_grad_(False)
    if precision == "float16":
        store_half(decoder)
    if precision == "int8":
        latents = _latents(loaded, seed=_CALIBRATION_SEED, seeds=_CALIBRATION_SEEDS)
        return Int8Decoder(decoder, torch.from_numpy(latents)).eval()
    return decoder


def measure_loss(
    variant: onnx.ModelProto, float32: onnx.ModelProto, loaded: LoadedModel
) -> PrecisionLoss:
    """Compare a variant with the float32 artifact of the same model.

    Args:
        variant: Its graph.
        float32: The graph of the same reconstruction in float32.
        loaded: The model, for its sliders and statistics.

    Returns:
        What differs, over 32 seeds and each slider at both of its ends.
    """
    latents = _latents(loaded, seed=0, seeds=_SEEDS)[:, None]
    decoders = [GraphSession(only_mel(graph)) for graph in (float32, variant)]
    expected, found = (decoder.begin(latents, finish=True)[0] for decoder in decoders)
    wholes = [GraphSession(graph) for graph in (float32, variant)]
    return PrecisionLoss(
        mel_snr_db=round(snr_db(expected, found), 1),
        log_mel_distance_db=round(_log_mel_distance(expected, found, loaded), 3),
        latents=len(latents),
        weight_bytes=weight_bytes(variant),
        float32_weight_bytes=weight_bytes(float32),
        decoder_speed_ratio=round(_speed_ratio(decoders, loaded), 2),
        speed_ratio=round(_speed_ratio(wholes, loaded), 2),
        warning=None,
    )


def _shortfall(loss: PrecisionLoss, precision: str) -> str | None:
    """Say what is below the precision's floor; None if nothing is."""
    floor = FLOORS[precision]
    if loss.mel_snr_db < floor.mel_snr_db:
        return (
            f"the mel frames in {precision} are at {loss.mel_snr_db:g} dB from those in float32, "
            f"at least {floor.mel_snr_db:g} dB is asked for"
        )
    if loss.log_mel_distance_db > floor.log_mel_distance_db:
        return (
            f"the levels of the mel bands in {precision} are {loss.log_mel_distance_db:g} dB from "
            f"those in float32, at most {floor.log_mel_distance_db:g} dB is asked for"
        )
    return None


def check_loss(loss: PrecisionLoss, precision: str, *, accepted: bool) -> PrecisionLoss:
    """Hold a loss against the precision's floor.

    Args:
        loss: What was measured.
        precision: "float16" or "int8".
        accepted: Whether to let it pass with a warning.

    Returns:
        The loss, with the warning that it deserves.

    Raises:
        VerificationError: It is below the floor and was not accepted.
    """
    below = _shortfall(loss, precision)
    if below is None:
        return loss
    if not accepted:
        raise VerificationError(
            f"{below}; nothing was written (--force writes it with a warning inside)"
        )
    return dataclasses.replace(loss, warning=below)


def _latents(loaded: LoadedModel, *, seed: int, seeds: int) -> np.ndarray:
    """Return vectors `[rows, latent_dim]`: of successive seeds, and of sliders at their ends."""
    latent_dim = loaded.model.latent_dim
    rows = [standard_normal_latents(seed + k, 1, latent_dim)[0] for k in range(seeds)]
    if bank := slider_bank(loaded.analysis):
        for index, slider in enumerate(bank.sliders):
            for end in (slider.min_step, slider.max_step):
                positions = [0] * len(bank.sliders)
                positions[index] = end
                rows.append(latent_vector(bank, positions))
    return np.stack(rows).astype(np.float32)


def _log_mel_distance(expected: np.ndarray, found: np.ndarray, loaded: LoadedModel) -> float:
    """Return the mean difference of the mel bands' levels, in dB."""
    levels = [_mel_level_db(mel[:, 0], loaded) for mel in (expected, found)]
    return float(np.abs(levels[0] - levels[1]).mean())


def _mel_level_db(log_power: np.ndarray, loaded: LoadedModel) -> np.ndarray:
    stats = loaded.normalization_stats
    if stats is not None:
        log_power = log_power.astype(np.float64) * stats["mag_std"] + stats["mag_mean"]
    return np.asarray(10.0 * np.log10(np.maximum(np.expm1(log_power), 0.0) + _SILENCE))


def _speed_ratio(graphs: Sequence[GraphSession], loaded: LoadedModel) -> float:
    """Return how many times as fast the second graph runs, in turns with the first, by medians."""
    latents = standard_normal_latents(0, _SPEED_STEPS, loaded.model.latent_dim)[None]
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(-_WARM_UP_ROUNDS, _SPEED_ROUNDS):
        for graph, spent in zip(graphs, times, strict=True):
            start = time.perf_counter()
            graph.begin(latents)
            if number >= 0:
                spent.append(time.perf_counter() - start)
    slow, fast = map(statistics.median, times)
    return slow / fast
