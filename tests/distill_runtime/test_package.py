"""The package as others see it: its names, and what it may import."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import distill_runtime
from distill_runtime import contract

PACKAGE = Path(distill_runtime.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
PUBLIC = {
    "Artifact",
    "ArtifactError",
    "ArtifactFile",
    "ArtifactMetadata",
    "AudioFormat",
    "BackendError",
    "BenchmarkReport",
    "Blend",
    "CancelledError",
    "Control",
    "DependencyError",
    "DistillError",
    "FailureError",
    "GenerationConfig",
    "GenerationPipeline",
    "GenerationResult",
    "InputError",
    "Levels",
    "LiveStream",
    "OutputError",
    "OutputExistsError",
    "Preset",
    "Recipe",
    "Reproduction",
    "RequestError",
    "SessionOptions",
    "Slider",
    "SofaFile",
    "SoundStream",
    "SourcePosition",
    "SpaceError",
    "StereoSettings",
    "Tags",
    "VerificationError",
    "VerificationReport",
    "measure",
    "play_sound",
    "plot_sound",
    "verify",
}


def name(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            yield node.module or ""


def outside_type_checking(path: Path) -> Iterator[str]:
    """Yield the imports that happen when the program runs."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_the_public_names_are_these() -> None:
    assert set(distill_runtime.__all__) == PUBLIC
    assert list(distill_runtime.__all__) == sorted(distill_runtime.__all__)
    assert len(set(distill_runtime.__all__)) == len(distill_runtime.__all__)


@pytest.mark.parametrize("public", distill_runtime.__all__)
def test_a_public_name_can_be_imported_and_found(public: str) -> None:
    value = getattr(distill_runtime, public)
    assert public in dir(distill_runtime)
    home = getattr(value, "__module__", None)
    if home is not None:
        assert home.startswith("distill_runtime.")
        assert getattr(importlib.import_module(home), public) is value


def test_a_public_class_or_function_is_documented() -> None:
    bare = [
        public
        for public in distill_runtime.__all__
        if callable(value := getattr(distill_runtime, public)) and not value.__doc__
    ]
    assert bare == []


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        distill_runtime.nonsense  # noqa: B018


def test_the_package_says_that_it_is_typed() -> None:
    assert (PACKAGE / "py.typed").is_file()


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_the_runtime_imports_nothing_of_the_exporters(path: Path) -> None:
    forbidden = {"torch", "torchaudio", "onnx", "onnxscript", "distill_export", "scipy"}
    assert not forbidden & {module.partition(".")[0] for module in imports(path)}


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_only_the_session_imports_onnxruntime(path: Path) -> None:
    found = {module.partition(".")[0] for module in outside_type_checking(path)}
    assert "onnxruntime" not in found or path.name == "session.py"


@pytest.mark.parametrize("path", [p for p in MODULES if p.parent.name != "contract"], ids=name)
def test_the_contracts_names_are_spelt_in_the_contract_alone(path: Path) -> None:
    spelt = {
        node.value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert not spelt & {
        contract.METADATA_KEY,
        contract.FORMAT,
        contract.STATE,
        contract.FINISH,
        contract.NEXT_STATE,
        contract.MEL,
    }


def run(program: str, *arguments: object) -> None:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    subprocess.run(command, check=True, timeout=60)


def test_importing_the_package_loads_nothing() -> None:
    run(
        "import sys, distill_runtime\n"
        "heavy = {'numpy', 'onnxruntime', 'soundfile', 'typer', 'torch'} & sys.modules.keys()\n"
        "assert not heavy, heavy"
    )


def test_looking_at_a_file_loads_no_onnxruntime(demo_artifact: Path) -> None:
    run(
        "import sys\nfrom distill_runtime import ArtifactFile\n"
        "assert ArtifactFile.inspect(sys.argv[1]).metadata.model.name == 'ambience'\n"
        "assert not {'numpy', 'onnxruntime', 'torch', 'onnx'} & sys.modules.keys()",
        demo_artifact,
    )


def test_a_sound_is_made_without_torch(demo_artifact: Path) -> None:
    run(
        "import sys\n"
        "from distill_runtime import Artifact, GenerationConfig, GenerationPipeline\n"
        "pipeline = GenerationPipeline(Artifact.load(sys.argv[1]))\n"
        "result = pipeline.generate(GenerationConfig(duration_s=1.0, seed=1))\n"
        "assert result.audio.any()\n"
        "bad = {'torch', 'onnx', 'distill_export', 'scipy'} & sys.modules.keys()\n"
        "assert not bad, bad\n"
        "assert 'onnxruntime' in sys.modules",
        demo_artifact,
    )


def test_every_type_in_a_public_signature_is_public() -> None:
    """A caller can say everything with names of the package: what a signature asks for is one."""
    standard = """
        Any ArrayLike BinaryIO Callable Collection Event Iterable Iterator Literal Mapping NDArray
        None Path PathLike Sequence bool bytearray bytes dict float floating int list memoryview np
        npt object os self str threading tuple type
    """
    known = PUBLIC | set(standard.split())
    aliases = {"Float32Array", "FloatArray", "SliderPositions", "RawEncoding", "Progress", "Source"}
    unknown = set()
    for public in PUBLIC:
        value = getattr(distill_runtime, public)
        functions = [value] if inspect.isfunction(value) else list(vars(value).values())
        for function in (getattr(member, "__func__", member) for member in functions):
            name = getattr(function, "__name__", "_")
            # from_fields is how the contract reads itself.
            if inspect.isfunction(function) and name[0] != "_" and name != "from_fields":
                for note in function.__annotations__.values():
                    unknown |= set(re.findall(r"[A-Za-z_]\w*", note)) - known - aliases
    assert unknown == set()
