"""No two modules are taken for one: each gets the graph that is traced from it."""

from __future__ import annotations

from pathlib import Path

import onnx
import torch

from tests.distill_export.traced_once import traced_once
from tests.once import Once


class Scaled(torch.nn.Module):
    """A weight, and a setting that is in no state_dict."""

    def __init__(self, weight: float, setting: int) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([weight]))
        self.setting = setting


def test_modules_are_told_apart_by_all_that_is_in_them(tmp_path: Path) -> None:
    traced: list[tuple[float, int, int]] = []

    def trace(module: Scaled, *, latent_dim: int) -> onnx.ModelProto:
        traced.append((module.weight.item(), module.setting, latent_dim))
        return onnx.ModelProto(doc_string=str(traced[-1]))

    asked = [(1.0, 1, 16), (2.0, 1, 16), (1.0, 2, 16), (1.0, 1, 32)]
    for _ in range(2):  # as another process would, after the first
        remembered = traced_once(trace, Once(tmp_path / "once"))
        for weight, setting, latent_dim in asked:
            graph = remembered(Scaled(weight, setting), latent_dim=latent_dim)
            assert graph.doc_string == str((weight, setting, latent_dim))
    assert traced == asked


def test_who_changes_a_graph_changes_no_other(tmp_path: Path) -> None:
    remembered = traced_once(
        lambda *_, **__: onnx.ModelProto(doc_string="whole"), Once(tmp_path / "once")
    )
    module = Scaled(1.0, 1)
    for _ in range(2):
        graph = remembered(module)
        assert graph.doc_string == "whole"
        graph.doc_string = "broken"
