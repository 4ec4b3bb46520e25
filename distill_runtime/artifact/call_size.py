"""How much to play in one call of the graph: enough for its weights, no more than caches hold."""

from __future__ import annotations

from collections.abc import Iterator

from distill_runtime.arrays import Float32Array

# The first layers read all their weights for every call, so a call wants many steps; on a CPU what
# follows should stay in the cores' caches, so not too many (docs/performance.md, "Limits").
_MOST_ROWS = 12
_ROWS_ON_CUDA = 128
VOICES_ON_CUDA = 16


def rows_per_call(provider: str, threads: int) -> int:
    """Return how many rows and steps, multiplied, make a call efficient."""
    return min(_MOST_ROWS, 4 + 2 * threads) if provider == "cpu" else _ROWS_ON_CUDA


def split_steps(latents: Float32Array, steps: int = _MOST_ROWS) -> Iterator[Float32Array]:
    """Cut a trajectory `[batch, all steps, latent_dim]` into blocks of so many steps."""
    for start in range(0, latents.shape[1], steps):
        yield latents[:, start : start + steps]
