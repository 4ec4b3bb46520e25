"""An artifact in the making, as ONNX."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Self

import onnx

from distill_export.formats.known_graph import require_known
from distill_export.formats.onnx_graph import OPSET, set_metadata, weight_bytes
from distill_export.formats.program import Program, ProgramSource
from distill_runtime.artifact.scan.onnx_scan import hash_weights, scan_onnx
from distill_runtime.contract import ONNX, PRECISIONS


class OnnxProgram(Program):
    """A traced graph."""

    format = ONNX
    precisions = PRECISIONS
    versions = {"onnx": onnx.__version__, "opset": str(OPSET)}  # noqa: RUF012  (never written to)

    def __init__(self, model: onnx.ModelProto, path: Path) -> None:
        self.model, self.path = model, path
        self.weight_bytes = weight_bytes(model)
        whole = sum(len(tensor.raw_data) for tensor in model.graph.initializer)
        self.constant_bytes = whole - self.weight_bytes

    @classmethod
    def build(cls, source: ProgramSource, path: Path) -> Self:
        """Take the source's graph, see `Program`.

        Raises:
            VerificationError: The runtime does not know such a graph.
        """
        require_known(source.graph, latent_dim=source.synthesizer.decoder.latent_dim)
        return cls(source.graph, path)

    def weights_sha256(self) -> str:
        """Hash every initializer, as docs/artifact.md says."""
        serialized = self.model.SerializeToString(deterministic=True)
        file = io.BytesIO(serialized)
        return hash_weights(file, scan_onnx(file, len(serialized)))

    def write(self, document: str, *, name: str) -> None:
        """Write the file with its metadata document."""
        del name
        self.path.write_bytes(self.serialized(document))

    def serialized(self, document: str) -> bytes:
        """Return the whole artifact."""
        set_metadata(self.model, document)
        return bytes(self.model.SerializeToString(deterministic=True))
