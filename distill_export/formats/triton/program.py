"""An artifact in the making, as a model in a repository of Triton Inference Server."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

import onnx

from distill_export.formats.onnx_program import OnnxProgram
from distill_export.formats.program import ProgramSource
from distill_export.formats.triton.configuration import configuration
from distill_export.formats.triton.served_graph import served_graph
from distill_runtime.artifact.file import ArtifactFile
from distill_runtime.contract import ONNX, TRITON
from distill_runtime.files.whole_folder import check_whole_folder, replacing_folder

_CONFIGURATION, _VERSION, _GRAPH = "config.pbtxt", "1", "model.onnx"
_HOLDS = (_CONFIGURATION, f"{_VERSION}/{_GRAPH}")


class TritonProgram(OnnxProgram):
    """A traced graph that goes, turned into what Triton can feed, into a folder."""

    format = TRITON
    latent_dim: int
    state_size: int
    latency_samples: int

    @classmethod
    def place(cls, output: Path, *, overwrite: bool) -> AbstractContextManager[Path]:
        """Return what gives a folder to write to, see `Program`."""
        return replacing_folder(output, holds=_HOLDS, overwrite=overwrite)

    @classmethod
    def check_place(cls, output: Path, *, overwrite: bool) -> None:
        """Refuse at once what `place` would refuse, see `Program`."""
        check_whole_folder(output, holds=_HOLDS, overwrite=overwrite)

    @classmethod
    def build(cls, source: ProgramSource, path: Path) -> Self:
        """Take the source's graph, see `OnnxProgram`.

        Raises:
            VerificationError: The runtime does not know such a graph.
        """
        program = super().build(source, path)
        program.latent_dim = source.synthesizer.decoder.latent_dim
        program.state_size = source.synthesizer.state_size
        program.latency_samples = source.synthesizer.latency_samples
        return program

    def served(self) -> onnx.ModelProto:
        """Return the graph as Triton is given it, without metadata until that was written."""
        return served_graph(self.model)

    def write(self, document: str, *, name: str) -> None:
        """Write the configuration, and the graph with the artifact's metadata document.

        Raises:
            ArtifactError: The runtime would refuse the artifact that the graph is made of.
        """
        del name  # it is the folder's
        ArtifactFile.inspect(self.serialized(document), formats=(ONNX,))
        text = configuration(
            file=_GRAPH,
            latent_dim=self.latent_dim,
            state_size=self.state_size,
            latency_samples=self.latency_samples,
        )
        version = self.path / _VERSION
        version.mkdir()
        (version / _GRAPH).write_bytes(self.served().SerializeToString(deterministic=True))
        (self.path / _CONFIGURATION).write_text(text, "utf-8")

    def inspect(self) -> int:
        """Return what the folder's files take: the artifact was judged when it was written."""
        return sum(path.stat().st_size for path in self.path.rglob("*") if path.is_file())
