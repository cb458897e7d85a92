"""Train a `QualityModel` on several spaces and tasks, and ask it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import PrinterCallback, Trainer, TrainingArguments

from archlm.training.batches import BatchConfig, SpaceBatches, TrainingSpace, as_tensors
from archlm.training.losses import ranking_loss, weighted_regression_loss
from encoders.quality_model import QualityModel
from onnx_bench.arrays import Floats


@dataclass(frozen=True)
class QualityTrainingConfig:
    """How a neural member is trained.

    Attributes:
        steps: Batches.
        ranking: Share of the steps that learn to rank within a space and task, before the values are regressed; 1 for
            a model that is meant for spaces it does not see.
        learning_rate: At its peak; a tenth of the steps warm up, the rest decays to zero.
        weight_decay: Of AdamW.
        seed: Of weights and batches.
        batch: Size of a batch.
    """

    steps: int = 16_000
    ranking: float = 0.25
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    seed: int = 0
    batch: BatchConfig = field(default_factory=BatchConfig)


_HOLD = 0.2
"""Weight of the regression while networks are ranked."""


class QualityTrainer(Trainer):
    """The trainer of transformers with the loss of the neural members: it brings logs, checkpoints and devices."""

    ranking = 0.0

    def compute_loss(
        self, model: torch.nn.Module, inputs: dict[str, Any], return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Any:  # fmt: skip
        """Ranking for the first share of the steps, a weighted regression after it.

        Where a regression follows, a little of it holds the scale of the scores while they are ranked.
        """
        targets = inputs.pop("targets")
        scores, embedding = model(**inputs)
        ranked = self.state.global_step < self.ranking * self.state.max_steps
        loss = ranking_loss(scores, targets) if ranked else torch.zeros((), device=scores.device)
        if self.ranking < 1:
            loss = loss + (_HOLD if ranked else 1.0) * weighted_regression_loss(scores, targets)
        return (loss, (scores, embedding)) if return_outputs else loss


def train_quality(
    model: QualityModel, spaces: Sequence[TrainingSpace], config: QualityTrainingConfig, folder: Path, *,
    checkpoints: int = 1000, quiet: bool = False,
) -> None:  # fmt: skip
    """Train `model` in place. A run that was interrupted goes on from the last checkpoint in `folder`.

    Args:
        model: To be trained.
        spaces: What it learns from.
        config: How.
        folder: Of the trainer's checkpoints and logs.
        checkpoints: Steps between two checkpoints.
        quiet: No progress bar, and nothing on stdout, which may be a command's JSON.
    """
    arguments = TrainingArguments(
        output_dir=str(folder), max_steps=config.steps, per_device_train_batch_size=1,
        learning_rate=config.learning_rate, weight_decay=config.weight_decay, warmup_steps=config.steps // 10,
        lr_scheduler_type="cosine", max_grad_norm=1.0, seed=config.seed, save_steps=checkpoints, save_total_limit=1,
        logging_steps=200, report_to=[], disable_tqdm=quiet, remove_unused_columns=False, dataloader_pin_memory=False,
    )  # fmt: skip
    batches = SpaceBatches(spaces, config.steps, config.seed, config.batch)
    trainer = QualityTrainer(model, arguments, data_collator=_only, train_dataset=batches)
    trainer.ranking = config.ranking
    trainer.remove_callback(PrinterCallback)  # it stands in for the progress bar where that is off
    trainer.train(resume_from_checkpoint=any(folder.glob("checkpoint-*")) or None)
    model.eval()


def _only(batch: list[dict[str, Any]]) -> dict[str, Any]:
    """The one item of a batch: it is a batch of networks already."""
    return batch[0]


@torch.no_grad()
def ask(
    model: QualityModel, space: TrainingSpace, rows: NDArray[np.int64] | None = None,
    tasks: NDArray[np.float32] | None = None, batch: int = 256,
) -> tuple[Floats, NDArray[np.float32]]:  # fmt: skip
    """Scores and vectors of networks, in evaluation mode.

    Shapes:
        rows: [B] positions in the space, all if left out.
        tasks: [T, K] descriptors, those of the space if left out.
        returns: [B, T] and [B, D].
    """
    model.eval()
    device = next(model.parameters()).device
    rows = np.arange(len(space.targets)) if rows is None else rows
    described = torch.from_numpy(space.tasks if tasks is None else tasks).to(device)
    scores, vectors = [], []
    for start in range(0, len(rows), batch):
        inputs = as_tensors(space.inputs(rows[start : start + batch]))
        found, vector = model(described, **{name: value.to(device) for name, value in inputs.items()})
        scores.append(found.double().cpu().numpy())
        vectors.append(vector.cpu().numpy())
    return np.concatenate(scores), np.concatenate(vectors)


def loaded(model: QualityModel, state: Mapping[str, Tensor]) -> QualityModel:
    """`model` with stored weights, in evaluation mode."""
    model.load_state_dict(dict(state))
    return model.eval()
