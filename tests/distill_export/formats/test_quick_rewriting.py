"""A graph is optimized to the same, with fewer rules tried."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
import torch
from onnxscript.rewriter._matcher import SimplePatternMatcher

from distill_export.formats.quick_rewriting import quick_rewriting
from distill_export.formats.tracing import quiet_tracer


class Redundant(torch.nn.Module):
    """What the optimizer finds something to do with."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        folded = x.reshape(-1, 2, 3).reshape(-1, 6).transpose(0, 1).transpose(0, 1)
        return torch.relu(torch.relu(folded + 0.0) * 1.0).clamp(0.0, 1.0).float()


def test_the_same_graph_comes_of_fewer_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    exported = torch.export.export(
        Redundant(), (torch.ones(4, 6),), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},)
    )
    graphs, tries = [], []
    whole = SimplePatternMatcher._match_single_output_node

    def counted(*arguments: object, **options: object) -> object:
        tries[-1] += 1
        return whole(*arguments, **options)

    monkeypatch.setattr(SimplePatternMatcher, "_match_single_output_node", counted)
    before = SimplePatternMatcher.match
    for how in (nullcontext(), quick_rewriting()):
        tries.append(0)
        with how, quiet_tracer():
            program = torch.onnx.export(exported, dynamo=True, verbose=False)
        assert program is not None
        graphs.append(program.model_proto.SerializeToString(deterministic=True))
    assert graphs[0] == graphs[1]
    assert 0 < tries[1] < tries[0] / 4
    assert SimplePatternMatcher.match is before
