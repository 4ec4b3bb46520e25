"""Each stage of the graph alone, as a small ONNX graph traced from its torch module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from benchmarks.figures import Figure, milliseconds, ratio
from benchmarks.limits import (
    copying,
    decoder_flops,
    layer_products,
    plain_products,
    transforms,
)
from benchmarks.original import Original
from benchmarks.subject import Subject
from benchmarks.timing import Timing, interleave
from distill_export.formats.tracing import quiet_tracer
from distill_export.graph.build import build_synthesizer
from distill_export.graph.dft import InverseRealDFT
from distill_runtime.artifact.session import SessionOptions, open_session_from_bytes

NAMES = ("decoder", "chunk overlap-add", "spectrum", "inverse STFT")


class _Joining(nn.Module):
    """The overlap-add of chunks inside a stream, which does not end here."""

    def __init__(self, stage: nn.Module) -> None:
        super().__init__()
        self.stage = stage
        self.register_buffer("finish", torch.tensor(False))

    def forward(
        self, chunks: torch.Tensor, tail: torch.Tensor, started: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        return self.stage(chunks, tail, started, self.finish, 0)


class _Inverting(nn.Module):
    """The inverse STFT inside a stream."""

    def __init__(self, stage: nn.Module) -> None:
        super().__init__()
        self.stage = stage

    def forward(
        self,
        real: torch.Tensor,
        imaginary: torch.Tensor,
        tail: torch.Tensor,
        started: torch.Tensor,
    ) -> tuple[torch.Tensor, ...]:
        return self.stage(real, imaginary, tail, started, 0)


class Stages:
    """The four stages, each in a session of its own, and the inputs that belong to it."""

    def __init__(self, subject: Subject, *, options: SessionOptions) -> None:
        self.subject = subject
        self._graph = build_synthesizer(subject.loaded)
        modules = (
            self._graph.decoder,
            _Joining(self._graph.chunk_overlap_add),
            self._graph.spectrum,
            _Inverting(self._graph.inverse_stft),
        )
        # Sizes that may change, beside the batch: each axis by the input that has it.
        axes: tuple[tuple[int | None, ...], ...] = (
            (None,),
            (1, None, None),
            (3, None),
            (2, 2, None, None),
        )
        examples = self.inputs(3, batch=2)
        self._sessions = {
            name: _session(module, examples[name], free, options)
            for name, module, free in zip(NAMES, modules, axes, strict=True)
        }

    def inputs(self, steps: int, *, batch: int = 1) -> dict[str, tuple[torch.Tensor, ...]]:
        """Return what reaches each stage when `steps` steps are played inside a stream."""
        graph = self._graph
        latents = torch.from_numpy(np.repeat(self.subject.latents(steps), batch, axis=0))
        state = graph.state_layout.unpack(torch.zeros(batch, graph.state_size))
        started = torch.ones(batch, dtype=torch.bool)
        flat = latents.flatten(0, 1)
        chunks = graph.decoder(flat).unflatten(0, (batch, steps))
        joining = (chunks, state.chunk_tail, started)
        mel, _ = graph.chunk_overlap_add(*joining, torch.tensor(False), 0)
        real, imaginary, _ = graph.spectrum(mel, state.own.phase)
        return {
            "decoder": (flat,),
            "chunk overlap-add": joining,
            "spectrum": (mel, state.own.phase),
            "inverse STFT": (real, imaginary, state.own.audio_tail, started),
        }

    def actions(self, steps: int) -> dict[str, Callable[[], object]]:
        """Return each stage as an action on `steps` steps."""
        inputs = self.inputs(steps)
        return {name: self._action(name, inputs[name]) for name in NAMES}

    def spectrum(self, steps: int) -> npt.NDArray[np.complex64]:
        """Return the frames `[frames, bins]` that reach the inverse STFT, for an FFT library."""
        real, imaginary, *_ = self.inputs(steps)["inverse STFT"]
        bins = InverseRealDFT.bins()
        first = [int((bins == k).nonzero()[0]) for k in range(InverseRealDFT.n_fft // 2 + 1)]
        frames = torch.complex(real[0, first], imaginary[0, first]).T
        return frames.contiguous().numpy()

    def _action(self, name: str, inputs: tuple[torch.Tensor, ...]) -> Callable[[], object]:
        session, feeds = self._sessions[name], self._feeds(name, inputs)
        return lambda: session.run(None, feeds)

    def _feeds(
        self, name: str, inputs: tuple[torch.Tensor, ...]
    ) -> dict[str, npt.NDArray[np.generic]]:
        values = self._sessions[name].get_inputs()
        return {value.name: tensor.numpy() for value, tensor in zip(values, inputs, strict=True)}

    def moved_bytes(self, name: str, steps: int) -> int:
        """Return the bytes that a stage cannot but read and write in a call of so many steps."""
        feeds = self._feeds(name, self.inputs(steps)[name])
        made = self._sessions[name].run(None, feeds)
        return sum(array.nbytes for array in (*feeds.values(), *made))


def measure_decoder(stages: Stages, *, steps: tuple[int, ...], rounds: int) -> list[Figure]:
    """Return the decoder's rate in a call of so many steps, and that of matrix products."""
    shape, options = stages.subject.loaded.model.shape, stages.subject.artifact.options
    figures = []
    for count in steps:
        group = f"decoder, {count} steps in a call"
        actions = {"decoder": stages.actions(count)["decoder"]}
        for name, product in plain_products(shape, count, options).items():
            actions[f"one matrix product of its FLOPs ({name})"] = product
        timings = interleave(actions, rounds=3 * rounds, settle=True)
        gflop = decoder_flops(shape) * count / 1e9
        figures += [
            Figure(group, name, gflop / t.median_s, "GF/s", gflop / t.minimum_s)
            for name, t in timings.items()
        ]
        plain = _fastest({name: t for name, t in timings.items() if name.startswith("one")})
        goal = 0.65 if count == 32 else None
        figures.append(
            ratio(
                group, "of the product's rate", plain, timings["decoder"], goal=goal, at_least=True
            )
        )
    return figures


