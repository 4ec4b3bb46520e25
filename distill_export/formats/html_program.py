"""An artifact in the making, as a page that plays it."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from distill_export.formats.onnx_program import OnnxProgram
from distill_export.formats.program import ProgramSource
from distill_runtime.artifact.page_file import packed
from distill_runtime.cli.serve.page_files import player_template
from distill_runtime.contract import ARTIFACT_ENDINGS, HTML, ONNX


class HtmlProgram(OnnxProgram):
    """A traced graph, which goes into a page: what is verified is what the page will play."""

    format = HTML

    @classmethod
    def build(cls, source: ProgramSource, path: Path) -> Self:
        """Take the source's graph, see `OnnxProgram`.

        Raises:
            DependencyError: There is no page to put it into.
            VerificationError: The runtime does not know such a graph.
        """
        player_template()
        return super().build(source, path)

    def write(self, document: str, *, name: str) -> None:
        """Write the page with the artifact and its metadata document in it."""
        data = self.serialized(document)
        page = packed(player_template(), data, name=f"{name}{ARTIFACT_ENDINGS[ONNX]}")
        self.path.write_bytes(page)
