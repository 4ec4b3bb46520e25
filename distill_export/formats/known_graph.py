"""Whether the runtime will know a graph again that is about to be verified and written."""

from __future__ import annotations

import io

import onnx
import onnxscript
import torch

from distill_runtime.artifact.known_graph import UnknownStructureError, recognise
from distill_runtime.artifact.onnx_scan import scan_onnx
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
        found = f"PyTorch {torch.__version__} with onnxscript {onnxscript.__version__}"
        tested = " and ".join(f"{name} {version}" for name, version in TESTED_WITH.items())
        raise VerificationError(
            f"{found} writes a graph that the runtime does not know: install {tested}"
        ) from None
