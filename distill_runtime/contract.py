"""The contract of the artifact: its version, its tensors and its metadata document.

An artifact is one ONNX file. Its graph takes `latents`, `state` and `finish` and returns `audio`
and `next_state`; its metadata property `distill.artifact` holds one JSON document, which this
module reads and writes. docs/artifact.md says the same in prose for hosts in other languages.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from distill_runtime.errors import ArtifactError
from distill_runtime.files.json_fields import JsonFields

METADATA_KEY = "distill.artifact"
FORMAT = "distill.artifact"
VERSION = 1

# The kinds of file that an artifact can be, and how their names end (docs/variants.md).
ONNX, TORCHSCRIPT, PT2 = "onnx", "torchscript", "pt2"
ARTIFACT_ENDINGS = {ONNX: ".onnx", TORCHSCRIPT: ".ts", PT2: ".pt2"}

# The graph's tensors, with the letters of their dynamic dimensions.
LATENTS = "latents"  # float32 [batch, steps, latent_dim]
STATE = "state"  # float32 [batch, state_size]
FINISH = "finish"  # bool []
AUDIO = "audio"  # float32 [batch, samples]
NEXT_STATE = "next_state"  # float32 [batch, state_size]
MEL = "mel"  # float32 [batch, 2, n_mels, frames], inside the graph, normalised units

OPSETS = range(18, 21)
MAX_IR_VERSION = 10
MAX_FILE_BYTES = 2**31 - 1  # what one protobuf message may hold

# The grid of this version, on which steps are counted whatever rate the finished sound has: a
# frame every 512 samples at 48 kHz, 94 frames a chunk, a chunk every 47 frames.
SAMPLE_RATE_HZ = 48_000
HOP_LENGTH = 512
CHUNK_FRAMES = 94
HOP_FRAMES = 47

# Shorter standard normal draws take another road in torch, so seeds could not be kept (seeds.py).
MIN_LATENT_DIM = 16
MAX_LATENT_DIM = 4096
RECONSTRUCTIONS = ("learned", "refined")
# How near a stream in pieces must be to one call, for each of them.
MIN_STREAMING_SNR_DB = {"learned": 120.0, "refined": 100.0}
PRECISIONS = ("float32", "float16", "int8")


@dataclass(frozen=True)
class ModelInfo:
    """What the musician's model is, as the training program described it."""

    id: str
    name: str
    description: str
    dataset_name: str
    dataset_file_count: int
    dataset_duration_s: float
    training_date: str
    training_epochs: int
    train_loss: float | None
    validation_loss: float | None
    saved_at: str
    tags: tuple[str, ...]


@dataclass(frozen=True)
class AudioGrid:
    """The sound's sampling and the frames behind it; lengths in samples or in frames."""

    sample_rate_hz: int
    n_fft: int
    hop_length: int
    n_mels: int
    chunk_frames: int
    hop_frames: int

    @property
    def step_samples(self) -> int:
        """Samples that every step of the latent trajectory yields."""
        return self.hop_frames * self.hop_length


@dataclass(frozen=True)
class Normalization:
    """Statistics of the training set: `value = normalised * std + mean`, per channel."""

    mag_mean: float
    mag_std: float
    if_mean: float
    if_std: float


@dataclass(frozen=True)
class Slider:
    """One principal component of the latent space, played in whole steps.

    A position of `p` steps moves the latent vector by `p * step_size * component`.
    """

    name: str
    label: str
    component: tuple[float, ...]  # [latent_dim], unit length
    step_size: float
    min_step: int
    max_step: int
    safe_min_step: int
    safe_max_step: int
    warning_min_step: int
    warning_max_step: int
    variance_explained: float  # 0..1


@dataclass(frozen=True)
class SliderBank:
    """All sliders of a model and the latent vector at which every slider stands at 0."""

    mean: tuple[float, ...]  # [latent_dim]
    sliders: tuple[Slider, ...]


@dataclass(frozen=True)
class Parity:
    """What the export measured before it wrote the file; ratios in dB, larger is better."""

    decoder_max_difference: float  # artifact against torch, normalised mel frames
    reconstruction_snr_db: float  # artifact against a float64 evaluation of the same mel frames
    streaming_snr_db: float  # in pieces against in one call
    batch_snr_db: float  # two rows in one call against two calls
    trajectories: int


