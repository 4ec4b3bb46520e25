"""Options of `play` for many sounds on a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief

if TYPE_CHECKING:
    from distill_runtime.cli.play.options import PlayOptions

_CLUSTER = "Many sounds"
SHARD_FORMATS = ("tar", "parquet")
MAX_SHARD = 10**6

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

    def check(self, play: PlayOptions) -> None:
        """Refuse options that exclude each other, or that would do nothing.

        Raises:
            RequestError: It names the option and says what to do.
        """
        given = {
            "--requests": self.requests,
            "--shards": self.shards,
            "--shard-format": self.shard_format,
            "--verify": self.verify,
        }
        if self.address is None:
            if lonely := [name for name, value in given.items() if value is not None]:
                raise RequestError(f"{lonely[0]} needs --cluster")
            return
        for name, value, most in (
            ("--shards", self.shards, MAX_SHARD),
            ("--verify", self.verify, MAX_SHARD),
        ):
            if value is not None and not 1 <= value <= most:
                raise RequestError(f"{name} is {brief(value)}, expected 1 to {most}")
        if self.shard_format not in (None, *SHARD_FORMATS):
            raise RequestError(
                f"--shard-format is {brief(self.shard_format)}, expected "
                f"{' or '.join(SHARD_FORMATS)}"
            )
        many = self.requests is not None
        conflicts = (
            (not self.destination, "--cluster needs -o, a folder or an address for the sounds"),
            (play.to_pipe, "-o - takes one sound: with --cluster, give a folder or an address"),
            (self.shard_format and not self.shards, "--shard-format needs --shards N"),
            (many and play.count > 1, "--requests says how many sounds there are: leave out -n"),
            (many and play.randomize, '--requests says it a row: "randomize": true'),
            (play.sidecar, "--cluster has its recipes in the sounds: leave out --sidecar"),
            (play.plot, "--cluster draws no pictures: leave out --plot"),
            (play.listen, "--play plays one sound: leave out --cluster"),
            (play.save_preset, "--save-preset keeps one sound's settings: leave out --cluster"),
        )
        for conflict, message in conflicts:
            if conflict:
                raise RequestError(message)
