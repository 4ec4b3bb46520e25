"""The choice of a format: the program that holds each."""

from __future__ import annotations

from pathlib import Path

from distill_export.formats.html_program import HtmlProgram
from distill_export.formats.nn_tilde.program import NnTildeProgram
from distill_export.formats.onnx_program import OnnxProgram
from distill_export.formats.program import Program, ProgramSource
from distill_export.formats.pt2 import Pt2Program
from distill_export.formats.torchscript import TorchScriptProgram
from distill_export.formats.triton.program import TritonProgram

PROGRAMS: dict[str, type[Program]] = {
    program.format: program
    for program in (
        OnnxProgram,
        TorchScriptProgram,
        Pt2Program,
        HtmlProgram,
        NnTildeProgram,
        TritonProgram,
    )
}


def build_program(format: str, source: ProgramSource, path: Path) -> Program:
    """Return a program of a format, which will be written to `path`."""
    return PROGRAMS[format].build(source, path)