@dataclass(frozen=True)
class PrecisionLoss:
    """What weights of less precision cost and gain, against the float32 artifact."""

    mel_snr_db: float  # of the mel frames, normalised units
    log_mel_distance_db: float  # mean difference of the mel bands' levels
    latents: int  # vectors compared: of seeds, and of sliders at their ends
    weight_bytes: int
    float32_weight_bytes: int
    decoder_speed_ratio: float  # how many times as fast, on the machine that exported it
    speed_ratio: float  # the same of the whole graph
    warning: str | None  # what is below the floor


@dataclass(frozen=True)
class TestVector:
    """A seeded sound's excerpt, to check any host against.

    The latents are `steps` successive standard normal draws `[latent_dim]` of the seed's generator;
    rendered in one finishing call, `audio` is found from sample `start` on.
    """

    __test__ = False  # not a test class, whatever its name says to pytest

    seed: int
    steps: int
    start: int
    audio: tuple[float, ...]
    tolerance_db: float


@dataclass(frozen=True)
class ArtifactMetadata:
    """The whole metadata document."""

    model: ModelInfo
    audio: AudioGrid
    latent_dim: int
    state_size: int
    latency_samples: int
    reconstruction: str
    precision: str
    precision_loss: PrecisionLoss | None  # of "float32": None
    normalization: Normalization | None
    sliders: SliderBank | None
    source_sha256: str
    weights_sha256: str
    exporter: Mapping[str, str]  # program -> version
    parity: Parity
    test_vector: TestVector

    def to_json(self) -> str:
        """Return the document as compact JSON (UTF-8 text)."""
        document = _document(self)
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> ArtifactMetadata:
        """Read the document and check every field.

        Raises:
            ArtifactError: It is no JSON, of another format or version, or a field is missing,
                of the wrong type or out of range.
        """
        fields = JsonFields.parse(text, document="its metadata", error=ArtifactError)
        if (found := fields.text("format")) != FORMAT:
            raise ArtifactError(f"its metadata has the format {found!r}, not {FORMAT!r}")
        version = fields.integer("version", 1, 2**31)
        if version != VERSION:
            raise ArtifactError(
                f"it has contract version {version}, this program reads version {VERSION}: "
                + ("update distill-portable" if version > VERSION else "export it again")
            )
        return _metadata(fields)


def _document(metadata: ArtifactMetadata) -> dict[str, Any]:
    model, bank = metadata.model, metadata.sliders
    return {
        "format": FORMAT,
        "version": VERSION,
        "model": {
            "id": model.id,
            "name": model.name,
            "description": model.description,
            "dataset": {
                "name": model.dataset_name,
                "file_count": model.dataset_file_count,
                "duration_s": model.dataset_duration_s,
            },
            "training": {
                "date": model.training_date,
                "epochs": model.training_epochs,
                "train_loss": model.train_loss,
                "validation_loss": model.validation_loss,
            },
            "saved_at": model.saved_at,
            "tags": list(model.tags),
        },
        "audio": dict(vars(metadata.audio)),
        "latent_dim": metadata.latent_dim,
        "state_size": metadata.state_size,
        "latency_samples": metadata.latency_samples,
        "reconstruction": metadata.reconstruction,
        "precision": metadata.precision,
        **_precision_loss_document(metadata.precision_loss),
        "normalization": metadata.normalization and dict(vars(metadata.normalization)),
        "sliders": bank
        and {
            "mean": list(bank.mean),
            "sliders": [{**vars(s), "component": list(s.component)} for s in bank.sliders],
        },
        "source": {"sha256": metadata.source_sha256},
        "weights": {"sha256": metadata.weights_sha256},
        "exporter": dict(metadata.exporter),
        "parity": dict(vars(metadata.parity)),
        "test_vector": {
            **vars(metadata.test_vector),
            "audio": list(metadata.test_vector.audio),
        },
    }


def _precision_loss_document(loss: PrecisionLoss | None) -> dict[str, Any]:
    return {} if loss is None else {"precision_loss": dict(vars(loss))}


