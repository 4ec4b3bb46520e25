"""The rooms of the two packages and what each may know of the others, read from the sources."""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
RUNTIME_NEEDS = {"distill_runtime", "numpy", "onnxruntime", "rich", "soundfile", "soxr", "typer"}
RUNTIME_NEEDS |= {"matplotlib", "mido", "pythonosc", "sounddevice", "textual"}  # its extras
RUNTIME_NEEDS |= {"h5py", "pyarrow", "ray", "uvicorn"}
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
MAX_ENTRIES, MAX_LINES = 12, 350

# Which room imports from which: exactly these, and they point one way. A room is a folder, or a
# module, at the top of a package; `__init__` is the package's own, which imports what it offers
# when that is asked for.
KNOWN_TO_ALL = {"arrays", "contract", "errors"}
RUNTIME_ROOMS = {
    "__main__": {"cli"},
    "cli": {"__init__", "artifact", "audio", "audio_file", "files", "generation", "latents"},
    "generation": {"__init__", "artifact", "audio", "audio_file", "files", "latents"},
    "__init__": {"artifact"},
    "artifact": {"audio", "files", "latents"},
    "audio_file": {"files", "latents"},
    "latents": {"files"},
    "audio": {"files"},
    "contract": {"errors", "files"},
    "files": {"errors"},
}
EXPORT_ROOMS = {
    "__main__": {"cli"},
    "cli": {"__init__", "comparison", "export", "formats", "graph", "training"},
    "training": {"__init__", "export", "model", "reference", "verify"},
    "comparison": {"export"},
    "export": {"artifact_metadata", "formats", "graph", "model", "verify"},
    "artifact_metadata": {"__init__", "formats", "graph", "model", "verify"},
    "verify": {"formats", "graph", "model", "reference"},
    "formats": {"__init__", "graph", "model"},
    "graph": {"model", "reference"},
    "model": {"reference"},
}
ROOMS = [("distill_runtime", RUNTIME_ROOMS), ("distill_export", EXPORT_ROOMS)]
PACKAGES = [package for package, _ in ROOMS]

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


def name_of(path: Path) -> str:
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_for_type_checkers(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and ast.unparse(statement.test) == "TYPE_CHECKING"


def module_arrows(package: str) -> dict[str, set[str]]:
    """For every module of a package, those of the package that it imports."""
    paths = {name_of(path): path for path in sources(package)}
    arrows: dict[str, set[str]] = {}
    for name, path in paths.items():
        arrows[name] = set()
        tree = ast.parse(path.read_text("utf-8"))
        if name == package:
            tree.body = [part for part in tree.body if not is_for_type_checkers(part)]
        for module, taken, _ in imports(tree):
            target = f"{module}.{taken}"
            arrows[name] |= {target if target in paths else module} & set(paths)
    return arrows


def room_arrows(package: str) -> dict[str, set[str]]:
    """For every room of a package, those that it imports from."""
    arrows: dict[str, set[str]] = defaultdict(set)
    for module, targets in module_arrows(package).items():
        room, *others = ((*name.split("."), "__init__")[1] for name in (module, *targets))
        arrows[room].update(others)
    return {room: targets - {room} for room, targets in arrows.items() if targets - {room}}


@pytest.mark.parametrize(("package", "rooms"), ROOMS, ids=PACKAGES)
def test_rooms_import_from_the_rooms_that_they_may(
    package: str, rooms: dict[str, set[str]]
) -> None:
    found = room_arrows(package)
    known_to_all = KNOWN_TO_ALL & {path.stem for path in (REPOSITORY / package).iterdir()}
    stray = {
        room: targets - rooms.get(room, set()) - known_to_all for room, targets in found.items()
    }
    assert not {room: targets for room, targets in stray.items() if targets}
    unused = {room: targets - found.get(room, set()) for room, targets in rooms.items()}
    assert not {room: targets for room, targets in unused.items() if targets}


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("arrows", [room_arrows, module_arrows])
def test_imports_point_one_way(package: str, arrows: Callable[[str], dict[str, set[str]]]) -> None:
    order = list(TopologicalSorter(arrows(package)).static_order())  # raises at a cycle
    assert len(order) > 9


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_shows_its_rooms_at_a_glance(package: str) -> None:
    folder = REPOSITORY / package
    entries = [
        path.name for path in folder.iterdir() if path.name[0] != "_" or path.suffix == ".py"
    ]
    entries.remove("py.typed")  # says to type checkers that there are types
    assert len(entries) <= MAX_ENTRIES
    for room in sorted(path.parent for path in folder.rglob("__init__.py")):
        tree = ast.parse((room / "__init__.py").read_text("utf-8"))
        said = ast.get_docstring(tree)
        assert said, f"{room.name} does not say what it is"
        if room != folder:
            assert len(said.splitlines()) == 1, f"{room.name} says what it is in one line"


@pytest.mark.parametrize("package", [*PACKAGES, "benchmarks"])
def test_a_file_holds_one_idea(package: str) -> None:
    lengths = {
        name_of(path): len(path.read_text("utf-8").splitlines()) for path in sources(package)
    }
    assert not {name: length for name, length in lengths.items() if length > MAX_LINES}


@pytest.mark.parametrize("package", PACKAGES)
def test_only_the_training_trains(package: str) -> None:
    for path in sources(package):
        if "training" in path.relative_to(REPOSITORY).parts:
            continue
        tree = ast.parse(path.read_text("utf-8"))
        names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        names |= {part for module, name, _ in imports(tree) for part in (module, name)}
        assert not names & TRAINING, path.name
