"""What Triton does with a model's folder, as far as `distill-export --format triton` makes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest


def read_configuration(folder: Path) -> Any:
    """Return a model's configuration as Triton reads it: an unknown field is an error."""
    pytest.importorskip("tritonclient", reason="there is no tritonclient to read it with")
    from google.protobuf import text_format
    from tritonclient.grpc.model_config_pb2 import ModelConfig

    return text_format.Parse((folder / "config.pbtxt").read_text("utf-8"), ModelConfig())


class SequenceServer:
    """What a server does with a model's folder, as far as this model makes it."""

    def __init__(self, folder: Path) -> None:
        self.config = read_configuration(folder)
        path = folder / "1" / self.config.default_model_filename
        self.session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        (self.state,) = self.config.sequence_batching.state
        (self.control,) = self.config.sequence_batching.control_input
        self.states: dict[str, np.ndarray] = {}

    def infer(
        self, sequence: str, latents: np.ndarray, *, start: bool = False, end: bool = False
    ) -> np.ndarray:
        if start:
            (initial,) = self.state.initial_state
            assert initial.zero_data
            self.states[sequence] = np.zeros(initial.dims, np.float32)
        (kind,) = self.control.control
        feeds = {
            self.config.input[0].name: latents,
            self.control.name: np.array([kind.bool_false_true[end]]),
            self.state.input_name: self.states.pop(sequence),
        }
        outputs = [self.config.output[0].name, self.state.output_name]
        audio, state = self.session.run(outputs, feeds)
        if not end:
            self.states[sequence] = state
        return audio
