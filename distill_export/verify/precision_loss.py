"""What weights of less precision cost in sound, and what they gain."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import onnx
import torch

from distill_export.formats.onnx_graph import only_mel, weight_bytes
from distill_export.graph.decoder.calibration import typical_latents
from distill_export.graph.denormalize import IDENTITY, normalization
from distill_export.model.file import LoadedModel
from distill_export.reference.log_mel import log_mel_distance_db
from distill_export.verify.graph_session import GraphSession
from distill_runtime.arrays import Float32Array
from distill_runtime.artifact.verification import standard_normal_latents
from distill_runtime.audio.snr import snr_db
from distill_runtime.contract import PrecisionLoss
from distill_runtime.errors import VerificationError

_SEEDS = 32

_SPEED_STEPS = 8
_SPEED_ROUNDS = 40
_WARM_UP_ROUNDS = 5


@dataclass(frozen=True)
class PrecisionFloors:
    """What a precision must keep of the float32 artifact's mel frames."""

    mel_snr_db: float
    log_mel_distance_db: float


FLOORS = {"float16": PrecisionFloors(60.0, 0.1), "int8": PrecisionFloors(30.0, 1.0)}


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
    latents = typical_latents(loaded, seed=0, seeds=_SEEDS)[:, None]
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
    """Say what is below the precision's floors; None if nothing is."""
    floors = FLOORS[precision]
    if loss.mel_snr_db < floors.mel_snr_db:
        return (
            f"the mel frames in {precision} are at {loss.mel_snr_db:g} dB from those in float32, "
            f"at least {floors.mel_snr_db:g} dB is asked for"
        )
    if loss.log_mel_distance_db > floors.log_mel_distance_db:
        return (
            f"the levels of the mel bands in {precision} are {loss.log_mel_distance_db:g} dB from "
            f"those in float32, at most {floors.log_mel_distance_db:g} dB is asked for"
        )
    return None


def check_loss(loss: PrecisionLoss, precision: str, *, accepted: bool) -> PrecisionLoss:
    """Hold a loss against the precision's floors.

    Args:
        loss: What was measured.
        precision: "float16" or "int8".
        accepted: Whether to let it pass with a warning.

    Returns:
        The loss, with the warning that it deserves.

    Raises:
        VerificationError: It is below a floor and was not accepted.
    """
    below = _shortfall(loss, precision)
    if below is None:
        return loss
    if not accepted:
        raise VerificationError(
            f"{below}; nothing was written (--force writes it with a warning inside)"
        )
    return dataclasses.replace(loss, warning=below)


def _log_mel_distance(expected: Float32Array, found: Float32Array, loaded: LoadedModel) -> float:
    """Return the mean difference of the mel bands' levels, in dB."""
    units = normalization(loaded.normalization_stats) or IDENTITY
    exact, rounded = (
        torch.from_numpy(mel[:, 0]).double() * units.mag_std + units.mag_mean
        for mel in (expected, found)
    )
    return float(log_mel_distance_db(rounded, exact).mean())


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
