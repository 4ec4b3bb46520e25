"""Options of `play` for many sounds on a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

SHARD_FORMATS = ("tar", "parquet")
_CLUSTER = "Many sounds"

ClusterOption = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="[ADDRESS]",
        help="Render on the Ray cluster of that address, or on one of this machine's cores without "
        "(needs ray). What is whole at -o is not made again.",
        rich_help_panel=_CLUSTER,
    ),
]
RequestsOption = Annotated[
    Path | None,
    typer.Option(
        "--requests",
        metavar="FILE",
        help="A table, .jsonl or .parquet, of which each row is a sound: seed, duration_s, "
        "sliders, controls, stereo, preset ... What a row leaves out is as the other options say.",
        rich_help_panel=_CLUSTER,
    ),
]
ShardsOption = Annotated[
    int | None,
    typer.Option(
        "--shards",
        metavar="N",
        help="Put N sounds and their recipes into a file each.",
        rich_help_panel=_CLUSTER,
    ),
]
ShardFormatOption = Annotated[
    str | None,
    typer.Option(
        "--shard-format",
        metavar="tar|parquet",
        help="WebDataset tars, or Parquet. [default: tar]",
        rich_help_panel=_CLUSTER,
    ),
]
VerifyOption = Annotated[
    int | None,
    typer.Option(
        "--verify",
        metavar="N",
        help="Render N of the sounds here again, and compare.",
        rich_help_panel=_CLUSTER,
    ),
]


@dataclass(frozen=True)
class ClusterOptions:
    """The options that speak of a cluster; None means that one was not given.

    Attributes:
        address: Of the cluster.
        requests: The table.
        shards: Sounds in a shard.
        shard_format: "tar" or "parquet".
        verify: How many sounds to compare.
        destination: The output as it was typed: a path forgets the two slashes of an address.
    """

    address: str | None = None
    requests: Path | None = None
    shards: int | None = None
    shard_format: str | None = None
    verify: int | None = None
    destination: str | None = None