def measure_limits(stages: Stages, *, steps: tuple[int, ...], rounds: int) -> list[Figure]:
    """Return how near the graph is to the products in it, and each stage to its own limit.

    The decoder's limit is its products by the fastest library here; what the other stages cannot do
    without is to read what they are given and to write what they make, as fast as a copy.
    """
    subject, figures = stages.subject, []
    shape, artifact = subject.loaded.model.shape, subject.artifact
    for count in steps:
        group = f"limits, {count} steps in a call"
        latents, state = subject.latents(count), artifact.initial_state()
        products = layer_products(shape, count, artifact.options)
        moved = {name: stages.moved_bytes(name, count) for name in NAMES[1:]}
        actions: dict[str, Callable[[], object]] = {
            "graph": lambda z=latents, s=state: artifact.step(z, s),
            **stages.actions(count),
            **{f"products, {library}": product for library, product in products.items()},
            **{f"copy for {name}": copying(size // 2) for name, size in moved.items()},
        }
        timings = interleave(actions, rounds=3 * rounds, settle=True)
        gflop = decoder_flops(shape) * count / 1e9
        figures += [
            Figure(group, name, gflop / t.median_s, "GF/s", gflop / t.minimum_s)
            for name, t in timings.items()
            if name.startswith("products")
        ]
        fastest = _fastest({n: t for n, t in timings.items() if n.startswith("products")})
        goal = {1: 1.5, 12: 1.25}.get(count)
        figures.append(ratio(group, "graph / products", timings["graph"], fastest, goal=goal))
        figures.append(ratio(group, "decoder / products", timings["decoder"], fastest))
        figures += [
            ratio(group, f"{name} / copy", timings[name], timings[f"copy for {name}"])
            for name in NAMES[1:]
        ]
    return figures


def measure_stages(stages: Stages, *, steps: int, rounds: int) -> list[Figure]:
    """Return the time of each stage, and of FFT libraries for the same frames."""
    group = f"stages, {steps} steps in a call"
    original, spectrum = Original(stages.subject.loaded), stages.spectrum(steps)
    for_torch = torch.from_numpy(spectrum).T[None]
    actions = {
        **stages.actions(steps),
        **transforms(spectrum),
        "torch.istft": lambda: original.invert(for_torch),
    }
    timings = interleave(actions, rounds=3 * rounds, settle=True)
    figures = [milliseconds(group, name, timing) for name, timing in timings.items()]
    inverse = timings["inverse STFT"]
    figures.append(ratio(group, "inverse STFT / scipy.fft", inverse, timings["scipy.fft"], goal=2))
    return figures


def _fastest(timings: dict[str, Timing]) -> Timing:
    return min(timings.values(), key=lambda timing: timing.median_s)


def _session(
    module: nn.Module,
    example: tuple[torch.Tensor, ...],
    free: tuple[int | None, ...],
    options: SessionOptions,
) -> Any:
    """Trace a module, with the batch and the axes in `free` of any size."""
    dynamic = torch.export.Dim.DYNAMIC
    shapes = tuple({0: dynamic} | ({} if axis is None else {axis: dynamic}) for axis in free)
    with quiet_tracer():
        example = tuple(tensor.clone() for tensor in example)
        exported = torch.export.export(module, example, dynamic_shapes=shapes, strict=False)
        program = torch.onnx.export(exported, dynamo=True, opset_version=18, verbose=False)
    return open_session_from_bytes(program.model_proto.SerializeToString(), options)
