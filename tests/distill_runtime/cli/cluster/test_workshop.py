"""What a worker makes: the bytes of single renderings, once, and every failure with its reason."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyarrow")

import pyarrow.parquet as pq

from distill_runtime import GenerationPipeline
from distill_runtime.cli.cluster.cpu import describe_cpu
from distill_runtime.cli.cluster.job import Versions
from distill_runtime.cli.cluster.workshop import Workshop
from distill_runtime.errors import ArtifactError, BackendError, DependencyError


def identities(place: Path) -> dict[str, tuple[int, int]]:
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in place.iterdir()}


@pytest.mark.parametrize("container", ["wav", "flac", "ogg", "mp3"])
def test_files_are_those_of_single_renderings(
    container: str, plan: Any, make: Any, alone: Any, place: Path
) -> None:
    outcomes = make(plan(seed=5, count=6, container=container))
    files = [file for outcome in outcomes for file in outcome.files]
    assert [file.name for file in files] == [f"rain_seed{n}.{container}" for n in range(5, 11)]
    assert {file.cpu for file in files} == {describe_cpu()}
    for file in files:
        assert (place / file.name).read_bytes() == alone(file.number, container)
        assert file.size == (place / file.name).stat().st_size
    assert not [failure for outcome in outcomes for failure in outcome.failures]


@pytest.mark.parametrize("container", ["wav", "flac", "ogg", "mp3"])
def test_what_is_there_is_looked_at_and_not_made_again(
    container: str, plan: Any, make: Any, place: Path
) -> None:
    asked = plan(seed=1, count=4, container=container)
    (first,) = make(asked)
    (place / f"rain_seed3.{container}").unlink()
    before = identities(place)
    (again,) = make(asked)
    assert identities(place).items() >= before.items()
    assert [file.cpu is None for file in again.files] == [True, True, False, True]
    assert [replace(f, cpu=None) for f in again.files] == [
        replace(f, cpu=None) for f in first.files
    ]


def test_another_sound_is_replaced_only_with_force(
    plan: Any, make: Any, place: Path, alone: Any
) -> None:
    make(plan(seed=1, count=2))
    (place / "rain_seed2.wav").write_bytes(b"x")
    longer = {"seed": 1, "count": 3, "duration_s": 0.5}
    (outcome,) = make(plan(**longer))
    assert [file.name for file in outcome.files] == ["rain_seed3.wav"]
    assert [failure.number for failure in outcome.failures] == [1, 2]
    assert outcome.failures[0].reason == (
        "rain_seed1.wav exists and is another sound: choose another place, or overwrite it with "
        "--force"
    )
    make(plan(**longer, force=True))
    assert (place / "rain_seed1.wav").read_bytes() == alone(1, duration_s=0.5)


def test_a_sound_that_appears_meanwhile_is_looked_at(
    plan: Any, make: Any, place: Path, alone: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = plan(seed=1, count=2)
    monkeypatch.setattr(type(asked.destination), "sizes", lambda self, names=None: {})
    place.joinpath("rain_seed1.wav").write_bytes(alone(1))
    place.joinpath("rain_seed2.wav").write_bytes(b"another")
    (outcome,) = make(asked)
    assert [file.cpu for file in outcome.files] == [None]
    assert [failure.kind for failure in outcome.failures] == ["OutputExistsError"]


ROWS = [
    '{"seed": 4}',
    '{"seed": -1}',
    "",
    '{"duration_s": 0.5, "stereo": "mid-side"}',
    '{"lenght": 2}',
    "[1",
    "[" * 5000,
    '{"sample_rate_hz": 44100, "seed": 4}',
]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "asked.jsonl"
    path.write_text("\n".join(ROWS))
    return path


def test_rows_that_are_wrong_cost_no_other(
    table: Path, plan: Any, make: Any, place: Path, alone: Any
) -> None:
    outcomes = make(plan(seed=100, cluster={"requests": table}))
    files = [file for outcome in outcomes for file in outcome.files]
    failures = [failure for outcome in outcomes for failure in outcome.failures]
    assert [file.name for file in files] == ["rain_row1.wav", "rain_row4.wav", "rain_row8.wav"]
    assert [failure.number for failure in failures] == [2, 5, 6, 7]
    assert {failure.kind for failure in failures} == {"request"}
    assert failures[0].reason == "seed is -1, expected an integer from 0 to 4294967295"
    assert (place / "rain_row1.wav").read_bytes() == alone(4)
    from distill_runtime import StereoSettings

    wide = alone(104, duration_s=0.5, stereo=StereoSettings("mid-side"))
    assert (place / "rain_row4.wav").read_bytes() == wide
    assert (place / "rain_row8.wav").read_bytes() == alone(4, sample_rate_hz=44_100)


def test_a_rate_that_the_format_lacks_is_a_wrong_row(tmp_path: Path, plan: Any, make: Any) -> None:
    path = tmp_path / "asked.jsonl"
    path.write_text('{"sample_rate_hz": 96000}\n{}\n')
    (outcome,) = make(plan(container="mp3", cluster={"requests": path}))
    (failure,) = outcome.failures
    assert failure.reason == "sample_rate_hz is 96000, expected one of 44100, 48000 for mp3"
    assert len(outcome.files) == 1


def test_one_that_fails_beside_others_is_alone_at_fault(
    plan: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate = GenerationPipeline._generate_batch

    def failing(self: Any, configs: Any, *args: Any, **kwargs: Any) -> Any:
        if any(config.seed == 6 for config in configs):
            raise BackendError("it plays NaN")
        return generate(self, configs, *args, **kwargs)

    monkeypatch.setattr(GenerationPipeline, "_generate_batch", failing)
    (outcome,) = make(plan(seed=4, count=4))
    assert [file.number for file in outcome.files] == [4, 5, 7]
    assert [(f.number, f.reason, f.kind) for f in outcome.failures] == [
        (6, "it plays NaN", "BackendError")
    ]


def test_a_tar_holds_sounds_and_recipes(
    table: Path, plan: Any, make: Any, place: Path, alone: Any
) -> None:
    asked = plan(cluster={"requests": table, "shards": 4})
    outcomes = make(asked)
    names = [asked.job().shard_name(index) for index in range(2)]
    assert [file.name for outcome in outcomes for file in outcome.files] == names
    assert [file.sounds for outcome in outcomes for file in outcome.files] == [2, 1]
    with tarfile.open(place / names[0]) as tar:
        members = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
        assert all(member.mtime == 0 and member.mode == 0o644 for member in tar)
    assert list(members) == ["rain_row1.wav", "rain_row1.json", "rain_row4.wav", "rain_row4.json"]
    assert members["rain_row1.wav"] == alone(4)
    facts = json.loads(members["rain_row1.json"])
    assert (facts["recipe"]["seed"], facts["number"], facts["cpu"]) == (4, 1, describe_cpu())
    before = identities(place), [(place / name).read_bytes() for name in names]
    again = make(asked)
    assert [file.cpu for outcome in again for file in outcome.files] == [None, None]
    assert [file.sha256 for o in again for file in o.files] == [
        file.sha256 for o in outcomes for file in o.files
    ]
    for name in names:
        (place / name).unlink()
    make(asked)
    assert [(place / name).read_bytes() for name in names] == before[1], "the same bytes again"


@pytest.mark.parametrize("kind", ["tar", "parquet"])
@pytest.mark.parametrize("damage", [0, 1, 3000, -1, -700])
def test_a_shard_that_is_not_whole_is_made_again(
    kind: str, damage: int, plan: Any, make: Any, place: Path
) -> None:
    asked = plan(seed=1, count=2, cluster={"shards": 2, "shard_format": kind})
    ((whole,),) = (outcome.files for outcome in make(asked))
    path = place / whole.name
    data = path.read_bytes()
    path.write_bytes(data[:damage])
    (outcome,) = make(asked)
    assert outcome.files == (whole,)
    assert path.read_bytes() == data


def test_parquet_holds_sounds_and_recipes(plan: Any, make: Any, place: Path, alone: Any) -> None:
    asked = plan(seed=7, count=3, cluster={"shards": 2, "shard_format": "parquet"})
    outcomes = make(asked)
    names = [file.name for outcome in outcomes for file in outcome.files]
    rows = [row for name in names for row in pq.read_table(place / name).to_pylist()]
    assert [row["seed"] for row in rows] == [7, 8, 9]
    assert rows[1]["audio"] == {"bytes": alone(8), "path": "rain_seed8.wav"}
    assert json.loads(rows[1]["recipe"])["seed"] == 8
    assert rows[1]["cpu"] == describe_cpu()
    assert not [file for outcome in make(asked) for file in outcome.files if file.cpu]


def test_a_shard_without_a_right_row_is_none(tmp_path: Path, plan: Any, make: Any) -> None:
    path = tmp_path / "asked.jsonl"
    path.write_text("1\n2\n{}\n")
    first, second = make(plan(cluster={"requests": path, "shards": 2}))
    assert (first.files, len(first.failures), first.sounds) == ((), 2, 2)
    assert len(second.files) == 1


def test_a_shard_that_cannot_be_written_fails_all_its_sounds(
    plan: Any, make: Any, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = plan(seed=1, count=3, cluster={"shards": 2})
    place.rmdir()
    first, second = make(asked)
    assert (len(first.failures), len(second.failures), first.files) == (2, 1, ())
    assert "does not exist" in first.failures[0].reason


def test_a_worker_must_have_the_same_versions_and_artifacts(plan: Any) -> None:
    job = plan(count=1).job()
    older = replace(job, versions=Versions("0.0.1", "1.15.0"))
    with pytest.raises(DependencyError, match=r"a worker has distill-portable .*install the same"):
        Workshop(older, lambda data: data)
    with pytest.raises(ArtifactError, match=r"rain\.onnx was changed while it was sent"):
        changed = replace(job.artifacts[0], sha256="00")
        Workshop(replace(job, artifacts=(changed,)), lambda data: data)


def test_names_are_of_the_requests_alone(plan: Any) -> None:
    def name(**options: Any) -> str:
        options = {"seed": 1, "count": 4, "cluster": {"shards": 2}, **options}
        return str(plan(**options).job().shard_name(3))

    first = name()
    assert first == name()
    others = [
        name(seed=2),
        name(count=5),
        name(duration_s=0.5),
        name(title="Rain"),
        name(container="flac"),
        name(threads=2),
        name(cluster={"shards": 3}),
        name(randomize=False, bit_depth="16"),
    ]
    assert first not in others
    assert len(set(others)) == len(others)


def test_a_key_has_no_dots_in_shards(plan: Any) -> None:
    asked = plan(seed=1, count=1, cluster={"shards": 1})
    job = replace(asked.job(), stem="rain.v2")
    (row,) = asked.rows()
    assert (job.key(row), replace(job, shards=None).key(row)) == ("rain_v2_seed1", "rain.v2_seed1")


Make = Callable[..., Any]


def test_a_sound_can_be_read_back_from_a_tar_in_memory(plan: Any, make: Make, place: Path) -> None:
    from distill_runtime.cli.cluster.shard import read_sounds, shard_sounds

    ((file,),) = (o.files for o in make(plan(seed=1, count=2, cluster={"shards": 2})))
    data = io.BytesIO((place / file.name).read_bytes())
    assert shard_sounds(data, file.name) == 2
    data.seek(0)
    assert [number for number, _, _ in read_sounds(data, file.name)] == [1, 2]
