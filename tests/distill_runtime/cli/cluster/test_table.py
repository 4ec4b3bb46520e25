"""Tables of requests: their rows, and that whatever they hold is a row, a wrong row, or refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("pyarrow")

import pyarrow as pa
import pyarrow.parquet as pq

from distill_runtime.cli.cluster import extras, table
from distill_runtime.cli.cluster.rows import Row, read_row
from distill_runtime.cli.cluster.table import MAX_ROW_BYTES, RequestTable
from distill_runtime.errors import DependencyError, DistillError, RequestError

PRESET = {
    "format": "distill.preset",
    "version": 1,
    "model": {"id": "", "name": "", "slider_fingerprint": None},
    "sliders": {},
    "seed": 3,
    "settings": {"duration_s": 2.0},
}


def written(folder: Path, content: bytes | str, name: str = "asked.jsonl") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_lines_are_rows_with_their_numbers(tmp_path: Path) -> None:
    path = written(tmp_path, b'\xef\xbb\xbf{"seed": 1}\n\n  \n{"seed": 2}\r\n{"seed": 3}')
    asked = RequestTable(path)
    rows = list(asked.rows())
    assert [(row.number, read_row(row)["seed"]) for row in rows] == [(1, 1), (4, 2), (5, 3)]
    assert asked.count == 3
    assert asked.digest != RequestTable(written(tmp_path, '{"seed": 1}\n')).digest


def test_a_row_that_cannot_be_read_costs_no_other(tmp_path: Path) -> None:
    long = b'{"mode": "' + b"x" * (2 * MAX_ROW_BYTES) + b'"}\n'
    path = written(tmp_path, b"{}\n\xff\xfe\n" + long + b'{"seed": 1}\n')
    rows = list(RequestTable(path).rows())
    assert [row.error for row in rows] == [
        None,
        "the row is no UTF-8 text",
        f"the row is longer than {MAX_ROW_BYTES} bytes",
        None,
    ]
    assert [row.number for row in rows] == [1, 2, 3, 4]
    with pytest.raises(RequestError, match="no UTF-8"):
        read_row(rows[1])


@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_lines_are_rows_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = written(tmp_path_factory.getbasetemp(), content, "any.jsonl")
    try:
        asked = RequestTable(path)
    except RequestError:
        assert not content.strip()
        return
    rows = list(asked.rows())
    assert len(rows) == asked.count
    for row in rows:
        try:
            read_row(row)
        except RequestError as error:
            assert "\n" not in str(error)


def test_presets_lie_beside_the_table(tmp_path: Path) -> None:
    (tmp_path / "dawn.json").write_text(json.dumps(PRESET))
    names = ["dawn.json", "/etc/passwd", "../dawn.json", "dusk.json", "a\0b"]
    path = written(tmp_path, "".join(json.dumps({"preset": name}) + "\n" for name in names))
    first, *others = RequestTable(path).rows()
    assert read_row(first)["preset"] == PRESET
    errors = [str(row.error) for row in others]
    assert errors[0] == "preset is '/etc/passwd', expected a file beside the table"
    assert errors[1].endswith("expected a file beside the table")
    assert "dusk.json: no such file" in errors[2]
    assert errors[3].endswith("expected a file beside the table")
    whole = written(tmp_path, json.dumps({"preset": PRESET}) + '\n["preset"]\n"preset"\n{"preset"')
    errors = [row.error for row in RequestTable(whole).rows()]
    assert errors[:3] == [None] * 3
    assert "no valid JSON" in str(errors[3])


REFUSED = {
    "no file": ("missing.jsonl", None, "missing.jsonl: no such file"),
    "another ending": ("asked.csv", b"a", r"expected a file that ends in \.jsonl, \.ndjson, "),
    "an empty file": ("asked.jsonl", b"", "asked.jsonl: is empty"),
    "no row": ("asked.jsonl", b"\n \n", "asked.jsonl: there is no row in it"),
    "no Parquet": ("asked.parquet", b"PAR1nonsense", "asked.parquet: it cannot be read as Parquet"),
}


@pytest.mark.parametrize(("name", "content", "sentence"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_table_is_refused(
    tmp_path: Path, name: str, content: bytes | None, sentence: str
) -> None:
    if content is not None:
        written(tmp_path, content, name)
    with pytest.raises(RequestError, match=sentence) as refused:
        RequestTable(tmp_path / name)
    assert str(refused.value).count(name) == 1
    (tmp_path / "folder.jsonl").mkdir()
    with pytest.raises(RequestError, match="is a folder, not a table of requests"):
        RequestTable(tmp_path / "folder.jsonl")


def parquet(folder: Path, columns: dict[str, Any], **options: Any) -> Path:
    path = folder / "asked.parquet"
    pq.write_table(pa.table(columns), path, **options)
    return path


def test_rows_of_parquet(tmp_path: Path) -> None:
    sliders = pa.array([[("Mood", 1.0)], None], pa.map_(pa.string(), pa.float64()))
    path = parquet(
        tmp_path,
        {
            "seed": pa.array([7, None], pa.uint32()),
            "duration_s": [1.5, 2.0],
            "controls": [{"Noise": 1.0, "Air": None}, {"Noise": None, "Air": -1.0}],
            "sliders": sliders,
            "latent_vector": [[0.5, 1.0], None],
            "loop": [None, True],
        },
    )
    asked = RequestTable(path)
    assert asked.count == 2
    assert [(row.number, read_row(row)) for row in asked.rows()] == [
        (
            1,
            {
                "seed": 7,
                "duration_s": 1.5,
                "controls": {"Noise": 1.0},
                "sliders": {"Mood": 1.0},
                "latent_vector": [0.5, 1.0],
            },
        ),
        (2, {"duration_s": 2.0, "controls": {"Air": -1.0}, "loop": True}),
    ]


def test_a_row_of_parquet_that_is_no_request_costs_no_other(tmp_path: Path) -> None:
    path = parquet(tmp_path, {"mode": pa.array([b"\xff", None], pa.binary())})
    first, second = RequestTable(path).rows()
    assert "the row holds what is no number and no text" in str(first.error)
    assert second == Row(2)


def test_columns_are_those_of_requests(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"asked\.parquet: there are unknown columns, 'lenght'"):
        RequestTable(parquet(tmp_path, {"lenght": [1]}))
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["seed", "seed"])
    pq.write_table(twice, tmp_path / "twice.parquet")
    with pytest.raises(RequestError, match="two columns have the same name"):
        RequestTable(tmp_path / "twice.parquet")


@pytest.mark.parametrize("compression", ["none", "zstd"])
def test_damaged_parquet_is_refused_or_read(tmp_path: Path, compression: str) -> None:
    data = parquet(
        tmp_path, {"seed": list(range(200)), "mode": ["crossfade"] * 200}, compression=compression
    ).read_bytes()
    outcomes = set()
    for at in range(4, len(data), 11):
        path = written(tmp_path, data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :], "x.parquet")
        try:
            list(RequestTable(path).rows())
        except DistillError as error:
            assert str(error).startswith(str(path)) and "\n" not in str(error)
            outcomes.add("refused")
        else:
            outcomes.add("read")
    assert outcomes == {"refused", "read"}


def test_parquet_needs_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(DependencyError, match="pyarrow is not installed, and a table in Parquet"):
        table.RequestTable(written(tmp_path, b"x", "asked.parquet"))
