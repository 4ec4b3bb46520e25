"""The JavaScript library, hosts/js: held against Python in ONNX Runtime's two JavaScript builds."""

from __future__ import annotations

import json
import re
import shutil
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import soundfile

import distill_runtime
from distill_runtime import Recipe
from distill_runtime.audio.snr import snr_db
from distill_runtime.generation.reproduction import Reproduction
from tests.hosts.node import LIBRARY, LOCK, REPOSITORY, TESTS, passes, run_in
from tests.hosts.sounds import write_recording, write_sounds
from tests.once import Once

if TYPE_CHECKING:
    from distill_export.export import ExportReport

SOURCES = sorted((LIBRARY / "src").rglob("*.js"))
PAGES = [LIBRARY / "README.md", REPOSITORY / "docs" / "javascript.md"]
EXAMPLES = [
    pytest.param(example, id=f"{page.stem}-{index}")
    for page in PAGES
    for index, example in enumerate(
        re.findall(r"^```js\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    )
]
MAX_LINES = 350

# Which tests need which of Python's answers.
PLAIN = ("controls", "ends", "finishing", "inspection", "landmarks", "metadata", "preset")
PLAIN += ("seeds", "sliders", "trajectory", "wav")
PLAYED = ("artifact", "generate")


@pytest.fixture(scope="session")
def sounds(once: Once, demo_variants: list[ExportReport], demo_refined: Path) -> Path:
    """Return a folder of what artifacts sound like in Python."""
    artifacts = {report.metadata.precision: report.path for report in demo_variants}
    played = {
        "demo": artifacts["float32"],
        "int8": artifacts["int8"],
        "refined": demo_refined,
    }

    def write(folder: Path) -> Path:
        write_sounds(folder, played)
        return folder

    return once("javascript-sounds", write)


def test_every_file_of_tests_is_run() -> None:
    found = {path.name.removesuffix(".test.js") for path in TESTS.glob("*.test.js")}
    assert {name for name in found if not name.startswith("live")} == {*PLAIN, *PLAYED, "original"}


@pytest.mark.parametrize("test", PLAIN)
def test_it_answers_as_python_does(node: str, answers: Path, test: str) -> None:
    passes(node, test, {"DISTILL_ANSWERS": answers})


@pytest.mark.parametrize("test", PLAYED)
def test_it_plays_as_python_does(
    node: str, node_modules: Path, answers: Path, sounds: Path, test: str
) -> None:
    passes(node, test, {"DISTILL_ANSWERS": answers, "DISTILL_SOUNDS": sounds})


def test_it_plays_as_the_original_program_does(
    node: str, node_modules: Path, shared: Path, reference_artifact: Path, tmp_path: Path
) -> None:
    recording = shared / "reference" / "ambience" / "crossfade_4s_seed42.npz"
    write_recording(tmp_path, reference_artifact, recording)
    passes(node, "original", {"DISTILL_RECORDING": tmp_path})


@pytest.mark.parametrize(("bits", "floor_db"), [(16, 70), (24, 90)])
def test_python_reproduces_what_it_wrote(
    node: str, node_modules: Path, demo_artifact: Path, tmp_path: Path, bits: int, floor_db: int
) -> None:
    wav = tmp_path / "rain.wav"
    options = ["--seconds", 1.5, "--seed", 3, "--stereo", "mid-side", "--set", "0=2.5"]
    example = LIBRARY / "examples" / "render.mjs"
    done = run_in(tmp_path, [node, example, demo_artifact, wav, *options, "--bits", bits])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{wav}: 1.5 s from seed 3\n"
    recipe = Recipe.load(wav)
    assert (recipe.config.seed, recipe.config.sliders[0]) == (3, 2.5)
    reproduction = Reproduction.of(recipe, [demo_artifact])
    assert any("(JavaScript)" in warning for warning in reproduction.warnings)
    expected = reproduction.generate()
    found, rate = soundfile.read(wav, dtype="float32")
    assert (rate, found.shape) == (48_000, (72_000, 2))
    assert snr_db(expected.audio, found.T) >= floor_db


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ([], "usage: node render.mjs ARTIFACT WAV"),
        (["--loud"], "Unknown option '--loud'"),
        (["--seconds", "soon"], "durationS is NaN, expected a number of seconds above 0"),
        (["--bits", "12"], "bitDepth is 12, expected one of 16, 24, 32"),
        (["--set", "Velvet=1"], 'there is no slider "Velvet", expected one of 0 "'),
    ],
)
def test_the_example_tells_misuse_in_a_line(
    node: str,
    node_modules: Path,
    demo_artifact: Path,
    tmp_path: Path,
    options: list[str],
    complaint: str,
) -> None:
    files = [demo_artifact, tmp_path / "out.wav"] if options else []
    done = run_in(tmp_path, [node, LIBRARY / "examples" / "render.mjs", *files, *options])
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"render.mjs: {complaint}")
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_package_with_types_is_made_of_it(node_modules: Path, tmp_path: Path) -> None:
    package = tmp_path / "js"
    shutil.copytree(LIBRARY, package, ignore=shutil.ignore_patterns("node_modules", "types"))
    (package / "node_modules").symlink_to(node_modules)
    # With the notes of what JSDoc says that is not so, and of what is declared and not used.
    made = run_in(package, ["npm", "run", "dist", "--silent"])
    assert made.returncode == 0, made.stdout + made.stderr
    (packed,) = package.glob("*.tgz")
    host = tmp_path / "host"
    installed = host / "node_modules"
    installed.mkdir(parents=True)
    for name in ("onnxruntime-node", "onnxruntime-web", "onnxruntime-common", "@types"):
        (installed / name).symlink_to(node_modules / name)
    with tarfile.open(packed) as archive:
        names = {name.removeprefix("package/") for name in archive.getnames()}
        archive.extractall(tmp_path, filter="data")
    sources = {path.relative_to(LIBRARY).as_posix() for path in SOURCES}
    assert sources | {"package.json", "README.md", "LICENSE", "types/index.d.ts"} <= names
    assert not [name for name in names if name.startswith(("node_modules", "package-lock"))]
    (tmp_path / "package").rename(installed / "distill-portable")
    shutil.copy(TESTS / "consumer.ts", host / "consumer.mts")
    options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext"]
    options += ["--target", "es2022", "--lib", "es2023,dom,dom.iterable", "--types", "node"]
    compiler = node_modules / "typescript" / "bin" / "tsc"
    compiled = run_in(host, ["node", compiler, *options, "consumer.mts"])
    assert compiled.returncode == 0, compiled.stdout


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_runs(
    node: str, node_modules: Path, demo_artifact: Path, tmp_path: Path, example: str
) -> None:
    installed = tmp_path / "node_modules"
    installed.mkdir()
    (installed / "distill-portable").symlink_to(LIBRARY)
    for name in ("onnxruntime-node", "onnxruntime-web", "onnxruntime-common"):
        (installed / name).symlink_to(node_modules / name)
    shutil.copy(demo_artifact, tmp_path / "ambience.onnx")
    (tmp_path / "example.mjs").write_text(example, "utf-8")
    done = run_in(tmp_path, [node, "example.mjs"])
    assert done.returncode == 0, done.stderr


