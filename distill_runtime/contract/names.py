"""What the contract fixes: its version, its tensors, its grid, and what an artifact may be."""

from __future__ import annotations

from dataclasses import dataclass

METADATA_KEY = "distill.artifact"
FORMAT = "distill.artifact"
VERSION = 1

# The kinds of file that an artifact can be, and how their names end (docs/variants.md).
ONNX, TORCHSCRIPT, PT2, HTML, NN_TILDE = "onnx", "torchscript", "pt2", "html", "nn"
ARTIFACT_ENDINGS = {
    ONNX: ".onnx",
    TORCHSCRIPT: ".ts",
    PT2: ".pt2",
    HTML: ".html",
    NN_TILDE: ".ts",  # nn~ looks for no other
}

TRITON = "triton"  # no kind of file: a folder for Triton Inference Server (docs/scale.md)

# The graph's tensors, with the letters of their dynamic dimensions.
LATENTS = "latents"  # float32 [batch, steps, latent_dim]
STATE = "state"  # float32 [batch, state_size]
FINISH = "finish"  # bool []
END = "end"  # bool [1]: what `finish` is in the graph that Triton serves
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
STEP_SAMPLES = HOP_FRAMES * HOP_LENGTH

SAMPLE_RATES_HZ = (44_100, SAMPLE_RATE_HZ, 96_000)  # that finished sounds may have

# Shorter standard normal draws take another road in torch, so seeds could not be kept (seeds.py).
MIN_LATENT_DIM = 16
MAX_LATENT_DIM = 4096


@dataclass(frozen=True)
class Reconstruction:
    """A way from mel frames to sound.

    Attributes:
        description: What it is, in a few words.
        min_streaming_snr_db: How near a stream in pieces must be to one call.
        voices_per_call: Rows to render side by side. Few for "learned": several batches run at a
            time, since the decoder uses all cores and the rest only one (docs/performance.md). One
            for "refined": its rows round a little differently beside others, and a recipe would
            not know.
    """

    description: str
    min_streaming_snr_db: float
    voices_per_call: int


RECONSTRUCTIONS = {
    "learned": Reconstruction("the model's own phase, as Distill plays it", 120.0, 4),
    "refined": Reconstruction("phase refined from the model's magnitudes", 100.0, 1),
}
PRECISIONS = ("float32", "float16", "int8")
