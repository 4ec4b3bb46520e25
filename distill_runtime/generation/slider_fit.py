"""Whether slider positions that were kept still mean on a model what they meant then.

A position means something only to the sliders it was found with. The fingerprint tells them: it is
the same for all variants of a model, and another after another training or analysis.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from distill_runtime.contract import ArtifactMetadata, SliderBank
from distill_runtime.errors import RequestError
from distill_runtime.files.checks import brief
from distill_runtime.latents.sliders import check_positions, distinct_labels, original_labels


@dataclass(frozen=True)
class KeptSliders:
    """Positions, and the model they belong to.

    Attributes:
        model_name: Empty where it is not known.
        model_id: As the training program gave it.
        positions: Label, or index, -> position in steps. Empty positions fit every model.
        fingerprint: What `slider_fingerprint` gives for the model's sliders; None where nothing but
            the model's id is known.
    """

    model_name: str
    model_id: str
    positions: Mapping[str | int, float]
    fingerprint: str | None

    def check_fits(self, metadata: ArtifactMetadata) -> None:
        """Make sure that the positions mean on this model what they meant when they were kept.

        Raises:
            RequestError: They belong to other sliders; it says which ones differ.
        """
        if not self.positions:
            return
        theirs = _model(self.model_name, self.model_id)
        ours = _model(metadata.model.name, metadata.model.id)
        bank = metadata.sliders
        if bank is None or not bank.sliders:
            raise RequestError(
                f"the preset sets sliders of the model {theirs}, but {ours} has none: use a preset "
                "without sliders"
            )
        labels = distinct_labels(bank.sliders)
        known = {*labels, *original_labels(bank.sliders), *range(len(labels))}
        if missing := [key for key in self.positions if key not in known]:
            raise RequestError(
                f"the preset belongs to the model {theirs}: {ours} has no slider "
                f"{listed(missing)}, but {listed(labels)}"
            )
        if self.fingerprint is None:
            if self.model_id != metadata.model.id:
                raise RequestError(
                    f"the preset belongs to the model {theirs}, not to {ours}: "
                    "its positions would make another sound"
                )
        elif self.fingerprint != slider_fingerprint(bank):
            same = self.model_id == metadata.model.id
            origin = "an earlier or later analysis" if same else "another model"
            raise RequestError(
                f"the preset belongs to the model {theirs}: the sliders of {ours} have the same "
                f"labels, but come from {origin} and would make another sound"
            )

    def on(self, metadata: ArtifactMetadata) -> tuple[float, ...] | None:
        """Return the position of every slider of a model, None if none is set.

        Raises:
            RequestError: They do not fit (see `check_fits`) or leave a slider's range.
        """
        self.check_fits(metadata)
        if not self.positions or metadata.sliders is None:
            return None
        sliders = metadata.sliders.sliders
        names = enumerate(zip(original_labels(sliders), distinct_labels(sliders), strict=True))
        # A slider that somebody has taken out of the file stands at 0.
        positions = [
            next((self.positions[key] for key in (*labels, i) if key in self.positions), 0)
            for i, labels in names
        ]
        return check_positions(sliders, positions)


def slider_fingerprint(bank: SliderBank | None) -> str:
    """Return a SHA-256 of all that decides where a model's sliders lead: not of their ranges.

    The labels in it are the training program's: those of an artifact were measured on its sound.
    """
    meaning = bank and [
        bank.mean,
        [[slider.first_label, slider.step_size, slider.component] for slider in bank.sliders],
    ]
    return hashlib.sha256(json.dumps(meaning, separators=(",", ":")).encode()).hexdigest()


def listed(names: Sequence[object]) -> str:
    """Return the first of many names for a message."""
    return ", ".join(map(brief, names[:8])) + (f" and {len(names) - 8} more" * (len(names) > 8))


def _model(name: str, model_id: str) -> str:
    # Two models often have the same name; this much of the id tells them apart.
    return f"{brief(name)} (id {model_id[:8]!r})" if name else f"with the id {model_id[:8]!r}"
