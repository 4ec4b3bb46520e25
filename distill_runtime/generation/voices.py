"""The voices of requests: the latent trajectory of each row that the graph plays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from distill_runtime.arrays import Float32Array
from distill_runtime.generation.blend import Blend
from distill_runtime.generation.config import GenerationConfig
from distill_runtime.generation.loop_plan import LoopPlan
from distill_runtime.latents.closed_walk import closed_walk
from distill_runtime.latents.trajectory import crossfade_blocks, evolve_blocks

_Move = Callable[[Float32Array], Float32Array]


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
    steps = block_steps or blend.renderers[renderer].steps_per_call(rows)
    trajectories: list[Iterator[Float32Array]] = []
    moves: list[_Move] = []
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
        move = _move(blend, config, renderer)
        moves += [move] * len(config.row_seeds)
    for blocks in zip(*trajectories, strict=True):
        yield np.stack([move(block) for move, block in zip(moves, blocks, strict=True)])


def _move(blend: Blend, config: GenerationConfig, renderer: int) -> _Move:
    """Return what becomes of latent vectors: they are pulled first, and controls shift what is."""
    pull, shift = blend.pulls[renderer], blend.shifts(config)[renderer]
    nearness = blend.nearness(config.nearness) or 0.0

    def move(block: Float32Array) -> Float32Array:
        if pull is not None:
            block = pull(block, nearness)
        return block if shift is None else block + shift

    return move


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
