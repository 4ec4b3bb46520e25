"""Recordings that are made here: tones, chirps and pulses that differ from file to file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from distill_export.training.config import TrainingSettings

RATE_HZ = 48_000
TINY: dict[str, Any] = {
    "width": 2,
    "latent_dim": 16,
    "batch_size": 4,
    "learning_rate": 5e-3,
    "max_epochs": 3,
    "patience_epochs": 100,
    "augmentation_expansion": 1,
    "checkpoint_interval": 1,
    "preview_interval": 1000,
    "val_fraction": 0.3,
    "device": "cpu",
}


def tiny_settings(**changes: Any) -> TrainingSettings:
    return TrainingSettings(**{**TINY, **changes})


def tone(i: int, duration_s: float = 2.0, rate_hz: int = RATE_HZ) -> np.ndarray:
    """A harmonic tone with a beat and a little noise, another one for every i."""
    random = np.random.default_rng(i)
    t = np.arange(round(duration_s * rate_hz)) / rate_hz
    pitch = 110.0 * 2 ** (i * 5 / 12 % 3)
    sound = sum(np.sin(2 * np.pi * pitch * k * t) / k for k in range(1, 5))
    sound = sound * (0.6 + 0.4 * np.sin(2 * np.pi * (1 + i) * t))
    return (0.2 * sound + 0.002 * random.standard_normal(len(t))).astype(np.float32)


def write_recordings(folder: Path, count: int = 5, duration_s: float = 2.0) -> Path:
    folder.mkdir(exist_ok=True)
    for i in range(count):
        soundfile.write(folder / f"tone{i}.wav", tone(i, duration_s), RATE_HZ, subtype="FLOAT")
    return folder


def shaped_noise(i: int, count: int, duration_s: float = 1.0) -> np.ndarray:
    """Noise from dark to bright, as i goes through count."""
    samples = round(duration_s * RATE_HZ)
    spectrum = np.fft.rfft(np.random.default_rng(i).standard_normal(samples))
    frequency_khz = np.fft.rfftfreq(samples, 1 / RATE_HZ) / 1000 + 0.05
    sound = np.fft.irfft(spectrum * frequency_khz ** (4 * i / (count - 1) - 2), samples)
    return (0.5 * sound / np.abs(sound).max()).astype(np.float32)


def write_noises(folder: Path, count: int = 12) -> Path:
    folder.mkdir(exist_ok=True)
    for i in range(count):
        sound = shaped_noise(i, count)
        soundfile.write(folder / f"noise{i:02}.wav", sound, RATE_HZ, subtype="FLOAT")
    return folder
