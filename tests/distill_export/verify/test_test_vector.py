"""The test vector that an artifact carries."""

from __future__ import annotations

import numpy as np

from distill_export.export import ExportReport
from distill_runtime import Artifact
from distill_runtime.artifact.verification import standard_normal_latents
from distill_runtime.audio.snr import snr_db


def test_the_test_vector_is_a_loud_excerpt_of_the_seeds_sound(
    tiny_report: ExportReport,
) -> None:
    artifact = Artifact.load(tiny_report.path)
    vector = artifact.metadata.test_vector
    latents = standard_normal_latents(vector.seed, vector.steps, 16)
    sound = artifact.render(latents[None])[0]
    expected = np.array(vector.audio)
    start = vector.start - artifact.latency_samples
    assert snr_db(expected, sound[start : start + len(expected)]) >= vector.tolerance_db + 5
    assert expected.std() >= sound.std() / 2
    assert vector.tolerance_db >= 40
