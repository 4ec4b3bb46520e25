"""An artifact once more, in a session of one thread: for many sounds, one on each core.

Threads that share an operator wait for each other, between two operators and where one of them is
not divided at all; sounds side by side on a core each do not (docs/performance.md).
"""

from __future__ import annotations

import threading
from dataclasses import replace
from weakref import WeakKeyDictionary

from distill_runtime.artifact.artifact import Artifact
from distill_runtime.errors import ArtifactError

_loaded: WeakKeyDictionary[Artifact, Artifact] = WeakKeyDictionary()
_loading = threading.Lock()


def single_threaded(artifact: Artifact) -> Artifact:
    """Return an artifact that plays the same, bit for bit, on one thread.

    It is loaded when it is first asked for, and kept as long as the artifact is.

    Raises:
        ArtifactError: Its file is gone, or it is not the one that was loaded.
    """
    with _loading:
        if (single := _loaded.get(artifact)) is None:
            options = replace(artifact.options, provider="cpu", threads=1)
            trust = not artifact.is_known
            single = Artifact.load(artifact.file.source, options=options, trust=trust)
            if single.sha256 != artifact.sha256:
                raise ArtifactError(
                    f"{artifact.path}: it was changed since it was loaded: load it again"
                )
            _loaded[artifact] = single
        return single