def _metadata(fields: JsonFields) -> ArtifactMetadata:
    latent_dim = fields.integer("latent_dim", MIN_LATENT_DIM, MAX_LATENT_DIM)
    model = fields.section("model")
    dataset, training = model.section("dataset"), model.section("training")
    audio = fields.section("audio")
    normalization = fields.optional_section("normalization")
    bank = fields.optional_section("sliders")
    parity = fields.section("parity")
    vector = fields.section("test_vector")
    return ArtifactMetadata(
        model=ModelInfo(
            id=model.text("id"),
            name=model.text("name"),
            description=model.text("description"),
            dataset_name=dataset.text("name"),
            dataset_file_count=dataset.integer("file_count", 0, 2**53),
            dataset_duration_s=dataset.number("duration_s"),
            training_date=training.text("date"),
            training_epochs=training.integer("epochs", 0, 2**53),
            train_loss=training.optional_number("train_loss"),
            validation_loss=training.optional_number("validation_loss"),
            saved_at=model.text("saved_at"),
            tags=model.texts("tags"),
        ),
        audio=AudioGrid(
            sample_rate_hz=audio.integer("sample_rate_hz", SAMPLE_RATE_HZ, SAMPLE_RATE_HZ),
            n_fft=audio.integer("n_fft", 2, 2**20),
            hop_length=audio.integer("hop_length", HOP_LENGTH, HOP_LENGTH),
            n_mels=audio.integer("n_mels", 1, 4096),
            chunk_frames=audio.integer("chunk_frames", CHUNK_FRAMES, CHUNK_FRAMES),
            hop_frames=audio.integer("hop_frames", HOP_FRAMES, HOP_FRAMES),
        ),
        latent_dim=latent_dim,
        state_size=fields.integer("state_size", 1, 2**24),
        latency_samples=fields.integer("latency_samples", 0, 2**20),
        reconstruction=fields.one_of("reconstruction", RECONSTRUCTIONS),
        precision=fields.one_of("precision", PRECISIONS),
        precision_loss=_precision_loss(fields),
        normalization=None if normalization is None else _normalization(normalization),
        sliders=None if bank is None else _slider_bank(bank, latent_dim),
        source_sha256=fields.section("source").text("sha256"),
        weights_sha256=fields.section("weights").text("sha256"),
        exporter=fields.section("exporter").all_texts(),
        parity=Parity(
            decoder_max_difference=parity.number("decoder_max_difference"),
            reconstruction_snr_db=parity.number("reconstruction_snr_db"),
            streaming_snr_db=parity.number("streaming_snr_db"),
            batch_snr_db=parity.number("batch_snr_db"),
            trajectories=parity.integer("trajectories", 0, 2**31),
        ),
        test_vector=TestVector(
            seed=vector.integer("seed", 0, 2**32 - 1),
            steps=vector.integer("steps", 1, 1000),
            start=vector.integer("start", 0, 2**31),
            audio=vector.numbers("audio"),
            tolerance_db=vector.number("tolerance_db"),
        ),
    )


def _precision_loss(fields: JsonFields) -> PrecisionLoss | None:
    if "precision_loss" not in fields:
        return None
    loss = fields.section("precision_loss")
    return PrecisionLoss(
        mel_snr_db=loss.number("mel_snr_db"),
        log_mel_distance_db=loss.number("log_mel_distance_db"),
        latents=loss.integer("latents", 0, 2**31),
        weight_bytes=loss.integer("weight_bytes", 0, 2**53),
        float32_weight_bytes=loss.integer("float32_weight_bytes", 0, 2**53),
        decoder_speed_ratio=loss.number("decoder_speed_ratio"),
        speed_ratio=loss.number("speed_ratio"),
        warning=loss.optional_text("warning"),
    )


def _normalization(fields: JsonFields) -> Normalization:
    return Normalization(
        mag_mean=fields.number("mag_mean"),
        mag_std=fields.number("mag_std"),
        if_mean=fields.number("if_mean"),
        if_std=fields.number("if_std"),
    )


def _slider_bank(fields: JsonFields, latent_dim: int) -> SliderBank:
    return SliderBank(
        mean=fields.numbers("mean", latent_dim),
        sliders=tuple(_slider(slider, latent_dim) for slider in fields.sections("sliders")),
    )


def _slider(fields: JsonFields, latent_dim: int) -> Slider:
    steps = {
        key: fields.integer(key, -1000, 1000)
        for edge in ("", "safe_", "warning_")
        for key in (f"{edge}min_step", f"{edge}max_step")
    }
    return Slider(
        name=fields.text("name"),
        label=fields.text("label"),
        component=fields.numbers("component", latent_dim),
        step_size=fields.number("step_size"),
        variance_explained=fields.number("variance_explained"),
        **steps,
    )
