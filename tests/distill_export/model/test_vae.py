from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from distill_export.model.file import load_model
from distill_export.model.vae import ConvVAE, VAEShape
from distill_runtime.errors import IncompatibleModelError, ModelFileError
from tests.distill_export import model_files
from tests.distill_export.model_files import TINY, tiny_model

State = dict[str, torch.Tensor]


def put(name: str, tensor: torch.Tensor | float) -> Callable[[State], None]:
    def change(state: State) -> None:
        state[name] = tensor if isinstance(tensor, torch.Tensor) else state[name] * tensor

    return change


def drop(*prefixes: str) -> Callable[[State], None]:
    def change(state: State) -> None:
        for name in [name for name in state if name.startswith(prefixes)]:
            del state[name]

    return change


@pytest.fixture
def state() -> State:
    return dict(tiny_model().state_dict())


def test_the_shape_is_read_from_the_weights(state: State) -> None:
    assert VAEShape.from_state_dict(state) == TINY
    decoder = {name: tensor for name, tensor in state.items() if name.startswith("decoder.")}
    assert VAEShape.from_state_dict(decoder).encoder_channels is None


@pytest.mark.parametrize("base_width", [3, 4])
def test_the_width_is_what_the_height_leaves(base_width: int) -> None:
    shape = VAEShape(20, (8, 4, 4, 4, 4), None, base_width=base_width)
    model = ConvVAE(**vars(shape)).eval()
    assert VAEShape.from_state_dict(model.state_dict()) == shape
    assert model.decode(torch.zeros(1, 20)).shape == (1, 2, 128, 94)


def test_decoding_gives_a_chunk_within_its_ranges() -> None:
    model = tiny_model()
    chunk = model.decode(torch.randn(3, 16, generator=torch.Generator().manual_seed(1)))
    assert chunk.shape == (3, 2, 128, 94)
    assert chunk[:, 0].min() >= 0
    assert chunk[:, 1].abs().max() <= 1
    assert chunk.std() > 0.01


def test_encoding_pads_a_chunk_on_the_right() -> None:
    model = tiny_model()
    chunk = torch.rand(2, 2, 128, 94, generator=torch.Generator().manual_seed(1))
    mu, logvar = model.encode(chunk)
    assert mu.shape == logvar.shape == (2, 16)
    padded = torch.cat([chunk, torch.zeros(2, 2, 128, 2)], dim=-1)
    torch.testing.assert_close(model.encode(padded)[0], mu)


def test_a_model_without_an_encoder_says_so() -> None:
    model = ConvVAE(16, decoder_channels=(8, 4, 4, 4, 4), encoder_channels=None)
    assert model.encoder is None
    with pytest.raises(ModelFileError, match="no encoder"):
        model.encode(torch.zeros(1, 2, 128, 94))


PARTS_OF_AN_ENCODER = {
    "no heads": drop("encoder.fc_mu", "encoder.fc_logvar"),
    "no mean": drop("encoder.fc_mu"),
    "no bias": drop("encoder.fc_logvar.bias"),
    "a layer less": drop("encoder.convs.8."),
    "a norm less": drop("encoder.convs.13.running_mean"),
    "one layer": drop("encoder.convs.1.", "encoder.convs.4", "encoder.convs.5", "encoder.fc"),
}


@pytest.mark.parametrize("change", PARTS_OF_AN_ENCODER.values(), ids=PARTS_OF_AN_ENCODER.keys())
def test_a_part_of_an_encoder_is_as_good_as_none(
    state: State, change: Callable[[State], None]
) -> None:
    change(state)
    assert any(name.startswith("encoder.") for name in state)
    model = ConvVAE.from_state_dict(state)
    assert model.encoder is None
    assert model.shape.encoder_channels is None
    z = torch.randn(2, 16, generator=torch.Generator().manual_seed(1))
    assert torch.equal(model.decode(z), tiny_model().decode(z))
    with pytest.raises(ModelFileError, match="no encoder, or not all of one"):
        model.encode(torch.zeros(1, 2, 128, 94))


def test_a_file_with_a_part_of_an_encoder_plays(tmp_path: Path) -> None:
    content = model_files.model_content()
    drop("encoder.fc_mu")(content["model_state_dict"])
    loaded = load_model(model_files.write(content, tmp_path / "part.distill"))
    assert loaded.model.encoder is None
    assert loaded.analysis is not None


def test_the_default_sizes_are_distills() -> None:
    model = ConvVAE(latent_dim=128)
    assert model.latent_dim == 128
    assert model.shape == VAEShape(128)
    with torch.no_grad():
        assert model.eval().decode(torch.zeros(1, 128)).shape == (1, 2, 128, 94)
        assert model.decode(torch.zeros(1, 128), target_shape=(100, 47)).shape == (1, 2, 100, 47)
        mu, logvar = model.encode(torch.zeros(1, 2, 128, 94))
    assert mu.shape == logvar.shape == (1, 128)
    assert ConvVAE(64).latent_dim == 64


def test_the_default_weights_are_named_as_in_distill(shared: Path) -> None:
    file = load_model(shared / "reference" / "ambience.distill").model.state_dict()
    made = ConvVAE(latent_dim=128).state_dict()
    assert {name: t.shape for name, t in made.items()} == {n: t.shape for n, t in file.items()}


