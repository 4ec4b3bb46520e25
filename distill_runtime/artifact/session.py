"""The boundary to onnxruntime: imported, configured and its errors translated here alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from distill_runtime import contract
from distill_runtime.arrays import Float32Array
from distill_runtime.artifact import cuda
from distill_runtime.errors import ArtifactError, BackendError, DependencyError, RequestError
from distill_runtime.files.checks import brief, whole

if TYPE_CHECKING:
    import onnxruntime

PROVIDERS = ("auto", "cpu", "cuda")
_CPU = "CPUExecutionProvider"
_QUIET = 4  # log fatal errors only: the rest reaches the caller as an exception
_SPIN_US = 50  # from one operator to the next; longer gains nothing (docs/performance.md)
_MAX_DEFAULT_THREADS = 4  # the layers are too small to gain from more


@dataclass(frozen=True)
class SessionOptions:
    """How onnxruntime is to run an artifact.

    Attributes:
        provider: "cpu", "cuda", or "auto", which takes CUDA where it is installed and works.
        threads: Threads that share an operator's work; 0 takes the cores at hand, at most 4.
        spinning: Whether idle threads wait busily, between calls too, at the cost of whole cores.
            Off, they wait so within a call only and for no longer than 50 microseconds.
        arena: Whether onnxruntime keeps the memory of one call for the next: no larger at its peak,
            but not given back before the artifact goes.
    """

    provider: str = "auto"
    threads: int = 0
    spinning: bool = False
    arena: bool = True

    def __post_init__(self) -> None:
        if self.provider not in PROVIDERS:
            raise RequestError(
                f"provider is {brief(self.provider)}, expected one of {', '.join(PROVIDERS)}",
                setting="provider",
            )
        threads = whole(self.threads)
        if threads is None or not 0 <= threads <= 256:
            raise RequestError(
                f"threads is {brief(self.threads)}, expected a whole number, 0 (automatic) to 256",
                setting="threads",
            )
        object.__setattr__(self, "threads", threads)

    @property
    def resolved_threads(self) -> int:
        """How many threads that makes on this machine."""
        return self.threads or min(cores(), _MAX_DEFAULT_THREADS)


def require_onnxruntime() -> None:
    """Check that exactly one flavour of onnxruntime is installed, without importing it.

    Raises:
        DependencyError: There is none, or there are two, whose files overwrite each other.
    """
    installed = [name for name in ("onnxruntime", "onnxruntime-gpu") if _is_installed(name)]
    if len(installed) == 2:
        raise DependencyError(
            "onnxruntime and onnxruntime-gpu are both installed and overwrite each other's files: "
            "pip uninstall onnxruntime onnxruntime-gpu, then pip install one of the two"
        )
    if not installed and not _is_importable("onnxruntime"):  # a build of one's own has no such name
        raise DependencyError.missing(
            "onnxruntime", install="onnxruntime (or onnxruntime-gpu, for CUDA)"
        )


def open_session_from_bytes(model: bytes, options: SessionOptions) -> onnxruntime.InferenceSession:
    """Load a model that was checked, or one of our own making.

    From bytes, so that it is what was checked: by its path onnxruntime would read another file than
    the check did, should it be replaced in between.

    Raises:
        ArtifactError: onnxruntime cannot load it.
        DependencyError: onnxruntime is not there, or it has no CUDA and that was asked for.
        BackendError: CUDA was asked for and does not start.
    """
    ort = _import_onnxruntime()
    settings = ort.SessionOptions()
    settings.intra_op_num_threads = options.resolved_threads
    settings.inter_op_num_threads = 1
    settings.enable_cpu_mem_arena = options.arena
    settings.log_severity_level = _QUIET
    for key, value in _waiting(ort.__version__, spinning=options.spinning).items():
        settings.add_session_config_entry(key, value)
    # Not session.set_denormal_as_zero: it would change the arithmetic of the calling thread, the
    # host's own, and no sound was found that it makes faster.
    # By what it begins with it could pass for another format, one that was not checked.
    settings.add_session_config_entry("session.load_model_format", "ONNX")
    has_cuda = cuda.PROVIDER in ort.get_available_providers()
    if options.provider == "cuda" and not has_cuda:
        raise DependencyError(
            "this onnxruntime has no CUDA: pip uninstall onnxruntime, then pip install "
            "onnxruntime-gpu, or take --provider cpu"
        )
    providers: list[Any] = [_CPU]
    if has_cuda and options.provider != "cpu":
        cuda.load_libraries(ort)
        providers.insert(0, (cuda.PROVIDER, cuda.PROVIDER_OPTIONS))
    try:
        session: onnxruntime.InferenceSession = ort.InferenceSession(
            model,
            settings,
            providers=providers,
            enable_fallback=0,  # its own goes unnoticed, or prints to stdout
        )
    except Exception as error:  # its exceptions share no base but Exception
        raise ArtifactError(f"onnxruntime cannot load it ({_summary(error)})") from None
    # It keeps the model, to load it again should a provider fail; that fallback is off.
    if hasattr(session, "_model_bytes"):
        session._model_bytes = None
    # A provider that does not start is left out without a word.
    if options.provider == "cuda" and session_provider(session) != "cuda":
        raise BackendError(
            "CUDA was asked for and does not start: check the driver, and the CUDA libraries "
            "(pip install 'onnxruntime-gpu[cuda,cudnn]' brings them), or take --provider cpu"
        )
    return session


def _waiting(version: str, *, spinning: bool) -> dict[str, str]:
    """Return the settings of how idle threads wait, for a version of onnxruntime."""
    allow = "session.intra_op.allow_spinning"
    if spinning:
        return {allow: "1"}
    if _release(version) < (1, 26):  # these would spin until they are tired of it
        return {allow: "0"}
    return {
        allow: "1",
        "session.intra_op.spin_duration_us": str(_SPIN_US),
        "session.force_spinning_stop": "1",  # at the end of a call
    }


def _release(version: str) -> tuple[int, ...]:
    """Return a version's first two numbers; of one that is not so written, none."""
    numbers = version.split(".")[:2]
    return tuple(map(int, numbers)) if all(number.isdecimal() for number in numbers) else ()


