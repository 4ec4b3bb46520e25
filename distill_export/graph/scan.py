"""One module over a sequence of blocks, each beginning with the state that the last one left."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch._higher_order_ops.scan import scan_op

Tensors = Sequence[torch.Tensor]


def scan_blocks(
    module: nn.Module, state: Tensors, blocks: torch.Tensor
) -> tuple[torch.Tensor, Tensors]:
    """Run `output, state = module(block, *state)` for every block; a `Scan` when exported.

    Every block is a computation of the same shapes however many there are, so its rounding does not
    depend on how a stream is cut into calls.

    Args:
        module: Takes a block and a state; returns an output and a state of the same shapes.
        state: For the first block.
        blocks: `[blocks, ...]`, at least one.

    Returns:
        The outputs `[blocks, ...]` and the last state.
    """
    if torch.compiler.is_exporting():
        return _scan(module, state, blocks)
    outputs = []
    for block in blocks:
        output, state = module(block, *state)
        outputs.append(output)
    return torch.stack(outputs), state


def _scan(module: nn.Module, state: Tensors, blocks: torch.Tensor) -> tuple[torch.Tensor, Tensors]:
    # The operator itself: its public wrapper compiles first, and stumbles over a length that only
    # the data tell. The operator sees no closure, so what the module reads is handed to it.

    # While it traces, the exporter hands out proxies that only it can follow.
    module = getattr(module, "get_base", lambda: module)()
    named = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    names, constants = zip(*named.items(), strict=True)

    def step(*tensors: torch.Tensor) -> list[torch.Tensor]:
        before, (block, *values) = tensors[: len(state)], tensors[len(state) :]
        held = dict(zip(names, values, strict=True))
        output, after = torch.func.functional_call(module, held, (block, *before))
        return [*(part.contiguous() for part in after), output]

    first = [part.contiguous() for part in state]
    *last, outputs = scan_op(step, first, [blocks], list(constants))
    return outputs, last
