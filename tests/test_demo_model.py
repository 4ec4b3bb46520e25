"""The model that `make demo` exports: small, one that Distill opens, and near to its recordings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from distill_export.model.file import load_model
from distill_export.model.own_part import OWN_KEY
from distill_export.model.safe_unpickle import read_file
from distill_runtime.latents.nearness import Pull

MODEL = Path(__file__).parents[1] / "artifacts" / "ambience.distill"


def test_it_is_small_and_of_the_width_that_distill_knows() -> None:
    assert MODEL.stat().st_size < 16e6
    loaded = load_model(MODEL)
    assert loaded.model.shape.decoder_channels[-1] == 64
    assert loaded.model.latent_dim == 16
    assert loaded.analysis is not None
    weights = read_file(MODEL)["model_state_dict"].values()
    assert {w.dtype for w in weights if w.is_floating_point()} == {torch.float16}


def test_its_fields_are_distills_and_one_of_our_own(shared: Path) -> None:
    reference = read_file(shared / "reference" / "ambience.distill")
    assert set(read_file(MODEL)) == {*reference, OWN_KEY}


def test_it_knows_where_its_recordings_lie() -> None:
    landmarks = load_model(MODEL).landmarks
    assert landmarks is not None
    assert landmarks.default == 0.5
    vectors = np.array(landmarks.vectors)
    seeds = np.random.default_rng(0).standard_normal((400, 16)).astype(np.float32)
    pulled = Pull(landmarks)(seeds, 1.0)
    nearest = ((pulled[:, None] - vectors) ** 2).sum(axis=-1).argmin(axis=1)
    assert len(set(nearest.tolist())) > 0.9 * len(vectors)  # none is left out
