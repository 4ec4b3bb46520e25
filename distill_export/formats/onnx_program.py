"""An artifact in the making, as ONNX."""

from __future__ import annotations

import io
from pathlib import Path

import onnx

from distill_export.formats.onnx_graph import OPSET, set_metadata, weight_bytes
from distill_export.graph.learned.synthesizer import Synthesizer
from distill_export.graph.refined.synthesizer import RefinedSynthesizer
from distill_export.model.file import LoadedModel
from distill_export.verify.parity import Verification, verify_graph
from distill_runtime.artifact.onnx_scan import hash_weights, scan_onnx


class OnnxProgram:
    """A traced graph; `TorchProgram` is its counterpart for libtorch."""

    versions = {"onnx": onnx.__version__, "opset": str(OPSET)}  # noqa: RUF012  (never written to)

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model = model
        self.weight_bytes = weight_bytes(model)
        whole = sum(len(tensor.raw_data) for tensor in model.graph.initializer)
        self.constant_bytes = whole - self.weight_bytes

    def verify(
        self, loaded: LoadedModel, synthesizer: Synthesizer | RefinedSynthesizer
    ) -> Verification:
        """Compare the graph in onnxruntime with the reference.

        Raises:
            VerificationError: They do not agree.
        """
        return verify_graph(self.model, loaded, synthesizer)

    def weights_sha256(self) -> str:
        """Hash every initializer, as docs/artifact.md says."""
        serialized = self.model.SerializeToString(deterministic=True)
        file = io.BytesIO(serialized)
        return hash_weights(file, scan_onnx(file, len(serialized)))

    def write(self, path: Path, document: str) -> None:
        """Write the file with its metadata document."""
        set_metadata(self.model, document)
        path.write_bytes(self.model.SerializeToString(deterministic=True))
