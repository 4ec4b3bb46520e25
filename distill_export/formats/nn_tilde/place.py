"""Where the signals of an object lead in latent space, in TorchScript.

What is asked of a row is one vector `[settings]` in float64, the values of a method's inlets and
then what else decides about the latent vector, so that a stream can tell whether anything moved.
"""

# No postponed annotations: TorchScript reads the types of attributes as they are.
import math
from collections.abc import Sequence

import torch
from torch import nn

from distill_export.formats.nn_tilde.normal import Normal, begin
from distill_export.formats.program import Handles
from distill_runtime.contract import MAX_STEP, Control, Slider
from distill_runtime.latents.inlets import played_levers

MAX_LATENT = 100.0  # of a value of `decode`'s: far beyond what any model has learned


class GivenPlace(nn.Module):
    """The latent vector itself, of `decode`: a value for each inlet."""

    def __init__(self, latent_dim: int) -> None:
        super().__init__()
        self.latent_dim, self.limit = latent_dim, MAX_LATENT

    def restarts(self, held: torch.Tensor, asked: torch.Tensor) -> bool:
        """Tell that a move never starts a drift anew: there is none."""
        return False

    def restart(self, row: int, asked: torch.Tensor) -> None:
        """Do nothing: there is no drift."""

    def latent(self, row: int, asked: torch.Tensor, phase: int) -> torch.Tensor:
        """Return the latent vector `[latent_dim]` of a step."""
        return asked.clamp(-self.limit, self.limit).to(torch.float32)


class PlayedPlace(nn.Module):
    """What controls, sliders, a drift and a nearness lead to, of `play`.

    The rules are those of `distill_runtime.generation.live.path`: sliders say the point, the drift
    wanders around it between the anchors of a seed, nearness pulls all of it to the recordings, and
    the controls move the result.

    What is asked is a value for each inlet (`distill_runtime.latents.inlets`), then the nearness
    and the seed.
    """

    generators: list[torch.Tensor]
    drawn: list[torch.Tensor]
    counts: list[int]

    def __init__(self, handles: Handles, latent_dim: int) -> None:
        super().__init__()
        controls, sliders = played_levers(handles.controls, handles.bank)
        self.latent_dim = latent_dim
        self.controls, self.sliders = len(controls), len(sliders)
        # Plain tensors and not buffers: a host that moves the module to a GPU leaves them here.
        self.directions = _matrix([c.direction for c in controls], latent_dim)
        self.control_steps = _values([control.step_size for control in controls])
        bank = handles.bank
        self.mean = torch.zeros(latent_dim) if bank is None else torch.tensor(bank.mean)
        self.components = _matrix([s.component for s in sliders], latent_dim).to(torch.float32)
        self.slider_steps = torch.tensor([s.step_size for s in sliders], dtype=torch.float32)
        self.lowest, self.highest = _limits(controls, sliders)
        landmarks = handles.landmarks
        self.landmarks = _matrix(landmarks.vectors if landmarks else [], latent_dim)
        self.potentials = _values(landmarks.potentials if landmarks else [])
        self.widths = _values(landmarks.widths if landmarks else [])
        self.has_landmarks = landmarks is not None
        self.normal = Normal()
        # Of each row: its generator, the last three of its draws, and how many there were.
        self.generators, self.drawn, self.counts = [], [], []

    def restarts(self, held: torch.Tensor, asked: torch.Tensor) -> bool:
        """Return whether the drift begins anew: another seed is asked for."""
        return bool(held[-1] != asked[-1])

    def restart(self, row: int, asked: torch.Tensor) -> None:
        """Let the drift of a row begin anew; row i has the i-th seed from the one asked for."""
        while len(self.counts) <= row:
            self.generators.append(torch.zeros(0))
            self.drawn.append(torch.zeros(0))
            self.counts.append(0)
        self.generators[row] = begin((int(asked[-1].item()) + row) % 4294967296)
        self.drawn[row] = torch.zeros(3, self.latent_dim)
        self.counts[row] = 0

    def latent(self, row: int, asked: torch.Tensor, phase: int) -> torch.Tensor:
        """Return the latent vector `[latent_dim]` of a step, `phase` steps into the drift."""
        levers = self.controls + self.sliders
        positions = torch.minimum(torch.maximum(asked[: levers + 1], self.lowest), self.highest)
        vector = self.mean
        for i in range(self.sliders):
            distance = positions[self.controls + i].to(torch.float32) * self.slider_steps[i]
            vector = vector + distance * self.components[i]
        vector = self._drifting(row, vector, float(positions[levers].item()), phase)
        nearness = float(asked[levers + 1].item())
        if self.has_landmarks and nearness > 0.0:
            vector = self._pulled(vector, nearness)
        shift = torch.zeros(self.latent_dim, dtype=torch.float64)
        for i in range(self.controls):
            shift = shift + positions[i] * self.control_steps[i] * self.directions[i]
        return vector + shift.to(torch.float32)

    def _drifting(self, row: int, vector: torch.Tensor, drift: float, phase: int) -> torch.Tensor:
        index = phase // 3  # an anchor in a second and a half
        while self.counts[row] <= index:  # whether it drifts or not: it may at any time
            drawn, self.generators[row] = self.normal(self.generators[row], self.latent_dim)
            self.drawn[row] = torch.cat([self.drawn[row][1:], drawn[None]])
            self.counts[row] += 1
        if drift == 0.0:
            return vector
        near = vector
        if index > 0:
            near = slerp(vector, self._draw(row, index - 1), drift)
        far = slerp(vector, self._draw(row, index), drift)
        return slerp(near, far, float(phase % 3) / 3)

    def _draw(self, row: int, index: int) -> torch.Tensor:
        return self.drawn[row][index - self.counts[row] + 3]

    def _pulled(self, vector: torch.Tensor, nearness: float) -> torch.Tensor:
        place = vector.to(torch.float64)
        offsets = (place - self.landmarks) / self.widths
        shares = torch.softmax(self.potentials - (offsets * offsets).sum(1) / 2.0, 0)
        target = (shares[:, None] * self.landmarks).sum(0)
        return (place + nearness * (target - place)).to(torch.float32)


def slerp(a: torch.Tensor, b: torch.Tensor, t: float) -> torch.Tensor:
    """Interpolate along the arc between vectors, see `distill_runtime.latents.trajectory.slerp`."""
    start, end = a.to(torch.float64), b.to(torch.float64)
    lengths = float((start.norm() * end.norm()).item())
    cosine = 1.0
    if lengths > 0.0:
        cosine = float((start * end).sum().item()) / lengths
    from_start, from_end = 1.0 - t, t
    if abs(cosine) <= 0.9995:
        angle = math.acos(cosine)
        from_start = math.sin((1.0 - t) * angle) / math.sin(angle)
        from_end = math.sin(t * angle) / math.sin(angle)
    return from_start * a + from_end * b


def _limits(
    controls: Sequence[Control], sliders: Sequence[Slider]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the least and the largest value of each inlet of `play`."""
    reach = [(-MAX_STEP, MAX_STEP) for _ in controls]
    reach += [(min(0, slider.min_step), max(0, slider.max_step)) for slider in sliders]
    reach.append((0, 1))
    return _values([low for low, _ in reach]), _values([high for _, high in reach])


def _values(values: Sequence[float]) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def _matrix(rows: Sequence[Sequence[float]], columns: int) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float64).view(-1, columns)
