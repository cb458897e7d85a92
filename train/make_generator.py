"""Train the shipped generator: denoiser and noise-aware score of all spaces, from `train.generator_records`.

    python -m train.make_generator

Goes on where it was interrupted. About an hour and a half on one core.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import torch
import typer

from archlm.generation.generator import SHIPPED
from archlm.predictor import Predictor
from generators.denoiser import Denoiser
from generators.frame import marginals_of
from generators.pipeline import ArchitecturePipeline
from generators.scheduler import MarginalScheduler
from generators.score import NoiseAwareScore
from generators.space_places import as_config, vocabulary_of
from generators.targets import COSTS
from generators.training.prepare import Prepared, prepare
from generators.training.trainer import TrainingConfig, train_denoiser, train_score
from generators.vocabulary import Vocabulary
from onnx_bench.tasks.latency import PREFIX as LATENCY
from train.generator_designs import designs
from train.generator_records import COUNTS, records
from train.records import ROOT

DENOISER = TrainingConfig(steps=8000, batch=128, learning_rate=2e-3)
SCORE = (
    TrainingConfig(steps=16_000, batch=128, learning_rate=2e-3),
    TrainingConfig(steps=12_000, batch=128, learning_rate=1.5e-3, seed=1, balanced=True),
)
"""Two stages: every target alike, then qualities first. The second was added when the many latencies were seen to
leave the qualities behind (rho .88 with the predictor in NAS-Bench-201)."""
CORRECTION = TrainingConfig(steps=6000, batch=128, learning_rate=1e-3, seed=2, balanced=True)
"""Then the score sees what it led to as well, see `train.generator_designs`."""
_NOT_TARGETS = ("arch", "score", "familiar")


def load(spaces: list[str]) -> dict[str, pd.DataFrame]:
    """The records of every space."""
    return {space: records(space) for space in spaces}


def targets_of(tables: dict[str, pd.DataFrame]) -> list[str]:
    """All targets: qualities first, then costs, then latencies."""
    names = dict.fromkeys(name for table in tables.values() for name in table.columns if name not in _NOT_TARGETS)
    latencies = sorted(name for name in names if name.startswith(LATENCY))
    return [*sorted(set(names) - set(latencies) - set(COSTS)), *COSTS, *latencies]


def prepared(
    vocabulary: Vocabulary, tables: dict[str, pd.DataFrame], targets: list[str],
    known: Mapping[str, Prepared] | None = None,
) -> dict[str, Prepared]:  # fmt: skip
    """What the networks are trained on, by space; costs are on the scales of `known`, where that is given."""
    found = {}
    for space, table in tables.items():
        columns = {name: table[name].to_numpy(float) for name in table.columns if name in targets}
        found[space] = prepare(
            vocabulary, space, table["arch"].tolist(), columns, targets, table["score"].to_numpy(),
            scales=known[space].scales if known else None,
        )  # fmt: skip
    return found


def new_denoiser(
    vocabulary: Vocabulary, samples: dict[str, Prepared], targets: list[str], seed: int = 0
) -> Denoiser:  # fmt: skip
    """An untrained denoiser with the marginals of the samples."""
    torch.manual_seed(seed)
    model = Denoiser(as_config(vocabulary), list(samples), targets, width=64, layers=3)
    for space, part in samples.items():
        nodes, edges = marginals_of(vocabulary, space, part.sample.codes.float())
        start, end = model.ranges[space]
        model.marginals[start:end] = nodes
        getattr(model, f"edge_marginals_{space}").copy_(edges)
    return model


def new_score(
    vocabulary: Vocabulary, samples: dict[str, Prepared], targets: list[str], seed: int = 0
) -> NoiseAwareScore:
    """An untrained score with the scales of the samples."""
    torch.manual_seed(seed)
    model = NoiseAwareScore(as_config(vocabulary), list(samples), targets, width=64, layers=4)
    for row, part in enumerate(samples.values()):
        known = ~part.sample.values.isnan().all(dim=0)
        model.centres[row, known], model.spreads[row, known] = 0.0, 1.0
        for name, scale in part.scales.items():
            place = targets.index(name)
            model.centres[row, place], model.spreads[row, place] = scale.centre, scale.spread
    return model


def main(
    out: Annotated[Path, typer.Option(help="Where to write the generator.")] = SHIPPED,
    work: Annotated[Path, typer.Option(help="Checkpoints of the trainings.")] = ROOT / "runs" / "generator_training",
) -> None:
    """Train what is not trained yet, and write the generator."""
    tables = load(list(COUNTS))
    vocabulary, targets = vocabulary_of(list(COUNTS)), targets_of(tables)
    parts = prepared(vocabulary, tables, targets)
    samples = {space: part.sample for space, part in parts.items()}
    denoiser = new_denoiser(vocabulary, parts, targets)
    train_denoiser(denoiser, samples, DENOISER, work / "denoiser")
    score = new_score(vocabulary, parts, targets)
    frames = {space: denoiser.frame(space) for space in samples}
    for stage, config in enumerate(SCORE):
        train_score(score, samples, frames, config, work / f"score-{stage}")
    pipeline, predictor = ArchitecturePipeline(denoiser, score, MarginalScheduler()), Predictor.from_pretrained()
    pipeline.set_progress_bar_config(disable=True)  # type: ignore[no-untyped-call]
    seen = {space: pd.concat([table, designs(pipeline, predictor, space)]) for space, table in tables.items()}
    corrected = {space: part.sample for space, part in prepared(vocabulary, seen, targets, parts).items()}
    train_score(score, corrected, frames, CORRECTION, work / f"score-{len(SCORE)}")
    pipeline.save_pretrained(out)
    for space, part in parts.items():
        typer.echo(f"{space}: {np.shape(part.sample.values)[0]} architectures")


if __name__ == "__main__":
    typer.run(main)
