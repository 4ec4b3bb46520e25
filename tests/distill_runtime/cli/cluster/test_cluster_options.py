"""The options of a cluster: which exclude each other, and what is told before anything begins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from distill_runtime.cli.cluster import extras, run
from distill_runtime.cli.play.options import PlayOptions

RAIN = ("rain.onnx", "-d", 0.2)
REFUSED = {
    "a table alone": (("--requests", "a.jsonl"), "--requests needs --cluster"),
    "shards alone": (("--shards", 3), "--shards needs --cluster"),
    "a comparison alone": (("--verify", 3), "--verify needs --cluster"),
    "no place": (("--cluster",), "--cluster needs -o, a folder or an address for the sounds"),
    "a pipe": (("-o", "-", "--cluster"), "-o - takes one sound: with --cluster, give a folder"),
    "no shards": (("-o", "x", "--cluster", "--shards", 0), "--shards is 0, expected 1 to 1000000"),
    "a format alone": (("-o", "x", "--cluster", "--shard-format", "tar"), "--shard-format needs"),
    "a format": (
        ("-o", "x", "--cluster", "--shards", 2, "--shard-format", "zip"),
        "--shard-format is 'zip', expected tar or parquet",
    ),
    "no samples": (("-o", "x", "--cluster", "--verify", -1), "--verify is -1, expected 1 to"),
    "two counts": (("-o", "x", "-n", 3, "--cluster", "--requests", "a.jsonl"), "leave out -n"),
    "random rows": (("-o", "x", "--randomize", "--cluster", "--requests", "a.jsonl"), "a row"),
    "sidecars": (("-o", "x", "--cluster", "--sidecar"), "leave out --sidecar"),
    "pictures": (("-o", "x", "--cluster", "--plot"), "leave out --plot"),
    "playing": (("-o", "x", "--cluster", "--play"), "--play plays one sound: leave out --cluster"),
    "a preset": (("-o", "x", "--cluster", "--save-preset", "p.json"), "leave out --cluster"),
    "no table": (("-o", "x", "--cluster", "--requests", "a.jsonl"), "a.jsonl: no such file"),
    "no address": (("-o", "nowhere://x", "--cluster"), "nowhere://x is no address: "),
    "no length": (("-o", "x", "--cluster", "-d", "-3"), "-d is -3, expected a number of seconds"),
}


@pytest.mark.parametrize(("options", "sentence"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_wrong_is_told_before_anything_begins(
    cli: Any, made: Any, options: tuple[Any, ...], sentence: str
) -> None:
    refused = cli(*RAIN, *options)
    assert refused.code == 2
    assert sentence in refused.complaint
    assert made() == []


@pytest.mark.parametrize(
    ("words", "address"),
    [
        (("--cluster",), "local"),
        (("--cluster", "-n", 3), "local"),
        (("--cluster", "ray://host:10001", "-n", 3), "ray://host:10001"),
        (("--cluster=auto", "-n", 3), "auto"),
        (("-n", 3), None),
    ],
)
def test_the_address_may_be_left_out(
    cli: Any, monkeypatch: pytest.MonkeyPatch, words: tuple[Any, ...], address: str | None
) -> None:
    asked: list[PlayOptions] = []
    monkeypatch.setattr(run, "render_on_cluster", asked.append)
    assert cli(*RAIN, *words, "-o", "s3://bucket/x" if address else "x").code == 0
    assert [options.cluster.address for options in asked] == ([address] if address else [])
    if asked:
        assert asked[0].cluster.destination == "s3://bucket/x"


def test_ray_is_missing_in_one_line(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    refused = cli(*RAIN, "-n", 3, "-o", "x", "--cluster")
    assert refused.code == 1
    assert refused.complaint == (
        "ray is not installed, and --cluster needs it: pip install ray pyarrow"
    )


def test_a_place_without_room_is_told(cli: Any, made: Any) -> None:
    refused = cli("rain.onnx", "-d", 3600, "-n", 10**6, "-o", "x", "--cluster")
    assert refused.code == 1
    assert "for the sounds in" in refused.complaint
    assert made() == []


def test_a_dry_run_counts_what_is_there(cli: Any, folder: Path) -> None:
    (folder / "x").mkdir()
    (folder / "x" / "rain_seed1.wav").write_bytes(b"x")
    words = (*RAIN, "-n", 3, "-o", "x", "--cluster", "--dry-run")
    told = cli(*words)
    assert told.out == f"would make 3 sounds, of which 1 file is there, in {folder}/x\n"
    told = cli(*words, "--shards", 2, "-s", 7)
    assert told.out == f"would make 3 sounds in {folder}/x\n"
