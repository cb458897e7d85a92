"""Teach a score more targets, for one space, in seconds."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import nn

from generators.frame import Frame
from generators.score import NoiseAwareScore
from generators.targets import LinearScale
from generators.taught_score import TaughtScore
from generators.training.samples import SpaceSample
from generators.training.trainer import TrainingConfig, train_score

TEACHING = TrainingConfig(steps=400, batch=128, learning_rate=1e-3)
"""Seconds on a processor."""


def teach(
    base: NoiseAwareScore, space: str, frame: Frame, sample: SpaceSample, target: str | None,
    config: TrainingConfig = TEACHING, scales: Mapping[str, LinearScale] | None = None,
) -> TaughtScore:  # fmt: skip
    """Teach a copy of `base` new targets.

    Args:
        base: Left as it is.
        space: Of the sample.
        frame: Of the space.
        sample: Architectures with the normal scores of the quality, then what the scales are of, on them. Shapes:
            values [B, new targets].
        target: Name of the quality; `None` where there is none.
        config: How.
        scales: Of the other targets.
    """
    tuned = copy.deepcopy(base)
    last = tuned.head[-1]
    assert isinstance(last, nn.Linear)
    torch.manual_seed(config.seed)
    tuned.head[-1] = nn.Linear(last.in_features, sample.values.shape[1])
    with TemporaryDirectory() as folder:
        train_score(tuned, {space: sample}, {space: frame}, config, Path(folder), quiet=True, save=False)
    return TaughtScore(base, tuned, target, scales)
