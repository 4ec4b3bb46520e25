"""Standard normal draws of a seed in TorchScript: those of `distill_runtime.latents.seeds`.

A scripted program cannot be handed a generator of PyTorch's, and its global one is the host's. So
the Mersenne Twister and the transform are written out here in tensor operations, in the order and
the rounding of that module, which says where the formulas come from.
"""

# No postponed annotations: TorchScript reads the types of attributes as they are.
import torch
from torch import nn

from distill_runtime.latents import seeds


def begin(seed: int) -> torch.Tensor:
    """Return the state `[625]` of a seed's generator: its words, and how many of them were read."""
    words = [seed & 0xFFFFFFFF]
    for i in range(1, 624):
        before = words[i - 1]
        words.append((1812433253 * (before ^ (before >> 30)) + i) & 0xFFFFFFFF)
    words.append(624)
    return torch.tensor(words, dtype=torch.int64)


def _twisted(words: torch.Tensor, following: torch.Tensor, far: torch.Tensor) -> torch.Tensor:
    mixed = (words & 0x80000000) | (following & 0x7FFFFFFF)
    return far ^ (mixed >> 1) ^ ((mixed & 1) * 0x9908B0DF)


def _renewed(words: torch.Tensor) -> torch.Tensor:
    """Return the next 624 words; a word needs new ones from the 228th on."""
    first = _twisted(words[:227], words[1:228], words[397:])
    second = _twisted(words[227:454], words[228:455], first)
    third = _twisted(words[454:623], words[455:], second[:169])
    last = _twisted(words[623:], first[:1], second[169:170])
    return torch.cat([first, second, third, last])


def _tempered(words: torch.Tensor) -> torch.Tensor:
    words = words ^ (words >> 11)
    words = words ^ ((words << 7) & 0x9D2C5680)
    words = words ^ ((words << 15) & 0xEFC60000)
    return words ^ (words >> 18)


def uniforms(state: torch.Tensor, n: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw uniform values `[n]` in [0, 1), 24 bits each; return them and the generator's state."""
    words = state[:624]
    read = int(state[624].item())
    drawn: list[torch.Tensor] = []
    missing = n
    while missing > 0:
        if read == 624:
            words = _renewed(words)
            read = 0
        count = min(missing, 624 - read)
        drawn.append(words[read : read + count])
        read += count
        missing -= count
    bits = _tempered(torch.cat(drawn)) & 0xFFFFFF
    after = torch.cat([words, torch.tensor([read], dtype=torch.int64)])
    return bits.to(torch.float32) * (2.0**-24), after


def _fused(a: torch.Tensor, b: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
    """Return a * b + c, rounded to float32 once."""
    return (a.to(torch.float64) * b.to(torch.float64) + c.to(torch.float64)).to(torch.float32)


def _polynomial(terms: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    y = terms[0].expand_as(x)
    for i in range(1, terms.size(0)):
        y = _fused(y, x, terms[i])
    return y


class Normal(nn.Module):
    """Draws normal values of a generator whose state is handed in and out."""

    def __init__(self) -> None:
        super().__init__()
        # Plain tensors and not buffers: a host that moves the module to a GPU leaves them here.
        self.log_terms = torch.tensor(seeds.LOG_TERMS)
        self.sin_terms = torch.tensor(seeds.SIN_TERMS)
        self.cos_terms = torch.tensor(seeds.COS_TERMS)
        self.quarter_pi_parts = -torch.tensor(seeds.QUARTER_PI_PARTS)
        self.ln2_high = torch.tensor(seeds.LN2_HIGH)
        self.ln2_low = torch.tensor(seeds.LN2_LOW)
        self.sqrt_half = float(seeds.SQRT_HALF)
        self.four_over_pi = float(seeds.FOUR_OVER_PI)
        self.two_pi = float(seeds.TWO_PI)
        self.minus_half = torch.tensor(-0.5)

    def forward(self, state: torch.Tensor, n: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Draw what `torch.randn(1, n)` would, n being at least 16.

        Returns:
            `[n]`, and the generator's state after it.
        """
        whole = n - n % 16
        # Of a last block that is not whole, its values are drawn, and then 16 afresh.
        flat, after = uniforms(state, n if n == whole else n + 16)
        values = self._box_muller(flat[:whole])
        if whole < n:
            values = torch.cat([values[: n - 16], self._box_muller(flat[n:])])
        return values, after

    def _box_muller(self, flat: torch.Tensor) -> torch.Tensor:
        pairs = flat.view(-1, 2, 8)
        # In float64, or PyTorch's root is a last bit off here and there.
        radius = torch.sqrt((-2.0 * self._log(1.0 - pairs[:, 0])).to(torch.float64))
        radius = radius.to(torch.float32)
        sine, cosine = self._sin_cos(self.two_pi * pairs[:, 1])
        return torch.cat([radius * cosine, radius * sine], dim=1).flatten()

    def _log(self, x: torch.Tensor) -> torch.Tensor:
        fraction, exponent = torch.frexp(x)
        low = fraction < self.sqrt_half
        r = torch.where(low, fraction + fraction, fraction) - 1.0
        e = (exponent - low.to(torch.int32)).to(torch.float32)
        square = r * r
        y = _polynomial(self.log_terms, r) * r
        y = _fused(y, square, e * self.ln2_low)
        y = _fused(square, self.minus_half, y)
        return _fused(e, self.ln2_high, r + y)

    def _sin_cos(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        octant = (x * self.four_over_pi).to(torch.int32)
        octant = octant + (octant & 1)
        r = x
        for i in range(self.quarter_pi_parts.size(0)):
            r = _fused(octant.to(torch.float32), self.quarter_pi_parts[i], r)
        square = r * r
        even = _polynomial(self.cos_terms, square) * square
        even = _fused(even, square, square * self.minus_half) + 1.0
        odd = _fused(_polynomial(self.sin_terms, square) * square, r, r)
        swapped = (octant & 2) != 0
        sine = torch.where(swapped, even, odd)
        cosine = torch.where(swapped, odd, even)
        return (
            torch.where((octant & 4) != 0, -sine, sine),
            torch.where(((octant + 2) & 4) != 0, -cosine, cosine),
        )
