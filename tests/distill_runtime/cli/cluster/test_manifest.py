"""What is counted, what is told of it, and what a comparison finds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from distill_runtime.cli.cluster import cpu, sampling
from distill_runtime.cli.cluster.manifest import Manifest
from distill_runtime.cli.cluster.outcome import Failure, FileOutcome, PieceOutcome
from distill_runtime.cli.cluster.run import _verdict
from distill_runtime.cli.cluster.workshop import Workshop
from distill_runtime.errors import OutputError

EPYC = """processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: 25
model\t\t: 17
model name\t: AMD EPYC 9R14
stepping\t: 1
flags\t\t: fpu sse avx avx2 avx512f avx512_vnni

processor\t: 1
model name\t: another
"""


def test_a_cpu_in_one_line() -> None:
    assert cpu.describe(EPYC) == (
        "AuthenticAMD family 25 model 17 stepping 1 (AMD EPYC 9R14): avx avx2 avx512f avx512_vnni"
    )
    assert cpu.describe("processor\t: 0\nCPU implementer\t: 0x41\nFeatures\t: asimd sve\n") == (
        "0x41: asimd sve"
    )
    assert cpu.describe("") == ""
    assert cpu.describe_cpu()


def file(name: str, number: int, *, on: str | None = "A", sounds: int = 1) -> FileOutcome:
    return FileOutcome(name, 10, "ab", on, number, sounds)


def test_counts_and_lines(plan: Any) -> None:
    job = plan(count=1).job()
    manifest = Manifest()
    manifest.add(PieceOutcome((file("b", 2), file("c", 3, on=None)), (Failure(4, "no", "X"),), 1.5))
    manifest.add(PieceOutcome((file("a.tar", 0, sounds=2),), (Failure(5, "no", "X"),), 0.5))
    assert (manifest.made, manifest.there, manifest.failed) == (3, 1, 2)
    manifest.drop({"b": 10, "a.tar": 10, "c": 9})
    assert (manifest.made, manifest.there, manifest.failed) == (3, 0, 3)
    head = manifest.head(job, 2.0)
    assert head["asked"] == 6
    assert head["reasons"]["no"] == 2
    assert head["cpus"] == {"A": 3}
    assert head["core_s"] == 2.0
    lines = list(map(json.loads, manifest.lines(head, "seed").splitlines()))
    assert lines[0] == head
    assert lines[1] == {
        "file": "a.tar",
        "seed": 0,
        "sounds": 2,
        "bytes": 10,
        "sha256": "ab",
        "cpu": "A",
    }
    assert [line["seed"] for line in lines[3:]] == [3, 4, 5]


@pytest.mark.parametrize("cluster", [{}, {"shards": 3}, {"shards": 2, "shard_format": "parquet"}])
def test_a_comparison_finds_what_differs(
    cluster: dict[str, Any], plan: Any, make: Any, place: Path
) -> None:
    asked = plan(seed=1, count=5, cluster=cluster)
    files = [file for outcome in make(asked) for file in outcome.files]
    workshop = Workshop(asked.job(), lambda data: data)

    def compare(count: int) -> list[sampling.Sample]:
        return sampling.compare(workshop, asked.destination, asked.rows(), files, count)

    samples = compare(9)
    assert [sample.number for sample in samples] == [1, 2, 3, 4, 5]
    assert all(sample.equal and sample.cpu == sample.here for sample in samples)
    assert _verdict(samples) == "5 sounds rendered again here are the same bytes"
    assert len(compare(2)) == 2
    if cluster:
        (place / files[0].name).write_bytes(b"damaged" * 999)
        with pytest.raises(OutputError, match="cannot be read: it is damaged"):
            compare(9)
        return
    data = bytearray((place / "rain_seed3.wav").read_bytes())
    data[-400] ^= 1
    (place / "rain_seed3.wav").write_bytes(data)
    (place / "rain_seed4.wav").write_bytes(b"no sound")
    samples = compare(9)
    assert [sample.equal for sample in samples] == [True, True, False, False, True]
    near, far = samples[2].snr_db, samples[3].snr_db
    assert near is not None and near > 20 and far is None
    assert _verdict(samples).startswith("2 of 5 sounds rendered again here differ, the farthest ")
    assert "rain_seed3.wav was made on " in _verdict(samples)


def test_a_comparison_of_nothing(plan: Any) -> None:
    asked = plan(count=1)
    workshop = Workshop(asked.job(), lambda data: data)
    assert sampling.compare(workshop, asked.destination, asked.rows(), [], 3) == []
