"""Many sounds in one file, as training pipelines read them: WebDataset tars, or Parquet.

A tar holds two members a sound, the file of the sound and `KEY.json` with its recipe. A row of
Parquet holds the same in columns; `audio` is the structure of bytes and path that Hugging Face's
`datasets` takes for a sound.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

_GROUP_BYTES = 2**25  # of a row group, which is held in memory while it is written
_BLOCK = tarfile.BLOCKSIZE


@dataclass(frozen=True)
class ShardSound:
    """A sound as a shard holds it.

    Attributes:
        key: What it is called.
        container: Of its file.
        audio: Its file.
        sha256: Of that.
        recipe: JSON.
        seed: Its seed.
        number: Of its row, or its seed.
        duration_s: Its length.
        sample_rate_hz: Its rate.
        channels: How many.
        cpu: What it was made on.
    """

    key: str
    container: str
    audio: bytes
    sha256: str
    recipe: str
    seed: int
    number: int
    duration_s: float
    sample_rate_hz: int
    channels: int
    cpu: str

    @property
    def name(self) -> str:
        """Its file's name."""
        return f"{self.key}.{self.container}"

    def facts(self) -> dict[str, Any]:
        """Return all but the sound and its recipe."""
        names = ("sha256", "seed", "number", "duration_s", "sample_rate_hz", "channels", "cpu")
        return {name: getattr(self, name) for name in names}


class Shard(Protocol):
    """A shard that is being written."""

    def add(self, sound: ShardSound) -> None:
        """Add a sound at its end."""


@contextmanager
def open_shard(path: Path) -> Iterator[Shard]:
    """Write a shard, of the kind that its name's ending says."""
    if path.suffix == ".parquet":
        writer = _ParquetShard(path)
        try:
            yield writer
        finally:
            writer.close()
    else:
        with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
            yield _TarShard(tar)


def shard_sounds(file: BinaryIO, name: str) -> int | None:
    """Return how many sounds a shard holds; None if it is not whole."""
    try:
        if name.endswith(".parquet"):
            import pyarrow.parquet as pq  # noqa: PLC0415

            with pq.ParquetFile(file) as shard:
                return int(shard.metadata.num_rows)
        file.seek(0, io.SEEK_END)
        size = file.tell()
        file.seek(max(0, size - 2 * _BLOCK))
        if size % _BLOCK or any(file.read()):  # two empty blocks end it
            return None
        file.seek(0)
        with tarfile.open(fileobj=file, mode="r:") as tar:
            return sum(member.name.endswith(".json") for member in tar)
    except Exception:  # whatever a damaged file makes of its reader
        return None


def read_sounds(file: BinaryIO, name: str) -> Iterator[tuple[int, bytes, str]]:
    """Yield number, bytes and CPU of a shard's sounds, in their order."""
    if name.endswith(".parquet"):
        yield from _read_parquet(file)
        return
    with tarfile.open(fileobj=file, mode="r:") as tar:
        audio = b""
        for member in tar:
            data = tar.extractfile(member)
            content = b"" if data is None else data.read()
            if member.name.endswith(".json"):
                facts = json.loads(content)
                yield int(facts["number"]), audio, str(facts["cpu"])
            else:
                audio = content


class _TarShard:
    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar

    def add(self, sound: ShardSound) -> None:
        self._member(sound.name, sound.audio)
        document = {**sound.facts(), "recipe": json.loads(sound.recipe)}
        self._member(f"{sound.key}.json", json.dumps(document, separators=(",", ":")).encode())

    def _member(self, name: str, data: bytes) -> None:
        info = tarfile.TarInfo(name)  # of no time and no user: the same sounds are the same bytes
        info.size, info.mode = len(data), 0o644
        self._tar.addfile(info, io.BytesIO(data))


class _ParquetShard:
    def __init__(self, path: Path) -> None:
        import pyarrow as pa  # noqa: PLC0415
        import pyarrow.parquet as pq  # noqa: PLC0415

        self._schema = pa.schema(
            [
                ("key", pa.string()),
                ("audio", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
                ("recipe", pa.string()),
                ("sha256", pa.string()),
                ("seed", pa.int64()),
                ("number", pa.int64()),
                ("duration_s", pa.float64()),
                ("sample_rate_hz", pa.int32()),
                ("channels", pa.int32()),
                ("cpu", pa.string()),
            ]
        )
        # Sound hardly gets smaller.
        self._writer = pq.ParquetWriter(path, self._schema, compression="none")
        self._rows: list[dict[str, Any]] = []
        self._held = 0

    def add(self, sound: ShardSound) -> None:
        audio = {"bytes": sound.audio, "path": sound.name}
        row = {"key": sound.key, "audio": audio, "recipe": sound.recipe, **sound.facts()}
        self._rows.append(row)
        self._held += len(sound.audio)
        if self._held >= _GROUP_BYTES:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        import pyarrow as pa  # noqa: PLC0415

        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
            self._rows, self._held = [], 0


def _read_parquet(file: BinaryIO) -> Iterator[tuple[int, bytes, str]]:
    import pyarrow.parquet as pq  # noqa: PLC0415

    columns = ["number", "audio", "cpu"]
    with pq.ParquetFile(file) as shard:
        for batch in shard.iter_batches(batch_size=16, columns=columns, use_threads=False):
            for row in batch.to_pylist():
                yield row["number"], row["audio"]["bytes"], row["cpu"]
