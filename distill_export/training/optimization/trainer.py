"""The loop: steps over shuffled chunks, validation, and a state that can be put down anywhere."""

from __future__ import annotations

import copy
import math
from typing import Any

import torch

from distill_export.model.vae import ConvVAE
from distill_export.reference.audio_spectrogram import SpectrogramConfig
from distill_export.reference.complex_spectrogram import ComplexSpectrogram, Statistics
from distill_export.reference.log_mel import log_mel_distance_db
from distill_export.training.checkpoints import STATE, STATE_VERSION
from distill_export.training.config import TrainingSettings
from distill_export.training.data.augmentation import augment
from distill_export.training.data.dataset import ChunkSet
from distill_export.training.optimization.loss import LOG_VARIANCE, LossTerms, VAELoss
from distill_export.training.optimization.schedule import cosine_decay, kl_weight
from distill_runtime.errors import ModelFileError, TrainingError

Metrics = dict[str, float]
_SUMS = ("loss", "magnitude", "frequency", "kl")


class Trainer:
    """A model in training, and all that its next step depends on.

    Nothing random comes from elsewhere than `seed`: on a CPU, with the same number of threads, the
    same settings and recordings give the same weights.

    Args:
        training: The chunks to learn from.
        validation: The chunks to judge by; may be empty.
        statistics: What both are normalised with.
        settings: All settings.
        device: Where to compute.
    """

    def __init__(
        self,
        training: ChunkSet,
        validation: ChunkSet,
        statistics: Statistics,
        settings: TrainingSettings,
        device: torch.device,
    ) -> None:
        self.training, self.validation = training, validation
        self.statistics, self.settings, self.device = statistics, settings, device
        self.transform = ComplexSpectrogram()
        torch.manual_seed(settings.seed)  # the weights, and later the dropout
        self.generator = torch.Generator().manual_seed(settings.seed)  # order, augmentation, noise
        self.model = new_model(settings).to(device).train()
        self.loss = VAELoss(statistics, settings)
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        copies = len(training) * settings.chunk_copies
        self.steps_per_epoch = math.ceil(copies / settings.batch_size)
        self.total_steps = self.steps_per_epoch * settings.max_epochs
        self.scheduler = cosine_decay(self.optimizer, self.total_steps)

        self.step = 0
        self.epoch = 0  # finished ones
        self.history: dict[str, list[Metrics]] = {"train": [], "val": []}
        self.best_epoch, self.best_loss = 0, math.inf
        self._best: dict[str, Any] | None = None  # if it is not written yet
        self._order = torch.zeros(0, dtype=torch.int64)
        self._sums = torch.zeros(len(_SUMS), dtype=torch.float64, device=device)

    @property
    def place(self) -> int:
        """Steps done in the epoch that is going on."""
        return self.step - self.epoch * self.steps_per_epoch

    @property
    def kl_weight(self) -> float:
        """Weight of the KL term in the next step."""
        return kl_weight(
            self.step,
            self.total_steps,
            maximum=self.settings.kl_weight_max,
            warmup_fraction=self.settings.kl_warmup_fraction,
        )

    @property
    def finished(self) -> bool:
        """Whether all epochs are done, or it has not become better for too long."""
        waited = self.epoch - self.best_epoch
        return self.epoch >= self.settings.max_epochs or waited >= self.settings.patience_epochs

    def train_step(self) -> None:
        """Do the next step; after the last one of an epoch, `finish_epoch` is due."""
        if not self.place:
            self._start_epoch()
        batch = self._fetch(self._order.tensor_split(self.steps_per_epoch)[self.place])
        mu, logvar = self.model.encode(batch)
        logvar = logvar.clamp(*LOG_VARIANCE)
        noise = torch.randn(mu.shape, generator=self.generator).to(self.device)
        found = self.model.decode(mu + torch.exp(0.5 * logvar) * noise)
        terms = self.loss.terms(found, batch, mu, logvar)
        loss = self.loss.total(terms, self.kl_weight)
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        if self.settings.gradient_clip_norm:
            torch.nn.utils.clip_grad_norm_(
                self.model.parameters(), self.settings.gradient_clip_norm
            )
        self.optimizer.step()
        self.scheduler.step()
        # Not read here: on a GPU that would wait for it.
        self._sums += _summed(loss, terms)
        self.step += 1

    def finish_epoch(self) -> Metrics:
        """Validate, and remember the model if it is the best so far.

        Returns:
            What was added to the history for the training and, as `val_...`, for the validation.

        Raises:
            TrainingError: A loss is not finite.
        """
        weight = self.kl_weight
        self.epoch += 1
        trained = _means(self._sums, self.steps_per_epoch)
        trained |= {"epoch": float(self.epoch), "kl_weight": weight, "lr": self._last_rate()}
        self._check_finite(trained)
        self.history["train"].append(trained)
        validated = self.validate() if len(self.validation) else {}
        if validated:
            self._check_finite(validated)
            self.history["val"].append({**validated, "epoch": float(self.epoch)})
        judged = validated.get("loss", trained["loss"])
        # The loss on what was learnt from grows with the weight of the KL term, and would prefer
        # what was learnt by heart: without a validation the last model is the best.
        if judged < self.best_loss or not validated:
            self.best_epoch, self.best_loss = self.epoch, judged
            self._best = copy.deepcopy(self.checkpoint())
        return trained | {f"val_{name}": value for name, value in validated.items()}

    @torch.inference_mode()
    def validate(self) -> Metrics:
        """Measure the model on the validation set, at the full weight of the KL term.

        Thus losses can be compared throughout the warm-up.
        """
        self.model.eval()
        sums = torch.zeros(len(_SUMS) + 1, dtype=torch.float64, device=self.device)
        for chunks in self.validation.batches(self.settings.batch_size):
            batch = self._normalized(chunks)
            mu, logvar = self.model.encode(batch)
            found = self.model.decode(mu)
            terms = self.loss.terms(found, batch, mu, logvar.clamp(*LOG_VARIANCE))
            loss = self.loss.total(terms, self.settings.kl_weight_max)
            answer = self.transform.denormalize(found, self.statistics)[:, 0]
            distance = log_mel_distance_db(answer, chunks[:, 0].to(self.device)).sum()
            sums[:-1] += _summed(loss, terms) * len(chunks)
            sums[-1] += distance
        self.model.train()
        metrics = _means(sums[:-1], len(self.validation))
        return {**metrics, "log_mel_db": float(sums[-1]) / len(self.validation)}

    def checkpoint(self) -> dict[str, Any]:
        """Return what a checkpoint holds; the tensors are the training's own."""
        last = {name: entries[-1] if entries else {} for name, entries in self.history.items()}
        return {
            "model_state_dict": self.model.state_dict(),
            "optimizer_state_dict": self.optimizer.state_dict(),
            "scheduler_state_dict": self.scheduler.state_dict(),
            "epoch": self.epoch,
            "train_loss": last["train"].get("loss", math.inf),
            "val_loss": last["val"].get("loss", math.inf),
            "kl_weight": float(self.kl_weight),
            "training_config": self.settings.to_training_config(),
            "spectrogram_config": SpectrogramConfig().to_dict(),
            "metrics_history": self.history,
            "latent_analysis": None,
            "normalization_stats": dict(self.statistics),
            STATE: {
                "version": STATE_VERSION,
                "settings": self.settings.to_dict(),
                "step": self.step,
                "order": self._order,
                "sums": self._sums,
                "generator": self.generator.get_state(),
                "torch_generator": torch.get_rng_state(),
                "cuda_generator": torch.cuda.get_rng_state(self.device)
                if self.device.type == "cuda"
                else None,
                "best_epoch": self.best_epoch,
                "best_loss": self.best_loss,
            },
        }

    def take_best(self) -> dict[str, Any] | None:
        """Return the best model's checkpoint if it has changed since it was last taken."""
        best, self._best = self._best, None
        return best

    def forget_best(self) -> None:
        """Take the model as it is for the best so far: the better one was lost."""
        self.best_epoch, self.best_loss = self.epoch, math.inf
        self._best = copy.deepcopy(self.checkpoint())

    def restore(self, content: dict[str, Any], *, document: str) -> None:
        """Go on from a checkpoint of the same settings and recordings.

        Raises:
            ModelFileError: It does not fit, or is damaged.
        """
        try:
            state = content[STATE]
            self.model.load_state_dict(content["model_state_dict"])
            self.optimizer.load_state_dict(content["optimizer_state_dict"])
            self.scheduler.load_state_dict(content["scheduler_state_dict"])
            self.epoch, self.step = content["epoch"], state["step"]
            self.history = {
                name: list(content["metrics_history"][name]) for name in ("train", "val")
            }
            self.best_epoch, self.best_loss = state["best_epoch"], state["best_loss"]
            self._order = state["order"]
            self._sums = state["sums"].to(self.device)
            self.generator.set_state(state["generator"])
            torch.set_rng_state(state["torch_generator"])
            if self.device.type == "cuda" and state["cuda_generator"] is not None:
                torch.cuda.set_rng_state(state["cuda_generator"], self.device)
        except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as reason:
            line = next(iter(str(reason).splitlines()), "")[:100]
            raise ModelFileError(f"{document} cannot be gone on from: {line}") from None

    def _start_epoch(self) -> None:
        copies = len(self.training) * self.settings.chunk_copies
        self._order = torch.randperm(copies, generator=self.generator)
        self._sums.zero_()

    def _fetch(self, indices: torch.Tensor) -> torch.Tensor:
        """Return normalised chunks; indices beyond the training set mean altered ones."""
        chunks = self.training.batch(indices % len(self.training))
        if self.settings.augmentation_expansion:
            chunks = augment(chunks, indices >= len(self.training), self.generator)
        return self._normalized(chunks)

    def _normalized(self, chunks: torch.Tensor) -> torch.Tensor:
        return self.transform.normalize(chunks.to(self.device), self.statistics)

    def _last_rate(self) -> float:
        return float(self.scheduler.get_last_lr()[0])

    def _check_finite(self, metrics: Metrics) -> None:
        for name, value in metrics.items():
            if not math.isfinite(value):
                raise TrainingError(
                    f"the {name} is not finite in epoch {self.epoch}: "
                    "start again with a lower learning rate"
                )


def new_model(settings: TrainingSettings) -> ConvVAE:
    """Return a model of random weights."""
    channels = settings.channels
    return ConvVAE(
        settings.latent_dim,
        settings.dropout,
        decoder_channels=channels[::-1],
        encoder_channels=channels,
    )


def _summed(loss: torch.Tensor, terms: LossTerms) -> torch.Tensor:
    parts = (loss, terms.magnitude, terms.frequency, terms.kl)
    return torch.stack([part.detach().double() for part in parts])


def _means(sums: torch.Tensor, count: int) -> Metrics:
    return dict(zip(_SUMS, (sums / count).tolist(), strict=True))
