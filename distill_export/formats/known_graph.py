"""Whether the runtime will know a graph again that is about to be verified and written."""

from __future__ import annotations

import io

import onnx
import onnxscript
import torch

from distill_runtime.artifact.known.known_graph import UnknownStructureError, recognise
from distill_runtime.artifact.scan.onnx_scan import scan_onnx
from distill_runtime.errors import VerificationError

TESTED_WITH = {"torch": "2.13", "onnxscript": "0.7"}  # what the structures were written with


def require_known(model: onnx.ModelProto, *, latent_dim: int) -> None:
    """See that the runtime knows a graph.

    Raises:
        VerificationError: It does not: another PyTorch traces the same module otherwise.
    """
    data = model.SerializeToString()
    file = io.BytesIO(data)
    try:
        recognise(scan_onnx(file, len(data)), file, latent_dim=latent_dim)
    except UnknownStructureError:
        raise VerificationError(_reason()) from None


def _reason() -> str:
    """Say why a graph of our own is not known."""
    present = {"torch": torch.__version__, "onnxscript": onnxscript.__version__}
    if all(present[name].startswith(f"{version}.") for name, version in TESTED_WITH.items()):
        return (
            "the model's graph is one that the runtime does not know: some of its weights are "
            "zero, or all alike, and what adds nothing is left out of a graph; train the model"
        )
    found = f"PyTorch {present['torch']} with onnxscript {present['onnxscript']}"
    tested = " and ".join(f"{name} {version}" for name, version in TESTED_WITH.items())
    return f"{found} writes a graph that the runtime does not know: install {tested}"
