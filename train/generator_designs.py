"""What the generator itself designs within random budgets, with what the shipped predictor says of it.

A score that has seen random architectures alone is wrong elsewhere, and there it is guided to: random networks of FBNet
skip two layers of 22, and those that skip most were expected to be the best of the cheap ones. Written to
`runs/generator/<space>-designs.parquet`, a space at a time; spaces that are there already are left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from archlm.predictor import Predictor
from generators.codes import Codes
from generators.guidance import ScoreObjective
from generators.layouts import get_layout
from generators.pipeline import ArchitecturePipeline
from generators.polish import Polisher
from generators.targets import is_quality
from train.generator_records import ask, records_file

PASSES, BATCH = 32, 16
_LIMITED = ("params", "macs")
_BOUNDS = (-2.0, 1.0)
"""Deviations from the mean cost of random architectures between which budgets lie."""
_GUIDANCE = (4.0, 16.0)
_MOST_ROUNDS = 4


def design(pipeline: ArchitecturePipeline, space: str, seed: int = 0) -> list[str]:
    """Distinct architectures of `PASSES` passes, each for a random quality of the space within a random budget."""
    return list(dict.fromkeys(arch for number in range(PASSES) for arch in _passed(pipeline, space, seed, number)))


def _passed(pipeline: ArchitecturePipeline, space: str, seed: int, number: int) -> Iterator[str]:
    rng, score, layout = np.random.default_rng((seed, number)), pipeline.score, get_layout(space)
    targets = list(score.targets)
    quality = rng.choice([target for target in score.targets_in(space) if is_quality(target)])
    weights = torch.zeros(len(targets))
    weights[targets.index(quality)] = 1.0
    budgets = {targets.index(rng.choice(_LIMITED)): float(rng.uniform(*_BOUNDS))}

    def clean(codes: Codes) -> Tensor:
        return score(codes, torch.ones(len(codes.nodes)), space)

    noise = torch.Generator().manual_seed(int(rng.integers(1 << 62)))
    out = pipeline(
        space, BATCH, objective=ScoreObjective(score, weights, budgets), num_inference_steps=20,
        guidance_scale=float(rng.uniform(*_GUIDANCE)), generator=noise,
    )  # fmt: skip
    polisher = Polisher(layout, pipeline.denoiser.vocabulary, clean, weights, budgets, lambda _: {}, str)
    drawn = [layout.decode(scores) for scores in out.scores]
    yield from polisher.climb(drawn, int(rng.integers(_MOST_ROUNDS + 1)))


def designs_file(space: str) -> Path:
    """Where the designs of a space are."""
    return records_file(space).with_name(f"{space}-designs.parquet")


def designs(pipeline: ArchitecturePipeline, predictor: Predictor, space: str) -> pd.DataFrame:
    """The designs of a space, made where they are not there yet; columns as those of `train.generator_records.ask`."""
    file = designs_file(space)
    if not file.exists():
        ask(predictor, space, design(pipeline, space)).to_parquet(file.with_suffix(".part"))
        file.with_suffix(".part").rename(file)
    return pd.read_parquet(file)
