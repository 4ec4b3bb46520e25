"""What each package may know of the other, read from the sources."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
RUNTIME_NEEDS = {"distill_runtime", "numpy", "onnxruntime", "rich", "soundfile", "soxr", "typer"}
RUNTIME_NEEDS |= {"matplotlib", "sounddevice"}  # its extras
EXPORT_NEEDS = {
    "distill_export",
    "distill_runtime",
    "numpy",
    "onnx",
    "onnxscript",
    "torch",
    "typer",
}
TRAINING_NEEDS = {"soundfile", "soxr"}  # of the runtime's, to read recordings
# What only a training calls.
TRAINING = {"backward", "optim", "zero_grad", "DataLoader", "cross_entropy", "mse_loss"}


def sources(package: str) -> list[Path]:
    return sorted((REPOSITORY / package).rglob("*.py"))


def imports(tree: ast.AST) -> Iterator[tuple[str, str | None, str]]:
    """Every import as its module, the name taken from it and the name it has here."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, None, alias.asname or alias.name.partition(".")[0]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            for alias in node.names:
                yield node.module or "", alias.name, alias.asname or alias.name


def is_private(name: str) -> bool:
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))


def private_uses(source: str) -> set[str]:
    """What a source takes of distill_runtime that is not for others."""
    tree = ast.parse(source)
    found, here = set(), set()
    for module, name, local in imports(tree):
        if module.partition(".")[0] == "distill_runtime":
            here.add(local)
            found |= {part for part in [*module.split("."), name or ""] if is_private(part)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            value: ast.expr = node.value
            while isinstance(value, ast.Attribute):
                value = value.value
            if isinstance(value, ast.Name) and value.id in here:
                found.add(node.attr)
    return found


PRIVATE_USES = {
    "a name": "from distill_runtime.audio.snr import _x",
    "a module": "from distill_runtime._x import y",
    "a module by its path": "import distill_runtime._x",
    "through a module": "from distill_runtime import contract\ncontract._x",
    "through a class": "from distill_runtime import Artifact as A\nA.load._x",
    "through the package": "import distill_runtime.audio.snr\ndistill_runtime.snr._x",
}


@pytest.mark.parametrize("source", PRIVATE_USES.values(), ids=PRIVATE_USES.keys())
def test_a_private_use_is_found(source: str) -> None:
    assert private_uses(source) == {"_x"}
    assert not private_uses(source.replace("_x", "x"))


@pytest.mark.parametrize("path", sources("distill_export"), ids=lambda path: path.name)
def test_the_export_uses_the_runtimes_public_names(path: Path) -> None:
    assert not private_uses(path.read_text("utf-8"))


@pytest.mark.parametrize(
    ("package", "needs"),
    [("distill_runtime", RUNTIME_NEEDS), ("distill_export", EXPORT_NEEDS | TRAINING_NEEDS)],
)
def test_a_package_imports_what_it_depends_on_and_nothing_else(
    package: str, needs: set[str]
) -> None:
    assert sources(package)
    for path in sources(package):
        for module, _, _ in imports(ast.parse(path.read_text("utf-8"))):
            top = module.partition(".")[0]
            assert top in needs or top in sys.stdlib_module_names, f"{path.name} imports {module}"


@pytest.mark.parametrize("package", ["distill_runtime", "distill_export"])
def test_only_the_training_trains(package: str) -> None:
    for path in sources(package):
        if "training" in path.relative_to(REPOSITORY).parts:
            continue
        tree = ast.parse(path.read_text("utf-8"))
        names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        names |= {part for module, name, _ in imports(tree) for part in (module, name)}
        assert not names & TRAINING, path.name
