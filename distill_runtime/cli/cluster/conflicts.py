"""Options for a cluster that exclude each other, or that would do nothing."""

from __future__ import annotations

from distill_runtime.cli.cluster.options import SHARD_FORMATS
from distill_runtime.cli.play.options import PlayOptions, refuse
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief

_MOST = 10**6


def check_cluster(play: PlayOptions) -> None:
    """Refuse options that exclude each other, or that would do nothing.

    Raises:
        RequestError: It names the option and says what to do.
    """
    asked = play.cluster
    given = {
        "--requests": asked.requests,
        "--shards": asked.shards,
        "--shard-format": asked.shard_format,
        "--verify": asked.verify,
    }
    if asked.address is None:
        refuse((value is not None, f"{name} needs --cluster") for name, value in given.items())
        return
    for name, value in (("--shards", asked.shards), ("--verify", asked.verify)):
        if value is not None and not 1 <= value <= _MOST:
            raise RequestError(f"{name} is {brief(value)}, expected 1 to {_MOST}")
    if asked.shard_format not in (None, *SHARD_FORMATS):
        raise RequestError(
            f"--shard-format is {brief(asked.shard_format)}, expected {' or '.join(SHARD_FORMATS)}"
        )
    many = asked.requests is not None
    refuse(
        (
            (not asked.destination, "--cluster needs -o, a folder or an address for the sounds"),
            (play.to_pipe, "-o - takes one sound: with --cluster, give a folder or an address"),
            (asked.shard_format and not asked.shards, "--shard-format needs --shards N"),
            (many and play.count > 1, "--requests says how many sounds there are: leave out -n"),
            (many and play.randomize, '--requests says it a row: "randomize": true'),
            (play.sidecar, "--cluster has its recipes in the sounds: leave out --sidecar"),
            (play.plot, "--cluster draws no pictures: leave out --plot"),
            (play.listen, "--play plays one sound: leave out --cluster"),
            (play.save_preset, "--save-preset keeps one sound's settings: leave out --cluster"),
        )
    )
