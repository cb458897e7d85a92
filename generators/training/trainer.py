"""Train the denoiser and the noise-aware score with the trainer of transformers: logs, checkpoints, devices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PrinterCallback, Trainer, TrainingArguments

from generators.codes import Codes
from generators.denoiser import Denoiser
from generators.frame import Frame
from generators.scheduler import MarginalScheduler
from generators.score import NoiseAwareScore
from generators.targets import is_quality
from generators.training.losses import (
    denoising_loss,
    draw_noise,
    score_loss,
    score_noise,
    target_groups,
    told_conditions,
)
from generators.training.samples import SpaceDraws, SpaceSample


@dataclass(frozen=True)
class TrainingConfig:
    """How a network is trained.

    Attributes:
        steps: Batches, each of one space.
        batch: Architectures of a batch.
        learning_rate: At its peak; a twentieth of the steps warm up, the rest decays to zero.
        weight_decay: Of AdamW.
        seed: Of batches and noise.
        balanced: For the score: qualities, costs and latencies count as groups, not each of the many targets alike.
    """

    steps: int = 8000
    batch: int = 128
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    seed: int = 0
    balanced: bool = False


class _GeneratorTrainer(Trainer):
    """What both have in common: frames and noise."""

    frames: Mapping[str, Frame]
    scheduler = MarginalScheduler()

    def prepared(self, inputs: dict[str, Any]) -> tuple[str, Codes, Tensor, torch.Generator]:
        generator = torch.Generator().manual_seed(inputs["seed"])
        return inputs["space"], Codes(inputs["nodes"], inputs["edges"]), inputs["values"], generator


class _DenoiserTrainer(_GeneratorTrainer):
    is_quality: Tensor

    def compute_loss(
        self, model: nn.Module, inputs: dict[str, Any], return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Any:  # fmt: skip
        space, clean, values, generator = self.prepared(inputs)
        frame = self.frames[space]
        noisy, signal = draw_noise(clean, frame, self.scheduler, generator, 0.0)
        told = told_conditions(values, self.is_quality, generator)
        nodes, edges = model(noisy, signal, space, told)
        loss = denoising_loss(nodes, edges, clean, frame)
        return (loss, (nodes, edges)) if return_outputs else loss


class _ScoreTrainer(_GeneratorTrainer):
    groups: tuple[Tensor, ...] = ()

    def compute_loss(
        self, model: nn.Module, inputs: dict[str, Any], return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Any:  # fmt: skip
        space, clean, values, generator = self.prepared(inputs)
        noisy, signal = score_noise(clean, self.frames[space], self.scheduler, generator)
        found = model(noisy, signal, space)
        loss = score_loss(found, values, self.groups)
        return (loss, found) if return_outputs else loss


def train_denoiser(
    model: Denoiser, samples: Mapping[str, SpaceSample], config: TrainingConfig, folder: Path, *, quiet: bool = False
) -> None:  # fmt: skip
    """Train in place; a run that was interrupted goes on from the last checkpoint in `folder`."""
    trainer = _DenoiserTrainer(model, _arguments(config, folder, quiet), data_collator=_only,
                               train_dataset=_draws(samples, config))  # fmt: skip
    trainer.frames = {space: model.frame(space) for space in samples}
    trainer.is_quality = torch.tensor([is_quality(target) for target in model.targets])
    _run(trainer, model, folder)


def train_score(
    model: NoiseAwareScore, samples: Mapping[str, SpaceSample], frames: Mapping[str, Frame], config: TrainingConfig,
    folder: Path, *, quiet: bool = False, save: bool = True,
) -> None:  # fmt: skip
    """Train in place; a run that was interrupted goes on from the last checkpoint in `folder`, unless it saves none."""
    trainer = _ScoreTrainer(model, _arguments(config, folder, quiet, save), data_collator=_only,
                            train_dataset=_draws(samples, config))  # fmt: skip
    trainer.frames = frames
    if config.balanced:
        trainer.groups = target_groups(model.targets)
    _run(trainer, model, folder)


def _draws(samples: Mapping[str, SpaceSample], config: TrainingConfig) -> SpaceDraws:
    return SpaceDraws(samples, config.steps, config.batch, config.seed)


def _arguments(config: TrainingConfig, folder: Path, quiet: bool, save: bool = True) -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(folder), max_steps=config.steps, per_device_train_batch_size=1,
        learning_rate=config.learning_rate, weight_decay=config.weight_decay, warmup_steps=config.steps // 20,
        lr_scheduler_type="cosine", max_grad_norm=1.0, seed=config.seed, save_steps=1000, save_total_limit=1,
        save_strategy="steps" if save else "no", logging_strategy="no" if quiet else "steps", logging_steps=100,
        report_to=[], disable_tqdm=quiet, remove_unused_columns=False, dataloader_pin_memory=False,
        use_cpu=not torch.cuda.is_available(),
    )  # fmt: skip


def _run(trainer: Trainer, model: nn.Module, folder: Path) -> None:
    trainer.remove_callback(PrinterCallback)  # it stands in for the progress bar where that is off, on stdout
    trainer.train(resume_from_checkpoint=any(folder.glob("checkpoint-*")) or None)
    model.eval()


def _only(batch: list[dict[str, Any]]) -> dict[str, Any]:
    """The one item of a batch: it is a batch of graphs already."""
    return batch[0]
