"""`distill-run ARTIFACT -n 100000 -o DEST --cluster`: a plan, and the sounds at their place."""

from __future__ import annotations

import math
import time
from typing import Any

import typer

from distill_runtime.cli.cluster.manifest import Manifest
from distill_runtime.cli.cluster.plan import Plan
from distill_runtime.cli.cluster.ray_cluster import Cluster, cluster
from distill_runtime.cli.cluster.sampling import Sample, compare
from distill_runtime.cli.cluster.workshop import Workshop
from distill_runtime.cli.console import say, show, show_json
from distill_runtime.cli.play.options import PlayOptions
from distill_runtime.cli.progress import BatchProgress
from distill_runtime.errors import OutputError
from distill_runtime.files.interruption import held_back

_REASONS_TOLD = 20


def render_on_cluster(options: PlayOptions) -> None:
    """Do what the command line asks for.

    Raises:
        DistillError: It could not be done.
        typer.Exit: Some of the sounds could not be made, or are not what this machine renders.
    """
    plan = Plan.of(options)
    there = plan.there(plan.destination.sizes())
    plan.check_space(there)
    if options.dry_run:
        show(f"would make {_sounds(plan, there)} in {plan.destination.shown}")
        return
    plan.destination.prepare()
    manifest, started = Manifest(), time.perf_counter()
    try:
        with cluster(str(options.cluster.address)) as workers:
            _make(plan, workers, manifest, there)
    except KeyboardInterrupt:
        say(f"{_whole(plan)} are whole: the same command goes on")
        raise
    finally:
        plan.destination.sweep()
    manifest.drop(plan.destination.sizes())
    head = manifest.head(plan.job(), time.perf_counter() - started)
    samples = _compared(plan, manifest, options.cluster.verify)
    head["verified"] = [vars(sample) for sample in samples]
    _keep(plan, manifest, head)
    _tell(plan, manifest, head, samples, as_json=options.as_json)
    if manifest.failed or not all(sample.equal for sample in samples):
        raise typer.Exit(1)


def _make(plan: Plan, workers: Cluster, manifest: Manifest, there: int) -> None:
    """Have everything made that is missing."""
    job = plan.job()
    cores = job.options.threads
    workers.check_cores(cores)
    reference = workers.ship(plan.job)
    probe = workers.greet(reference, cores=cores)
    if not plan.destination.sizes([probe]):
        raise OutputError(
            f"{plan.destination.shown} is another place on a worker: give one that all machines of "
            "the cluster see, a shared folder or an address such as s3://"
        )
    plan.destination.remove(probe)
    say(f"{_sounds(plan, there)} on {workers.describe()}")
    with BatchProgress(plan.count, rate=True) as progress:
        pieces = job.pieces(plan.rows(), job.piece_sounds(plan.count, workers.cores // cores))
        for outcome in workers.make(reference, pieces, cores=cores):
            manifest.add(outcome)
            progress.advance(outcome.sounds)


def _sounds(plan: Plan, there: int) -> str:
    kind = "file" if plan.job().shards is None else "shard"
    found = f", of which {there} {kind}{'s are' if there != 1 else ' is'} there," if there else ""
    return f"{plan.count} sound{'s' * (plan.count != 1)}{found}"


def _whole(plan: Plan) -> str:
    """Return in words how much is at the destination."""
    there, shards = plan.there(plan.destination.sizes()), plan.job().shards
    if shards is None:
        return f"{there} of {plan.count} sounds"
    return f"{there} of {math.ceil(plan.count / shards.sounds)} shards"


def _compared(plan: Plan, manifest: Manifest, count: int | None) -> list[Sample]:
    if count is None:
        return []
    workshop = Workshop(plan.job(), lambda data: data)
    return compare(workshop, plan.destination, plan.rows(), manifest.files, count)


def _keep(plan: Plan, manifest: Manifest, head: dict[str, Any]) -> None:
    """Write the manifest, whole or not at all."""
    job = plan.job()
    with (
        held_back(),
        plan.destination.writing(job.manifest_name, overwrite=True) as path,
    ):
        path.write_text(manifest.lines(head, job.rows_name), encoding="ascii")


def _tell(
    plan: Plan, manifest: Manifest, head: dict[str, Any], samples: list[Sample], *, as_json: bool
) -> None:
    place = f"{plan.destination.shown}/{plan.job().manifest_name}"
    if as_json:
        show_json({**head, "manifest": place})
    else:
        show(place)
    reasons = manifest.reasons()
    rows_name = plan.job().rows_name
    for reason, count in list(reasons.items())[:_REASONS_TOLD]:
        first = next(f.number for f in manifest.failures if f.reason.startswith(reason))
        where = (
            f"{rows_name} {first}" if count == 1 else f"{count} sounds, first {rows_name} {first}"
        )
        say(f"{where}: {reason}")
    if len(reasons) > _REASONS_TOLD:
        say(f"and {len(reasons) - _REASONS_TOLD} more reasons are in the manifest")
    if samples:
        say(_verdict(samples))
    elapsed_s = head["elapsed_s"]
    say(
        f"{manifest.made} of {head['asked']} sounds made in {elapsed_s:.0f} s, "
        f"{manifest.there} were there, {manifest.failed} failed"
    )


def _verdict(samples: list[Sample]) -> str:
    """Return what came of the comparison, in one line."""
    differing = [sample for sample in samples if not sample.equal]
    if not differing:
        return f"{len(samples)} sounds rendered again here are the same bytes"
    known = [sample.snr_db for sample in differing if sample.snr_db is not None]
    near = f", the farthest {min(known):g} dB from what this machine renders" if known else ""
    first = differing[0]
    made = f"made on {first.cpu}" if first.cpu else "made nobody knows where"
    return (
        f"{len(differing)} of {len(samples)} sounds rendered again here differ{near}: "
        f"{first.file} was {made}, this is {first.here}"
    )
