"""The module that nn~ loads: its methods by name, and attributes that messages set.

What is here is what nn~, and with it nn.ar in SuperCollider, looks for in a file: `get_methods` and
`get_attributes`; of a method NAME the tensor `NAME_params` (how many inlets, one value for how many
samples, how many outlets, and the same of them) and the labels; of an attribute NAME its type in
`NAME_params` (1 is a whole number, 2 one with a fraction), `get_NAME` and `set_NAME`. A setter that
fails may end the host, so ours take the nearest value that there is.
"""

# No postponed annotations: TorchScript reads the types of attributes as they are.
import math
from typing import Any

import torch
from torch import nn

from distill_export.formats.nn_tilde.place import GivenPlace, PlayedPlace
from distill_export.formats.nn_tilde.stream import Stream
from distill_export.formats.program import Handles
from distill_runtime.contract import HOP_LENGTH, SAMPLE_RATE_HZ
from distill_runtime.latents.inlets import inlet_labels

PLAY, DECODE = "play", "decode"
MAX_GAIN = 100.0
MAX_ANSWERS = 94  # a second: one in each window
_WHOLE, _FRACTION = 1, 2  # types of attributes
_OUTLET_LABEL = "sound at 48 kHz"


class NnTilde(nn.Module):
    """An artifact with its own stream for each method, and the contract's call as `forward`.

    Args:
        step: One step of one row, traced, see `Stream`.
        contract: The contract's call, of the same step.
        handles: What moves the latent vector.
        latent_dim: Of the model.
        state_size: Of the model.
        answers: How many moves a second are answered at once, where nobody asks for others.
    """

    def __init__(
        self,
        step: Any,
        contract: nn.Module,
        handles: Handles,
        *,
        latent_dim: int,
        state_size: int,
        answers: int,
    ) -> None:
        super().__init__()
        self.contract = contract
        self.playing = Stream(step, PlayedPlace(handles, latent_dim), state_size)
        self.decoding = Stream(step, GivenPlace(latent_dim), state_size)
        self.sr = SAMPLE_RATE_HZ
        self.ratio = HOP_LENGTH
        self.largest_gain, self.most_answers = MAX_GAIN, MAX_ANSWERS
        self.play_input_labels = list(inlet_labels(handles.controls, handles.bank))
        self.play_output_labels = [_OUTLET_LABEL]
        self.decode_input_labels = [f"latent value {i}" for i in range(latent_dim)]
        self.decode_output_labels = [_OUTLET_LABEL]
        self.play_inlets, self.decode_inlets = len(self.play_input_labels), latent_dim
        for name, inlets in ((PLAY, self.play_inlets), (DECODE, latent_dim)):
            self.register_buffer(f"{name}_params", torch.tensor([inlets, HOP_LENGTH, 1, 1]))
        self.seed, self.gain, self.answers = 0, 1.0, answers
        self.nearness = 0.0 if handles.landmarks is None else float(handles.landmarks.default)
        self.attributes = ["seed", "gain", "reset", "answers"]
        self.attributes += [] if handles.landmarks is None else ["nearness"]
        for name in ("seed", "gain", "reset", "answers", "nearness"):
            kind = _FRACTION if name in ("gain", "nearness") else _WHOLE
            self.register_buffer(f"{name}_params", torch.tensor([kind]))
        self.play_gain, self.decode_gain = 1.0, 1.0  # at the end of the last block

    def forward(
        self, latents: torch.Tensor, state: torch.Tensor, finish: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return audio and the next state, as the artifact's contract has it."""
        return self.contract(latents, state, finish)

    @torch.jit.export
    def play(self, signals: torch.Tensor) -> torch.Tensor:
        """Return `[batch, 1, samples]` of controls, sliders and a drift `[batch, inlets, n]`."""
        self._check(signals, self.play_inlets)
        settings = torch.tensor([self.nearness, float(self.seed)], dtype=torch.float64)
        sound = self.playing(signals.cpu(), settings, self.answers)
        before, self.play_gain = self.play_gain, self.gain
        return self._with_gain(sound, before)

    @torch.jit.export
    def decode(self, signals: torch.Tensor) -> torch.Tensor:
        """Return `[batch, 1, samples]` of latent vectors `[batch, latent_dim, n]`."""
        self._check(signals, self.decode_inlets)
        settings = torch.zeros(0, dtype=torch.float64)
        sound = self.decoding(signals.cpu(), settings, self.answers)
        before, self.decode_gain = self.decode_gain, self.gain
        return self._with_gain(sound, before)

    def _check(self, signals: torch.Tensor, inlets: int) -> None:
        if signals.dim() != 3 or signals.size(1) != inlets or signals.numel() == 0:
            raise ValueError(
                "the input is "
                + str(signals.size())
                + ", expected [batch, "
                + str(inlets)
                + ", n], a value for each "
                + str(self.ratio)
                + " samples"
            )

    def _with_gain(self, sound: torch.Tensor, before: float) -> torch.Tensor:
        """Return `[batch, 1, samples]`; another gain than before is reached in one window."""
        gain = self.gain
        if before != gain:
            ramp = torch.linspace(before, gain, self.ratio)
            head = sound[:, : self.ratio] * ramp
            sound = torch.cat([head, sound[:, self.ratio :] * gain], dim=1)
        elif gain != 1.0:
            sound = sound * gain
        return sound[:, None]

    @torch.jit.export
    def get_methods(self) -> list[str]:
        """Return the names of what can be played."""
        return ["play", "decode"]

    @torch.jit.export
    def get_attributes(self) -> list[str]:
        """Return the names of what messages may set."""
        return self.attributes

    @torch.jit.export
    def get_sample_rate(self) -> int:
        """Return the rate of the sound in Hz."""
        return self.sr

    @torch.jit.export
    def get_seed(self) -> tuple[int]:
        """Return the seed of the drift."""
        return (self.seed,)

    @torch.jit.export
    def set_seed(self, seed: int) -> int:
        """Let the drift be another seed's, 0 to 2^32 - 1, from its beginning."""
        self.seed = max(0, min(4294967295, seed))
        return 0

    @torch.jit.export
    def get_gain(self) -> tuple[float]:
        """Return what the model's own sound is multiplied by."""
        return (self.gain,)

    @torch.jit.export
    def set_gain(self, gain: float) -> int:
        """Multiply the model's own sound by 0 to 100; what is no number changes nothing."""
        if not math.isnan(gain):
            self.gain = max(0.0, min(self.largest_gain, gain))
        return 0

    @torch.jit.export
    def get_reset(self) -> tuple[int]:
        """Return 0: a reset is done when the next block is played."""
        return (0,)

    @torch.jit.export
    def set_reset(self, reset: int) -> int:
        """Let the sound and its drift begin anew, unless it is 0."""
        if reset != 0:
            self.playing.reset()
            self.decoding.reset()
        return 0

    @torch.jit.export
    def get_answers(self) -> tuple[int]:
        """Return how many moves a second are answered at once at most."""
        return (self.answers,)

    @torch.jit.export
    def set_answers(self, answers: int) -> int:
        """Answer so many moves a second at once, 0 to 94; with 0 they wait for the next step."""
        self.answers = max(0, min(self.most_answers, answers))
        return 0

    @torch.jit.export
    def get_nearness(self) -> tuple[float]:
        """Return how far latent vectors are pulled to where the recordings lie."""
        return (self.nearness,)

    @torch.jit.export
    def set_nearness(self, nearness: float) -> int:
        """Pull latent vectors so far, 0 to 1; what is no number changes nothing."""
        if not math.isnan(nearness):
            self.nearness = max(0.0, min(1.0, nearness))
        return 0