def test_a_rebuilt_model_answers_as_the_first(state: State) -> None:
    z = torch.randn(2, 16, generator=torch.Generator().manual_seed(1))
    rebuilt = ConvVAE.from_state_dict(state)
    assert not rebuilt.training
    assert torch.equal(rebuilt.decode(z), tiny_model().decode(z))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_other_floats_become_float32(state: State, dtype: torch.dtype) -> None:
    other = {
        name: tensor.to(dtype) if tensor.is_floating_point() else tensor
        for name, tensor in state.items()
    }
    model = ConvVAE.from_state_dict(other)
    for name, tensor in model.state_dict().items():
        assert tensor.dtype == state[name].dtype
        assert torch.equal(tensor, other[name].to(tensor.dtype))


def test_the_reference_model_decodes_as_in_distill(shared: Path) -> None:
    model = load_model(shared / "reference" / "ambience.distill").model
    case = np.load(shared / "reference" / "ambience" / "crossfade_1s_seed42.npz")
    chunk = model.decode(torch.from_numpy(case["latents_0"]))
    # Its kernels are not this machine's: a few units in the last place of the largest values.
    np.testing.assert_allclose(chunk.numpy(), case["mel_0"], rtol=0, atol=1e-5)


NAN = float("nan")
BAD_WEIGHTS = {
    "nothing": (drop(""), "decoder.deconvs.0.weight is missing"),
    "no decoder": (drop("decoder."), "decoder.deconvs.0.weight is missing"),
    "no fc": (drop("decoder.fc"), "decoder.fc.weight is missing"),
    "no bias": (drop("decoder.fc.bias"), "decoder.fc.bias is missing"),
    "no last layer": (drop("decoder.deconvs.16."), "decoder.deconvs.16.weight is missing"),
    "no norm": (drop("decoder.deconvs.5."), "decoder.deconvs.5.weight is missing"),
    "a misshapen mean": (put("encoder.fc_mu.weight", torch.zeros(8, 8)), "fc_mu.weight has shape"),
    "flat kernel": (put("decoder.deconvs.4.weight", torch.zeros(8, 8)), "4 sizes above 0"),
    "no channels": (put("decoder.deconvs.4.weight", torch.zeros(0, 8, 3, 3)), "4 sizes above 0"),
    "large kernel": (
        put("decoder.deconvs.4.weight", torch.zeros(8, 8, 5, 5)),
        r"shape \[8, 8, 5, 5\], expected \[8, 8, 3, 3\]",
    ),
    "broken chain": (put("decoder.deconvs.4.weight", torch.zeros(9, 8, 3, 3)), "expected"),
    "three channels out": (put("decoder.deconvs.16.weight", torch.zeros(4, 3, 3, 3)), "expected"),
    "a sixth layer": (put("decoder.deconvs.20.weight", torch.zeros(2, 2, 3, 3)), "no layer"),
    "an odd name": (put("decoder.\n", torch.zeros(2)), "no layer"),
    "no multiple": (put("decoder.fc.weight", torch.zeros(190, 16)), "190 rows"),
    "too narrow": (put("decoder.fc.weight", torch.zeros(128, 16)), "at least 3 frames"),
    "small latent_dim": (put("decoder.fc.weight", torch.zeros(192, 15)), "latent_dim is 15"),
    "fc of three sizes": (put("decoder.fc.weight", torch.zeros(192, 16, 1)), "2 sizes"),
    "NaN": (put("decoder.deconvs.8.weight", NAN), "decoder.deconvs.8.weight holds NaN"),
    "infinity": (put("encoder.fc_logvar.bias", float("inf")), "holds NaN or infinity"),
    "beyond float32": (
        put("decoder.fc.bias", torch.full((192,), 1e300, dtype=torch.float64)),
        "holds NaN or infinity",
    ),
    "integers": (put("decoder.fc.bias", torch.zeros(192, dtype=torch.int64)), "torch.int64"),
    "complex": (put("decoder.fc.bias", torch.zeros(192, dtype=torch.complex64)), "complex64"),
    "negative variance": (put("decoder.deconvs.1.running_var", -1.0), "negative variance"),
}


@pytest.mark.parametrize(("change", "message"), BAD_WEIGHTS.values(), ids=BAD_WEIGHTS.keys())
def test_bad_weights_are_refused(
    state: State, change: Callable[[State], None], message: str
) -> None:
    change(state)
    with pytest.raises(ModelFileError, match=message) as caught:
        ConvVAE.from_state_dict(state)
    assert not isinstance(caught.value, IncompatibleModelError)
    assert "\n" not in str(caught.value)


OLDER = {
    "four layers": drop("decoder.deconvs.13.", "decoder.deconvs.16."),
    "one channel out": put("decoder.deconvs.16.weight", torch.zeros(4, 1, 3, 3)),
    "one channel in": put("encoder.convs.0.weight", torch.zeros(4, 1, 3, 3)),
}


@pytest.mark.parametrize("change", OLDER.values(), ids=OLDER.keys())
def test_older_models_are_told_as_such(state: State, change: Callable[[State], None]) -> None:
    change(state)
    with pytest.raises(IncompatibleModelError) as caught:
        ConvVAE.from_state_dict(state)
    expected = "Incompatible model format. Please retrain with current version."
    assert str(caught.value) == expected