def _import_onnxruntime() -> Any:
    """Import onnxruntime, which is slow: only who plays a sound pays for it.

    Raises:
        DependencyError: It is not there, or it does not suit what else is installed.
    """
    require_onnxruntime()
    # From 1.32 on it reports its use to its maker unless told not to before it is imported.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    try:
        import onnxruntime  # noqa: PLC0415
    except ImportError as error:
        raise DependencyError(
            f"onnxruntime cannot be imported ({_summary(error)}): install its newest version, or "
            "numpy before 2 beside one before 1.19"
        ) from None

    return onnxruntime


def session_provider(session: onnxruntime.InferenceSession) -> str:
    """Return what really runs a session: "cuda" or "cpu"."""
    return "cuda" if session.get_providers()[0] == cuda.PROVIDER else "cpu"


@cache
def onnxruntime_version() -> str:
    """Return the version of the onnxruntime that is loaded."""
    return str(_import_onnxruntime().__version__)


def run_session(
    session: onnxruntime.InferenceSession,
    outputs: list[str],
    feeds: dict[str, np.ndarray[Any, Any]],
) -> list[np.ndarray[Any, Any]]:
    """Run the graph once.

    Raises:
        BackendError: onnxruntime failed.
    """
    try:
        results: list[np.ndarray[Any, Any]] = session.run(outputs, feeds)
    except Exception as error:  # as above
        raise BackendError(f"onnxruntime failed ({_summary(error)})") from None
    return results


