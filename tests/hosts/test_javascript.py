"""The artifact in ONNX Runtime's two JavaScript builds: native under Node, and WebAssembly."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from distill_runtime import Artifact, contract
from distill_runtime.artifact.verification import standard_normal_latents

PORTABILITY = Path(__file__).parent
LOCK = PORTABILITY / "package-lock.json"
HOSTS = ("node", "web")
PRINT_METADATA = f"""
    import {{ readFileSync }} from 'node:fs';
    import {{ readMetadata }} from '{(PORTABILITY / "metadata.mjs").as_uri()}';
    console.log(JSON.stringify(readMetadata(readFileSync(process.argv[1]))));
"""
DECODE = """
    import { readFileSync, writeFileSync } from 'node:fs';
    const [host, model, latents, latentDim, out] = process.argv.slice(1);
    const ort = host === 'web' ? await import('onnxruntime-web/wasm')
      : (await import('onnxruntime-node')).default;
    ort.env.wasm.numThreads = 1;
    const session = await ort.InferenceSession.create(readFileSync(model));
    const values = new Float32Array(new Uint8Array(readFileSync(latents)).buffer);
    const dimensions = [1, values.length / latentDim, Number(latentDim)];
    const { mel } = await session.run({
      latents: new ort.Tensor('float32', values, dimensions),
      state: new ort.Tensor('float32', new Float32Array(STATE_SIZE), [1, STATE_SIZE]),
      finish: new ort.Tensor('bool', [true], []),
    });
    writeFileSync(out, mel.data);
"""


def run_node(command, timeout_s):
    return subprocess.run(
        command,
        check=False,
        cwd=PORTABILITY,
        capture_output=True,
        encoding="utf-8",
        timeout=timeout_s,
    )


def snr_db(found, expected):
    assert found.shape == expected.shape
    expected = expected.astype(np.float64)
    noise = np.sum((found - expected) ** 2)
    return 10 * np.log10(np.sum(expected**2) / max(noise, 1e-300))


def message(field, payload):
    """Return one length-delimited protobuf field."""
    assert field < 16
    assert len(payload) < 128
    return bytes([field << 3 | 2, len(payload)]) + payload


def metadata_property(document):
    return message(14, message(1, contract.METADATA_KEY.encode()) + message(2, document))


@pytest.fixture(scope="session")
def node():
    """Run Node with arguments and return the finished process."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("needs Node.js")

    def run(*arguments):
        command = [program, *map(str, arguments)]
        return run_node(command, timeout_s=300)

    return run


@pytest.fixture(scope="session")
def node_modules(once):
    """Install the locked packages where they are not yet; the stamp is the lock they came from."""
    once("node-modules", install_node_modules)


def install_node_modules(_):
    stamp = PORTABILITY / "node_modules" / ".installed-lock.json"
    if stamp.is_file() and stamp.read_bytes() == LOCK.read_bytes():
        return
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("needs npm to install the JavaScript hosts")
    installed = run_node([npm, "ci", "--ignore-scripts"], timeout_s=600)
    if installed.returncode != 0:
        pytest.skip(f"npm ci could not install the JavaScript hosts: {installed.stderr[-500:]}")
    stamp.write_bytes(LOCK.read_bytes())


@pytest.fixture(scope="module")
def recording(shared):
    """Return a trajectory `[steps, latent_dim]` and the sound the original program made of it."""
    with np.load(shared / "reference" / "ambience" / "crossfade_4s_seed42.npz") as arrays:
        return arrays["latents_0"], arrays["raw_0"]


@pytest.fixture(scope="module")
def python_session(reference_artifact):
    return onnxruntime.InferenceSession(reference_artifact, providers=["CPUExecutionProvider"])


@pytest.fixture(scope="module")
def document(python_session):
    return json.loads(python_session.get_modelmeta().custom_metadata_map[contract.METADATA_KEY])


@pytest.fixture(scope="module")
def python_audio(python_session, document, recording):
    latents, _ = recording
    inputs = {
        contract.LATENTS: latents[np.newaxis],
        contract.STATE: np.zeros((1, document["state_size"]), np.float32),
        contract.FINISH: np.array(True),
    }
    (audio,) = python_session.run([contract.AUDIO], inputs)
    return audio[0]


@pytest.fixture(scope="module")
def play(node, node_modules, reference_artifact, recording, tmp_path_factory):
    """Play the recording's trajectory in a host, in calls of `cuts` steps, each only once."""
    folder = tmp_path_factory.mktemp("javascript")
    latents, _ = recording
    latents.astype("<f4").tofile(folder / "latents.f32")
    played = {}

    def run(host, cuts):
        if (host, cuts) not in played:
            out = folder / f"{host}-{cuts}.f32"
            done = node("play.mjs", host, reference_artifact, folder / "latents.f32", cuts, out)
            assert done.returncode == 0, done.stderr
            played[host, cuts] = np.fromfile(out, "<f4")
        return played[host, cuts]

    return run


@dataclass(frozen=True)
class Integers:
    """The artifact of less precision whose arithmetic is most its own, as Python plays it."""

    path: Path
    decoder: Path  # the graph as far as the mel frames
    latents: Path
    latent_dim: int
    state_size: int
    audio: np.ndarray
    mel: np.ndarray


