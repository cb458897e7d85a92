"""Teach the guidance of the generator what a predictor says of a task: a fine-tuned one, or one new to a space."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np

from archlm.generation.oracle import Oracle
from generators.pipeline import ArchitecturePipeline
from generators.taught_score import TaughtScore
from generators.training.prepare import prepare
from generators.training.teach import TEACHING, teach
from onnx_bench import spaces
from onnx_bench.tasks import get_task

SAMPLE = 1000
"""Architectures of the space that the predictor is asked about."""
TEACHING_STEPS = TEACHING.steps
"""Batches that the score is taught with."""
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


def taught_score(pipeline: ArchitecturePipeline, oracle: Oracle) -> TaughtScore:
    """A score whose last target is the task of the oracle, as its predictor sees it."""
    archs = draw(oracle.space, SAMPLE)
    answers = oracle.answers(archs)
    sign = 1 if get_task(oracle.task).direction == "max" else -1
    values = sign * np.array([answer["mean"] for answer in answers])
    ties = np.array([answer["score"] for answer in answers])
    part = prepare(
        pipeline.denoiser.vocabulary, oracle.space, archs, {oracle.task: values}, [oracle.task], ties, [oracle.task]
    )
    frame = pipeline.denoiser.frame(oracle.space)
    config = replace(TEACHING, steps=TEACHING_STEPS)
    return teach(pipeline.score, oracle.space, frame, part.sample, oracle.task, config)
