"""The graphs that distill-export writes: onnxruntime is given no other, unless a user trusts it.

`known_structures.json` holds, for every exporter's version, what a decoder and what a road to sound
look like: the hash of each one's canonical form (canonical.py, sections.py), in which the numbers
that a model chooses are replaced by what they must be. `python -m
distill_export.verify.known_structures` writes it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from distill_runtime.artifact.known.canonical import Held, NoFormError, Token, digest, skeleton
from distill_runtime.artifact.known.sections import Loop, Sections
from distill_runtime.artifact.scan.onnx_graph import FLOAT16, Tensor
from distill_runtime.artifact.scan.onnx_scan import OnnxSummary
from distill_runtime.contract import METADATA_KEY, ArtifactMetadata
from distill_runtime.errors import ArtifactError

STRUCTURES = Path(__file__).with_name("known_structures.json")
FREE = "free"  # what a constant holds is the model's
LATENT_DIM, BASE_WIDTH = "latent_dim", "base_width"
CHANNELS = tuple(f"channels{layer}" for layer in range(5))
BASE_HEIGHT = 4
PRODUCER = "distill-export"

# Of a layer, for one step: twenty times what Distill's models have. A call of twelve steps keeps
# a few layers at a time.
MAX_LAYER_VALUES = 2**22


@dataclass(frozen=True)
class Fingerprint:
    """What an array of signal processing is recognised by: sums of it, each with other signs.

    Not by a hash: another machine's cosine, or its inverse of a matrix, rounds otherwise.

    Attributes:
        dims: The array's shape.
        sums: None if what it holds is the model's to choose.
        tolerance: How far each sum may be off.
    """

    dims: tuple[int, ...]
    sums: tuple[float, ...] | None
    tolerance: float


@dataclass(frozen=True)
class KnownStructure:
    """A graph that was recognised.

    Attributes:
        reconstruction: What its road to sound is.
        latency_samples: That road's.
        integers: Whether its decoder is one of integers.
        halves: Whether some of its weights are float16.
        arrays: The constants of signal processing, and what they must be.
    """

    reconstruction: str
    latency_samples: int
    integers: bool
    halves: bool
    arrays: tuple[tuple[Tensor, Fingerprint], ...]


class UnknownStructureError(ArtifactError):
    """The graph is not one that an exporter known here writes."""


def recognise(summary: OnnxSummary, file: BinaryIO, *, latent_dim: int) -> KnownStructure:
    """Recognise a graph.

    Args:
        summary: Of the whole file.
        file: That file.
        latent_dim: Length of its latent vectors.

    Raises:
        UnknownStructureError: It is not known.
        ArtifactError: It is, but one of its layers is too large.
    """
    try:
        return _recognise(summary, file, latent_dim)
    except NoFormError as reason:
        raise _unknown(str(reason)) from None


def check_agreement(structure: KnownStructure, metadata: ArtifactMetadata) -> None:
    """See that a file's metadata says what its graph is.

    Raises:
        ArtifactError: It says something else.
    """
    if structure.integers:
        precisions: tuple[str, ...] = ("int8",)
    else:  # small weights are kept in float32, whatever is asked for
        precisions = ("float16",) if structure.halves else ("float32", "float16")
    for name, found, possible in (
        ("reconstruction", metadata.reconstruction, (structure.reconstruction,)),
        ("precision", metadata.precision, precisions),
        ("latency_samples", metadata.latency_samples, (structure.latency_samples,)),
    ):
        if found not in possible:
            raise ArtifactError(
                f"its metadata has {name} {found!r}, its graph {possible[0]!r}: export it again"
            )


def head_tokens(summary: OnnxSummary) -> list[Token]:
    """Return what a road's form begins with: the versions of ONNX that the file is written in."""
    return [f"IR {summary.ir_version}", f"opsets {sorted(summary.opsets.items())}"]


def evaluate(expression: str, sizes: Mapping[str, int]) -> int | None:
    """Return the value of a product such as `8*channels1`; None if a size in it is not there."""
    factors = [
        int(factor) if factor.isdecimal() else sizes.get(factor) for factor in expression.split("*")
    ]
    known = [factor for factor in factors if factor is not None]
    return math.prod(known) if len(known) == len(factors) else None