@pytest.fixture(scope="module")
def integers(demo_variants, tmp_path_factory):
    import onnx

    from distill_export.formats.onnx_graph import only_mel

    (path,) = (r.path for r in demo_variants if r.metadata.precision == "int8")
    folder = tmp_path_factory.mktemp("integers")
    decoder, latents = folder / "decoder.onnx", folder / "latents.f32"
    onnx.save(only_mel(onnx.load(path)), decoder)
    artifact = Artifact.load(path)
    values = standard_normal_latents(5, 7, artifact.latent_dim)
    values.astype("<f4").tofile(latents)
    state = artifact.initial_state()
    audio, _ = artifact.step(values[None], state, finish=True)
    feeds = {contract.LATENTS: values[None], contract.STATE: state, contract.FINISH: np.array(True)}
    session = onnxruntime.InferenceSession(decoder, providers=["CPUExecutionProvider"])
    (mel,) = session.run([contract.MEL], feeds)
    return Integers(
        path, decoder, latents, artifact.latent_dim, artifact.metadata.state_size, audio[0], mel
    )


@pytest.mark.parametrize("host", HOSTS)
def test_integers_sound_as_in_python(node, node_modules, integers, host, tmp_path):
    out = tmp_path / "audio.f32"
    done = node("play.mjs", host, integers.path, integers.latents, "3,4", out)
    assert done.returncode == 0, done.stderr
    assert snr_db(np.fromfile(out, "<f4"), integers.audio) >= 75


@pytest.mark.parametrize("host", HOSTS)
def test_integers_decode_as_in_python(node, node_modules, integers, host, tmp_path):
    out = tmp_path / "mel.f32"
    program = DECODE.replace("STATE_SIZE", str(integers.state_size))
    arguments = (integers.decoder, integers.latents, integers.latent_dim, out)
    done = node("--input-type=module", "--eval", program, host, *arguments)
    assert done.returncode == 0, done.stderr
    mel = np.fromfile(out, "<f4").reshape(integers.mel.shape)
    # Sums of integers are exact; what is left is the rounding of a few products of floats.
    assert snr_db(mel, integers.mel) >= 110


@pytest.mark.parametrize("host", HOSTS)
def test_sounds_as_in_python(play, python_audio, host):
    assert snr_db(play(host, "7"), python_audio) >= 75


@pytest.mark.parametrize("host", HOSTS)
def test_sounds_as_the_original_program(play, recording, document, host):
    _, original = recording
    start = document["latency_samples"]
    assert snr_db(play(host, "7")[start : start + original.size], original) >= 75


@pytest.mark.parametrize("cuts", ["1,3,3", "1,1,1,1,1,1,1"])
@pytest.mark.parametrize("host", HOSTS)
def test_pieces_are_the_one_shot(play, host, cuts):
    assert snr_db(play(host, cuts), play(host, "7")) >= 120


def test_finds_the_metadata_that_python_finds(node, reference_artifact, document):
    done = node("--input-type=module", "--eval", PRINT_METADATA, reference_artifact)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == document


def test_skips_every_kind_of_field(node, tmp_path):
    path = tmp_path / "fields.onnx"
    path.write_bytes(
        b"\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"  # field 1: a number of ten bytes
        + b"\x11" + bytes(8)  # field 2: 64 bits
        + b"\x1d" + bytes(4)  # field 3: 32 bits
        + message(7, b"the graph")
        + message(14, message(1, b"another") + message(2, b"property"))
        + metadata_property('{"format":"distill.artifact","version":1,"name":"é"}'.encode())
    )  # fmt: skip
    done = node("--input-type=module", "--eval", PRINT_METADATA, path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["name"] == "é"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "no Distill artifact"),
        (message(7, b"a graph"), "no Distill artifact"),
        (metadata_property(b"{"), "its metadata is no JSON"),
        (metadata_property(b"null"), "no Distill artifact of version 1"),
        (metadata_property(b'{"format":"distill.artifact","version":2}'), "version 2"),
        (metadata_property(b"\xff"), "not valid"),
        (message(14, message(1, b"distill.artifact")), "a metadata property has no text"),
        (b"\x80", "a number at byte 0 is cut short"),
        (b"\x08" + b"\xff" * 11, "a number at byte 1 is longer than 10 bytes"),
        (b"\x3a\x05abc", "field 7 at byte 0 is cut short"),
        (b"\x3a" + b"\xff" * 9 + b"\x01", "field 7 at byte 0 is cut short"),
        (b"\x3b", "unknown wire type 3 at byte 0"),
        (b"\x02\x00", "field number 0 at byte 0"),
    ],
)
def test_says_why_a_file_is_no_artifact(node, tmp_path, content, complaint):
    path, out = tmp_path / "file.onnx", tmp_path / "out.f32"
    path.write_bytes(content)
    done = node("play.mjs", "node", path, tmp_path / "latents.f32", "1", out)
    assert done.returncode == 1
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1
    assert not out.exists()


def test_the_lock_names_no_registry():
    lock = LOCK.read_text(encoding="utf-8")
    assert "://" not in lock
    assert "resolved" not in lock