def test_it_is_formatted(node: str, node_modules: Path) -> None:
    done = run_in(LIBRARY, ["npm", "run", "format", "--silent", "--", "--check"])
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_depends_on_nothing() -> None:
    assert len(SOURCES) > 30
    for path in SOURCES:
        source = path.read_text("utf-8")
        imported = re.findall(r"^(?:import|export)\b[^;]*? from '(.+)';$", source, re.MULTILINE)
        assert all(re.fullmatch(r"\.\.?/(live/)?[a-z0-9-]+\.js", name) for name in imported), (
            path.name
        )
        # A worker that the page gives no onnxruntime loads it from where the page says.
        dynamic = "import(" in re.sub(r"/\*\*.*?\*/", "", source, flags=re.DOTALL)
        assert dynamic == (path.name == "serve.js"), path.name
    package = json.loads((LIBRARY / "package.json").read_text("utf-8"))
    assert "dependencies" not in package
    optional = package["peerDependenciesMeta"]
    assert all(optional[name]["optional"] for name in package["peerDependencies"])


def test_a_file_of_it_holds_one_idea() -> None:
    for path in [*SOURCES, *TESTS.glob("*.js")]:
        lines = path.read_text("utf-8").splitlines()
        assert len(lines) <= MAX_LINES, path.name
        assert max(map(len, lines)) <= 110, path.name


def test_its_version_and_its_license_are_the_project_s() -> None:
    package = json.loads((LIBRARY / "package.json").read_text("utf-8"))
    version = f"export const VERSION = '{distill_runtime.__version__}';"
    assert package["version"] == distill_runtime.__version__
    assert version in (LIBRARY / "src" / "version.js").read_text("utf-8")
    assert (LIBRARY / "LICENSE").read_bytes() == (REPOSITORY / "LICENSE").read_bytes()


def test_the_lock_names_no_registry() -> None:
    lock = LOCK.read_text("utf-8")
    assert "://" not in lock
    assert "resolved" not in lock
