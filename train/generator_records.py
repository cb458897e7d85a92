"""What the generator learns from: architectures drawn from every space, with what the shipped predictor says of them.

    python -m train.generator_records [--space nasbench201 ...]

Written to `runs/generator/<space>.parquet`, a space at a time; spaces that are there already are left alone.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich.progress import track

from archlm.predictor import Predictor
from generators.costs import costs
from onnx_bench import spaces
from onnx_bench.tasks.latency import PREFIX as LATENCY
from train.records import ROOT

FOLDER = ROOT / "runs" / "generator"

COUNTS = {
    "nasbench201": 6000, "nasbench101": 6000, "transnas_micro": 4096, "mnasnet": 5000, "transnas_macro": 3256,
    "darts": 4000, "einspace": 4000, "nats_size": 3000, "ofa_mbv3": 4000, "ofa_proxyless": 3000, "ofa_resnet50": 3000,
    "fbnet": 3000, "autoformer": 3000, "pit": 4320, "bert": 2664, "nasbench_graph": 4000,
}  # fmt: skip
"""Architectures of each space; a space that is not much larger is taken whole."""


def draw(space: str, count: int, seed: int = 0) -> list[str]:
    """Distinct architectures: all of a space that has no more, else a uniform sample."""
    found = spaces.get(space)
    size = found.size()
    if size is not None and size <= count:
        return list(found.architectures())
    rng = random.Random(seed)
    drawn: dict[str, None] = {}
    while len(drawn) < count:
        drawn[found.sample(rng)] = None
    return list(drawn)


def tasks_of(predictor: Predictor, space: str) -> list[str]:
    """Tasks measured in the space, else those it has heads for."""
    weights = predictor.weights
    measured = [task for task in weights.tasks if space in weights.task(task).spaces]
    return measured or [task for task in spaces.get(space).tasks if task in weights.tasks]


def ask(predictor: Predictor, space: str, archs: Sequence[str]) -> pd.DataFrame:
    """Costs and predictions of architectures: a column for each quantity, a row for each architecture."""
    tasks = tasks_of(predictor, space)
    devices = [task for task in predictor.tasks if task.startswith(LATENCY)]
    found = spaces.get(space)
    graphs = (found.build(arch).normalise() for arch in archs)
    rows: list[dict[str, Any]] = []
    kept: list[dict[str, Any]] = []

    def remember() -> Any:
        for graph in graphs:
            kept.append(costs(graph))
            yield graph

    asked = [*tasks, *devices]
    answers = predictor.answers(remember(), asked)
    for arch in track(archs, space):
        answered = list(islice(answers, len(asked)))
        row: dict[str, Any] = {"arch": arch, "score": answered[0]["score"]}
        row |= {answer["task"]: answer["mean"] for answer in answered}
        row["familiar"] = answered[0]["in_distribution"]
        rows.append(row)
    return pd.concat([pd.DataFrame(rows), pd.DataFrame(kept)], axis=1)


def records_file(space: str) -> Path:
    """Where the records of a space are."""
    return FOLDER / f"{space}.parquet"


def records(space: str) -> pd.DataFrame:
    """The records of a space, made where they are not there yet (minutes)."""
    file = records_file(space)
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        table = ask(Predictor.from_pretrained(), space, draw(space, COUNTS[space]))
        table.to_parquet(file.with_suffix(".part"))
        file.with_suffix(".part").rename(file)
    return pd.read_parquet(file)


def main(space: Annotated[list[str] | None, typer.Option(help="These spaces alone.")] = None) -> None:
    """Write what is not there yet."""
    for name in space or COUNTS:
        records(name)


if __name__ == "__main__":
    typer.run(main)
