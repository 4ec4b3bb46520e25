"""The voices of requests: the latent trajectory of each row that the graph plays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from distill_runtime.arrays import Float32Array
from distill_runtime.artifact.artifact import steps_per_call
from distill_runtime.generation.blend import Blend
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.generation.loop_plan import LoopPlan
from distill_runtime.latents.closed_walk import closed_walk
from distill_runtime.latents.trajectory import crossfade_blocks, evolve_blocks


def latent_blocks(
    blend: Blend,
    configs: Sequence[GenerationConfig],
    renderer: int = 0,
    *,
    block_steps: int | None = None,
) -> Iterator[Float32Array]:
    """Yield the requests' trajectories on one of a blend's renderers, a row for each voice.

    Args:
        blend: What plays.
        configs: Requests of one duration, all loops or none, seeded, their sliders resolved.
        renderer: Index of the renderer.
        block_steps: Steps in a block; by default as many as make a call efficient. The blocks
            around a loop's end are shorter.

    Yields:
        `[rows, steps, latent_dim]`.
    """
    rows = sum(len(config.row_seeds) for config in configs)
    steps = block_steps or steps_per_call(rows)
    trajectories: list[Iterator[Float32Array]] = []
    shifts: list[Float32Array | None] = []
    for config in configs:
        walks = _trajectories(blend, config, renderer, block_steps=steps)
        if config.loop:
            plan = LoopPlan.of(config)
            again = _trajectories(blend, config, renderer, block_steps=steps)
            walks = (
                closed_walk(before, walk, period=plan.period_steps, lead=plan.lead_steps)
                for before, walk in zip(again, walks, strict=True)
            )
        trajectories += walks
        shifts += [blend.shifts(config)[renderer]] * len(config.row_seeds)
    for blocks in zip(*trajectories, strict=True):
        yield np.stack(
            [
                block if shift is None else block + shift
                for block, shift in zip(blocks, shifts, strict=True)
            ]
        )


def _trajectories(
    blend: Blend, config: GenerationConfig, renderer: int, *, block_steps: int
) -> Iterator[Iterator[Float32Array]]:
    """Yield the trajectory of each of a request's voices, in blocks `[steps, latent_dim]`."""
    start = blend.start_vectors(config)[renderer]
    for seed in config.row_seeds:
        if start is None:
            yield crossfade_blocks(
                seed=seed,
                duration_s=config.duration_s,
                latent_dim=blend.renderers[renderer].latent_dim,
                block_steps=block_steps,
            )
        else:
            yield evolve_blocks(
                start,
                seed=seed,
                duration_s=config.duration_s,
                evolution=config.evolution,
                block_steps=block_steps,
            )
