"""The model's own story in the metadata: name, data set, training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from distill_runtime.files.json_fields import JsonFields


@dataclass(frozen=True)
class ModelInfo:
    """What the musician's model is, as the training program described it."""

    id: str
    name: str
    description: str
    dataset_name: str
    dataset_file_count: int
    dataset_duration_s: float
    training_date: str
    training_epochs: int
    train_loss: float | None
    validation_loss: float | None
    saved_at: str
    tags: tuple[str, ...]

    @classmethod
    def from_fields(cls, fields: JsonFields) -> ModelInfo:
        """Read the object "model"."""
        dataset, training = fields.section("dataset"), fields.section("training")
        return cls(
            id=fields.text("id"),
            name=fields.text("name"),
            description=fields.text("description"),
            dataset_name=dataset.text("name"),
            dataset_file_count=dataset.integer("file_count", 0, 2**53),
            dataset_duration_s=dataset.number("duration_s"),
            training_date=training.text("date"),
            training_epochs=training.integer("epochs", 0, 2**53),
            train_loss=training.optional_number("train_loss"),
            validation_loss=training.optional_number("validation_loss"),
            saved_at=fields.text("saved_at"),
            tags=fields.texts("tags"),
        )

    def document(self) -> dict[str, Any]:
        """Return the object as JSON has it."""
        return {
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "dataset": {
                "name": self.dataset_name,
                "file_count": self.dataset_file_count,
                "duration_s": self.dataset_duration_s,
            },
            "training": {
                "date": self.training_date,
                "epochs": self.training_epochs,
                "train_loss": self.train_loss,
                "validation_loss": self.validation_loss,
            },
            "saved_at": self.saved_at,
            "tags": list(self.tags),
        }
