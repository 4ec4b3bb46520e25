"""The integer operations do in torch exactly what they are exported as."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from distill_export.formats.tracing import quiet_tracer
from distill_export.graph.decoder.integer_ops import (
    TRANSLATIONS,
    byte_conv,
    integer_matmul,
    to_bytes,
)

BEFORE, AFTER, COLUMNS = 5, 4, 6


class EveryOperation(nn.Module):
    """Bytes of an image, their convolution, and the product of its channels with a matrix."""

    def __init__(self) -> None:
        super().__init__()
        random = torch.Generator().manual_seed(1)

        def whole(low: int, high: int, *shape: int) -> torch.Tensor:
            return torch.randint(low, high, shape, generator=random)

        self.register_buffer("weight", whole(-63, 64, AFTER, BEFORE, 2, 2).to(torch.int8))
        self.register_buffer("scale", torch.rand(AFTER, generator=random) / 40)
        self.register_buffer("bias", whole(-9000, 9000, AFTER).to(torch.int32))
        self.register_buffer("matrix", whole(-63, 64, AFTER, COLUMNS).to(torch.int8))
        self.register_buffer("one", torch.tensor(1.0))
        self.register_buffer("zero", torch.tensor(0, dtype=torch.uint8))
        self.register_buffer("middle", torch.tensor(128, dtype=torch.uint8))
        self.register_buffer("weight_zero", torch.zeros(AFTER, dtype=torch.int8))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        pixels = to_bytes(x, self.one, self.zero)
        units = (self.weight, self.scale, self.weight_zero, self.bias, self.one, self.zero)
        convolved = byte_conv(pixels, *units)
        sums = integer_matmul(convolved.permute(0, 2, 3, 1), self.matrix, self.middle)
        return pixels, convolved, sums


@pytest.fixture(scope="module")
def operations() -> EveryOperation:
    return EveryOperation()


@pytest.fixture(scope="module")
def session(operations: EveryOperation) -> onnxruntime.InferenceSession:
    dynamic = torch.export.Dim.DYNAMIC
    shapes = ({0: dynamic, 2: dynamic, 3: dynamic},)
    example = (torch.zeros(2, BEFORE, 4, 3),)
    with quiet_tracer():
        program = torch.onnx.export(
            torch.export.export(operations, example, dynamic_shapes=shapes),
            dynamo=True,
            opset_version=18,
            input_names=["x"],
            custom_translation_table=TRANSLATIONS,
            verbose=False,
        )
    model = program.model_proto
    assert {"QuantizeLinear", "QLinearConv", "MatMulInteger"} <= {
        n.op_type for n in model.graph.node
    }
    return onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )


@settings(deadline=None, max_examples=60)
@given(
    rows=st.integers(1, 4),
    height=st.integers(1, 9),
    width=st.integers(1, 9),
    seed=st.integers(0, 1000),
    spread=st.sampled_from([0.0, 1.0, 80.0, 1e6]),
)
def test_torch_and_onnxruntime_agree_bit_for_bit(
    operations: EveryOperation,
    session: onnxruntime.InferenceSession,
    rows: int,
    height: int,
    width: int,
    seed: int,
    spread: float,
) -> None:
    random = torch.Generator().manual_seed(seed)
    x = spread * torch.randn(rows, BEFORE, height, width, generator=random)
    found = session.run(None, {"x": x.numpy()})
    for expected, result in zip(operations(x), found, strict=True):
        assert result.dtype == expected.numpy().dtype
        np.testing.assert_array_equal(result, expected)


def test_halves_are_rounded_to_even_and_bytes_saturate() -> None:
    one, zero = torch.tensor(1.0), torch.tensor(0, dtype=torch.uint8)
    x = torch.tensor([-5.0, -0.5, 0.5, 1.5, 2.5, 254.5, 255.5, 1e30])
    assert to_bytes(x, one, zero).tolist() == [0, 0, 0, 2, 2, 254, 255, 255]
