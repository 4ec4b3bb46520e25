"""Every error this project raises on purpose.

Each message is one line: what was found, what was expected, what to do. Where it speaks of an
argument of Python's ("duration_s is -1, ..."), a command line says its own word for that instead.

    DistillError
    ├── InputError (ValueError)      what was handed in is not what it should be
    │   ├── ArtifactError            no artifact, not one of ours, or not of this contract
    │   ├── ModelFileError           no model file, or one that cannot be used
    │   │   └── IncompatibleModelError   an older or a sibling format
    │   ├── RecordingError           a recording, or a folder of them, that cannot be used
    │   ├── RequestError             a duration, a seed, a latent vector out of bounds
    │   └── OutputExistsError        the output is there and would be overwritten
    └── FailureError (RuntimeError)  the input is fine, the work could not be done
        ├── BackendError             onnxruntime refused or failed
        ├── CancelledError           the caller gave the work up
        ├── DependencyError          a package is missing, or two of them exclude each other
        ├── OutputError              the output could not be written
        │   └── SpaceError           it would not fit on the disk, and was not begun
        ├── TrainingError            a training came to nothing
        └── VerificationError        a check of an artifact did not hold
"""

from __future__ import annotations

from collections.abc import Mapping


class DistillError(Exception):
    """Base of every error raised on purpose by distill_runtime and distill_export.

    Attributes:
        setting: The argument that the message speaks of, as it is written there: "duration_s", or
            "overwrite=True" where that is what to do. None if it speaks of none.
    """

    def __init__(self, message: str = "", *, setting: str | None = None) -> None:
        super().__init__(message)
        self.setting = setting

    def said_with(self, words: Mapping[str, str]) -> str:
        """Return the message with another word for the argument, where there is one."""
        message = str(self)
        if self.setting is None or self.setting not in words:
            return message
        return message.replace(self.setting, words[self.setting], 1)


class InputError(DistillError, ValueError):
    """What was handed in is not what it should be; command lines exit with 2."""


class ArtifactError(InputError):
    """There is no artifact, it is not one of ours, or it does not keep the contract."""


class ModelFileError(InputError):
    """There is no model file, or it cannot be used."""


class IncompatibleModelError(ModelFileError):
    """The file is an older or a sibling format of the model file."""

    MESSAGE = "Incompatible model format. Please retrain with current version."

    def __init__(self) -> None:
        super().__init__(self.MESSAGE)


class RecordingError(InputError):
    """There is no recording, or it cannot be used."""


class RequestError(InputError):
    """A duration, a seed, a latent vector or another setting is out of bounds."""


class OutputExistsError(InputError):
    """The output is there already and was not to be overwritten."""


class FailureError(DistillError, RuntimeError):
    """The input is fine, but the work could not be done; command lines exit with 1."""


class BackendError(FailureError):
    """Running the artifact failed in onnxruntime."""


class CancelledError(FailureError):
    """The caller gave the work up before it was done."""


class DependencyError(FailureError, ImportError):
    """A package is missing, or two packages that exclude each other are installed."""

    @classmethod
    def missing(cls, package: str, *, needed_by: str = "", install: str = "") -> DependencyError:
        """Say that a package is not installed, and what to type.

        Args:
            package: What cannot be imported.
            needed_by: The option or the setting that needs it, where not all does.
            install: What pip is to install, if not just that package. By the names of packages, not
                of our extras: pip finds those only where it finds a release of ours.
        """
        reason = f", and {needed_by} needs it" if needed_by else ""
        return cls(f"{package} is not installed{reason}: pip install {install or package}")


class OutputError(FailureError):
    """The output could not be written: no space, no permission, a lost device."""


class SpaceError(OutputError):
    """The output would not fit on the disk, and was not begun."""


class TrainingError(FailureError):
    """A training came to nothing: its losses are not finite."""


class VerificationError(FailureError):
    """A check of an artifact did not hold."""