class Graph:
    """An artifact's graph in onnxruntime: its inputs and outputs by the contract's names."""

    def __init__(
        self,
        session: onnxruntime.InferenceSession,
        outputs: Sequence[str] = (contract.AUDIO, contract.NEXT_STATE),
    ) -> None:
        """Take a session, and the names of the outputs that `run` returns."""
        self._session = session
        self._outputs = list(outputs)

    @property
    def provider(self) -> str:
        """What really runs it: "cpu" or "cuda"."""
        return session_provider(self._session)

    @property
    def state_size(self) -> int:
        """Length of a row's state vector, as its input says."""
        sizes = {value.name: value.shape for value in self._session.get_inputs()}
        return int(sizes[contract.STATE][1])

    def run(
        self,
        latents: Float32Array,
        state: Float32Array,
        *,
        finish: bool,
        mel: Float32Array | None = None,
    ) -> list[Float32Array]:
        """Run it once.

        Args:
            latents: `[batch, steps, latent_dim]`.
            state: `[batch, state_size]`.
            finish: Whether every row's stream ends here.
            mel: `[batch, 2, n_mels, frames]`, for a graph that takes its mel frames.

        Raises:
            BackendError: onnxruntime failed.
        """
        if self.provider == "cuda" and (times := cuda.repeats(latents)) > 1:
            batch = len(latents)
            latents, state = cuda.filled(latents, times), cuda.filled(state, times)
            mel = None if mel is None else cuda.filled(mel, times)
            return [rows[:batch] for rows in self.run(latents, state, finish=finish, mel=mel)]
        feeds = {
            contract.LATENTS: latents,
            contract.STATE: state,
            contract.FINISH: np.array(finish, bool),
        }
        if mel is not None:
            feeds[contract.MEL] = mel
        return run_session(self._session, self._outputs, feeds)

    def bind(self, state: Float32Array) -> BoundStream:
        """Start a stream from a state `[batch, state_size]` that is to stay on the device."""
        return BoundStream(self._session, state)


class BoundStream:
    """A stream whose state stays on the device that runs the graph, from call to call.

    Without it every call would copy the state from the device and back, and wait for it. Only the
    latent vectors and the audio cross over.
    """

    def __init__(self, session: onnxruntime.InferenceSession, state: Float32Array) -> None:
        """Start from a state `[batch, state_size]`."""
        self._session = session
        self._device = session_provider(session)
        self._value = _import_onnxruntime().OrtValue.ortvalue_from_numpy
        self._state = self._value(state, self._device, 0)

    def step(self, latents: Float32Array, finish: bool) -> Float32Array:
        """Run the graph once on `[batch, steps, latent_dim]` and return its audio.

        Raises:
            BackendError: onnxruntime failed.
        """
        batch, state = len(latents), self._state
        times = cuda.repeats(latents) if self._device == "cuda" else 1
        try:
            if times > 1:
                latents = cuda.filled(latents, times)
                state = self._value(cuda.filled(state.numpy(), times), self._device, 0)
            binding = self._session.io_binding()
            binding.bind_cpu_input(contract.LATENTS, latents)
            binding.bind_cpu_input(contract.FINISH, np.array(finish, bool))
            binding.bind_ortvalue_input(contract.STATE, state)
            binding.bind_output(contract.AUDIO, "cpu")
            binding.bind_output(contract.NEXT_STATE, self._device)
            self._session.run_with_iobinding(binding)
            audio, self._state = binding.get_outputs()
            if times > 1:
                self._state = self._value(self._state.numpy()[:batch], self._device, 0)
            samples: Float32Array = audio.numpy()
        except Exception as error:  # as above
            raise BackendError(f"onnxruntime failed ({_summary(error)})") from None
        return samples[:batch]


def _is_installed(distribution: str) -> bool:
    """Look for a distribution's folder: importlib.metadata alone takes 20 ms to import."""
    name = distribution.replace("-", "_") + "-"
    for place in sys.path:
        with suppress(OSError):  # it is no folder, or not there
            if any(
                entry.startswith(name) and entry.endswith((".dist-info", ".egg-info"))
                for entry in os.listdir(place or os.curdir)  # noqa: PTH208
            ):
                return True
    return False


def _is_importable(module: str) -> bool:
    from importlib.util import find_spec  # noqa: PLC0415  (only on the rare road)

    return find_spec(module) is not None


def cores() -> int:
    """Return the number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _summary(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else text[:197] + "..."
