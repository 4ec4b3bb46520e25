"""The built-in head: a rigid sphere with an ear at either end of its left-right axis.

An ear hears a source at the incidence angle theta, 0 where the source is on the ear's own axis and
180 degrees opposite to it, with a the radius of the head and c the speed of sound, through

* a delay. Sound goes straight to an ear that it sees and else to the edge of the sphere and round
  it (R. S. Woodworth, Experimental Psychology, 1938, for a plane wave; N. L. Aaronson and W. M.
  Hartmann, J. Acoust. Soc. Am. 135(2), 2014, for a source at the distance r):

      path = sqrt(r^2 + a^2 - 2 r a cos theta)                  where cos theta >= a / r
             sqrt(r^2 - a^2) + a (theta - arccos(a / r))        else

  Far away the difference between the ears becomes Woodworth's a/c (phi + sin phi), with phi the
  angle of the source from the median plane.

* the shadow of the head (C. P. Brown and R. O. Duda, IEEE Trans. Speech Audio Process. 6(5), 1998,
  equations 3 to 5), through the bilinear transform:

      H(s) = (alpha s + beta) / (s + beta)       beta = 2 c / a
      alpha = (1 + 0.05) + (1 - 0.05) cos(180 theta / 150)

  so +6 dB for high frequencies at the ear's own axis, -20 dB at 150 degrees, and 0 dB for low ones.

* a gain, that of a point source at low frequencies on a rigid sphere, exactly (the limit of W. M.
  Rabinowitz et al., J. Acoust. Soc. Am. 93(5), 1993), P_m Legendre's polynomials:

      gain = 1 m / r  sum over m of (2 m + 1) / (m + 1) (a / r)^m P_m(cos theta)

  Far away it is 1 m / r for both ears; near by the nearer ear hears more of low frequencies, too.
"""

from __future__ import annotations

import math

import numpy as np

from distill_runtime.arrays import Float64Array
from distill_runtime.audio.binaural.fractional_delay import HALF_LENGTH, fractional_delay
from distill_runtime.audio.binaural.source_position import SourcePosition
from distill_runtime.contract import SAMPLE_RATE_HZ

HEAD_RADIUS_M = 0.0875
SPEED_OF_SOUND_M_S = 343.0
REFERENCE_M = 1.0

MIN_ALPHA = 0.1
MIN_ALPHA_DEG = 150.0

# The pole lies at 0.85: after so many samples the response is below 1e-9.
_SHADOW_TAPS = 128
# Of the longest delay, 35 samples for the far ear of a source at 0.2 m.
_TAPS = 2 * HALF_LENGTH + _SHADOW_TAPS + 36
_TERMS = 48  # of the sum: (a / r)^48 is below 1e-17


def head_responses(position: SourcePosition) -> Float64Array:
    """Return the impulse responses at 48 kHz of the left and the right ear.

    Both come `HALF_LENGTH` samples, and the way from the nearest point of the head to its middle,
    later than the sound.

    Returns:
        `[2, taps]`.
    """
    return np.stack([_ear_response(angle, position.distance_m) for angle in incidence(position)])


def incidence(position: SourcePosition) -> tuple[float, float]:
    """Return the angles in radians between the source and the axes of the left and right ear."""
    # Exactly 0 in the median plane, also behind, where the sine of pi is not.
    turned = position.azimuth_deg % 180.0 != 0.0
    sine = math.sin(math.radians(position.azimuth_deg)) if turned else 0.0
    lateral = sine * math.cos(math.radians(position.elevation_deg))
    return math.acos(-lateral), math.acos(lateral)


def path_m(angle: float, distance_m: float) -> float:
    """Return how far it is from a source to an ear, round the head where that is in the way.

    Args:
        angle: Of incidence, 0 to pi.
        distance_m: From the middle of the head.
    """
    radius = HEAD_RADIUS_M
    if math.cos(angle) >= radius / distance_m:
        return math.sqrt(distance_m**2 + radius**2 - 2.0 * distance_m * radius * math.cos(angle))
    edge = math.acos(radius / distance_m)
    return math.sqrt(distance_m**2 - radius**2) + radius * (angle - edge)


def shadow_alpha(angle: float) -> float:
    """Return what the head makes of high frequencies at an angle of incidence, as a factor."""
    turn = math.pi * angle / math.radians(MIN_ALPHA_DEG)
    return (1.0 + MIN_ALPHA / 2.0) + (1.0 - MIN_ALPHA / 2.0) * math.cos(turn)


def low_frequency_gain(angle: float, distance_m: float) -> float:
    """Return the gain of low frequencies, 1 for a source at 1 m without a head."""
    order = np.arange(_TERMS)
    weights = (2.0 * order + 1.0) / (order + 1.0) * (HEAD_RADIUS_M / distance_m) ** order
    pressure = float(np.polynomial.legendre.legval(math.cos(angle), weights))
    return REFERENCE_M / distance_m * pressure


def _ear_response(angle: float, distance_m: float) -> Float64Array:
    nearest_m = distance_m - HEAD_RADIUS_M
    delay = (path_m(angle, distance_m) - nearest_m) / SPEED_OF_SOUND_M_S * SAMPLE_RATE_HZ
    gain = low_frequency_gain(angle, distance_m)
    # Of an ear on the axis the path is the shortest: rounding may take it below.
    response = gain * np.convolve(fractional_delay(max(0.0, delay)), _shadow(shadow_alpha(angle)))
    return np.pad(response, (0, _TAPS - len(response)))


def _shadow(alpha: float) -> Float64Array:
    """Return the impulse response `[_SHADOW_TAPS]` of the head's shadow."""
    twice_rate = 2.0 * SAMPLE_RATE_HZ
    beta = 2.0 * SPEED_OF_SOUND_M_S / HEAD_RADIUS_M
    pole = (twice_rate - beta) / (twice_rate + beta)
    first = (alpha * twice_rate + beta) / (twice_rate + beta)
    second = (beta - alpha * twice_rate) / (twice_rate + beta)
    later = (second + pole * first) * pole ** np.arange(_SHADOW_TAPS - 1)
    return np.concatenate([[first], later])
