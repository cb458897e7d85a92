"""Teach the guidance of the generator what a predictor says of tasks: fine-tuned ones, or ones new to a space."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from archlm.generation.oracle import Oracle
from archlm.generation.wanted import Wanted
from generators.pipeline import ArchitecturePipeline
from generators.targets import LinearScale
from generators.taught_score import TaughtScore
from generators.training.prepare import prepare
from generators.training.teach import TEACHING, teach
from onnx_bench import spaces

SAMPLE = 1000
"""Architectures of the space that the predictor is asked about."""
TEACHING_STEPS = TEACHING.steps
"""Batches that the score is taught with."""
LIMITS_SAMPLE, LIMITS_STEPS = 300, 200
"""The same where no task is taught: limits are kept to on the network itself; the score says which way lies less."""
_MOST_DRAWS = 20
"""Draws for each wanted architecture, before a space counts as exhausted."""


def draw(space: str, count: int, seed: int = 0) -> list[str]:
    """Distinct random architectures of a space, fewer where it has no more."""
    found, rng = spaces.get(space), random.Random(seed)
    drawn: dict[str, None] = {}
    for _ in range(_MOST_DRAWS * count):
        if len(drawn) == count:
            break
        drawn[found.sample(rng)] = None
    return list(drawn)


def taught_score(
    pipeline: ArchitecturePipeline, oracle: Oracle, wanted: Sequence[Wanted] = (), *, with_task: bool = True
) -> TaughtScore:
    """A score whose last targets are the task of the oracle and what is wanted beside it, as its predictor sees them.

    Args:
        pipeline: Its score is taught.
        oracle: Asked about a sample of its space.
        wanted: All that the score does not know; what is counted by the oracle.
        with_task: Whether the task is one of them.
    """
    count, steps = (SAMPLE, TEACHING_STEPS) if with_task else (LIMITS_SAMPLE, LIMITS_STEPS)
    archs = draw(oracle.space, count)
    columns: dict[str, NDArray[np.float64]] = {}
    scales: dict[str, LinearScale] = {}
    ties = None
    for one in wanted:
        columns[one.target] = np.array(oracle.counts(archs, one.name))
        scales[one.target] = LinearScale.of(columns[one.target], turned=one.high)
    if with_task:
        columns[oracle.task] = np.array(oracle.quality(archs))
        if oracle.task not in oracle.predictor.finetuned:
            ties = np.array([answer["score"] for answer in oracle.answers(archs)])  # they were asked just now
    task = oracle.task if with_task else None
    targets = [*([] if task is None else [task]), *scales]
    part = prepare(
        pipeline.denoiser.vocabulary, oracle.space, archs, columns, targets, ties, [oracle.task], scales
    )
    frame = pipeline.denoiser.frame(oracle.space)
    config = replace(TEACHING, steps=steps)
    return teach(pipeline.score, oracle.space, frame, part.sample, task, config, scales)