def _recognise(summary: OnnxSummary, file: BinaryIO, latent_dim: int) -> KnownStructure:
    has_more = summary.surplus or not summary.metadata.keys() <= {METADATA_KEY}
    if has_more or summary.producer != PRODUCER:
        raise NoFormError("the file holds more than an exporter writes")
    known = known_structures()
    sections = Sections(summary.graph, file)
    entry, nodes = _decoder(known, sections, file, latent_dim)
    head = head_tokens(summary)
    inner = len(sections.inner_nodes)
    for loop, plain in known.inner_graphs:
        if inner != plain if loop is None else loop.repetitions(inner) is None:
            continue
        try:
            road, arrays = sections.road(nodes, loop)
        except NoFormError:
            continue  # it may be another loop's
        tokens = [*head, *road]
        for candidate in known.roads.get(skeleton(tokens), ()):
            family = known.families[candidate["family"]]
            free = dict.fromkeys(candidate["free"], FREE)
            if _loop(family) == loop and digest(tokens, free, file) == candidate["sha256"]:
                prints = [known.fingerprints[name] for name in family["arrays"]]
                return KnownStructure(
                    reconstruction=family["reconstruction"],
                    latency_samples=family["latency_samples"],
                    integers=entry["integers"],
                    halves=any(
                        sections.scope.constants[name].element_type == FLOAT16
                        for name in sections.scope.halves
                    ),
                    arrays=tuple(zip(arrays, prints, strict=True)),
                )
    raise NoFormError("its road from mel frames to sound is not known")


def _decoder(
    known: _Known, sections: Sections, file: BinaryIO, latent_dim: int
) -> tuple[dict[str, Any], int]:
    """Return what is known of the graph's decoder, and how many nodes it has."""
    for count in known.decoder_nodes:
        tokens = sections.decoder(count)
        for entry in known.decoders.get(skeleton(tokens), ()):
            slots = {int(index): expression for index, expression in entry["slots"].items()}
            sizes = _sizes(tokens, slots, latent_dim)
            if sizes is not None and digest(tokens, slots, file) == entry["sha256"]:
                _check_sizes(sizes)
                return entry, count
    raise NoFormError("its decoder is not known")


def _sizes(tokens: list[Token], slots: Mapping[int, str], latent_dim: int) -> dict[str, int] | None:
    """Return the sizes that a decoder chooses, if its numbers are all that follows from them."""
    sizes = {LATENT_DIM: latent_dim}
    for index, expression in slots.items():
        *factor, name = expression.split("*")
        token = tokens[index]
        if name in sizes or name == FREE or len(factor) > 1 or not isinstance(token, int):
            continue
        if not factor or factor[0].isdecimal():
            sizes[name], rest = divmod(token, int(factor[0]) if factor else 1)
            if rest or token < 1:
                return None
    for index, expression in slots.items():
        token = tokens[index]
        if isinstance(token, Held) != (expression == FREE):
            return None
        if expression != FREE and evaluate(expression, sizes) != token:
            return None
    return sizes


def _check_sizes(sizes: Mapping[str, int]) -> None:
    channels = [sizes.get(name, 1) for name in CHANNELS] + [2]
    area = BASE_HEIGHT * sizes[BASE_WIDTH]
    for layer, count in enumerate(channels):
        values = count * area * 4**layer
        if values > MAX_LAYER_VALUES:
            raise ArtifactError(
                f"a layer of its decoder has {values} values for each step, at most "
                f"{MAX_LAYER_VALUES} are played: use a narrower model"
            )


def _unknown(reason: str) -> UnknownStructureError:
    return UnknownStructureError(
        f"unknown structure ({reason}): update distill-portable, or export it again with this "
        "version; if you know where the file comes from, --trust (trust=True) plays it all the same"
    )


@dataclass(frozen=True)
class _Known:
    decoders: dict[str, list[dict[str, Any]]]
    roads: dict[str, list[dict[str, Any]]]
    families: list[dict[str, Any]]
    fingerprints: dict[str, Fingerprint]
    decoder_nodes: tuple[int, ...]
    inner_graphs: tuple[tuple[Loop | None, int], ...]  # and their nodes, where nothing repeats


@cache
def known_structures() -> _Known:
    """Return what is known, read once."""
    content = json.loads(STRUCTURES.read_text("utf-8"))
    decoders = [entry for entries in content["decoders"].values() for entry in entries]
    return _Known(
        decoders=content["decoders"],
        roads=content["roads"],
        families=content["families"],
        fingerprints={
            name: Fingerprint(tuple(f["dims"]), None, 0.0)
            if FREE in f
            else Fingerprint(tuple(f["dims"]), tuple(f["sums"]), f["tolerance"])
            for name, f in content["arrays"].items()
        },
        decoder_nodes=tuple(sorted({entry["nodes"] for entry in decoders})),
        inner_graphs=tuple(
            dict.fromkeys((_loop(family), family["inner_nodes"]) for family in content["families"])
        ),
    )


def _loop(family: dict[str, Any]) -> Loop | None:
    return None if family["loop"] is None else Loop(**family["loop"])
