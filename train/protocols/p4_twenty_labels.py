"""P4 with labels: a task of TransNAS-Bench-101 that pretraining has not seen, and twenty measurements of it.

    python -m train.protocols.p4_twenty_labels

Graph networks, as many as ship, were trained on the six other tasks of both spaces. "Graph network, no labels" is
asked by the description of the task and scaled by a line through the twenty labels (AIO-P's standardisation);
"plain graph network" is trained on NAS-Bench-101 alone and scaled in the same way (AIO-P's baseline); "fine-tuned" is
what a user gets. The published rows of AIO-P are of its own networks and stand beside, not as a bar.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
import typer

from onnx_bench.arrays import Floats
from train.common import write_results
from train.few_labels import few_label_rows, start_without_task
from train.neural import SEEDS
from train.records import Labelled, load
from train.transfer import TRANSNAS_SPACES, graph_transfer_scores, model_without_task

NUM_LABELS = 20
PLAIN = "plain graph network"
AIO_P = {"ProxylessNAS": (0.755, 0.545), "MobileNetV3": (0.597, 0.520), "ResNet50": (0.646, 0.657)}
"""Mean rho and MAE of AIO-P on its own networks."""


def main(data: str | None = None, draws: int = 5, seed: int = 0, threads: int = 1) -> None:
    """Run the protocol and write train/results/p4_twenty_labels.csv."""
    torch.set_num_threads(threads)
    spaces = [load(name, data=data) for name in TRANSNAS_SPACES]
    plain = plain_scores(load("nasbench101", data=data), spaces, seed)
    rows: list[dict[str, Any]] = []
    for task in spaces[0].targets:
        models = [model_without_task(spaces, task, seed + number) for number in range(SEEDS)]
        for space in spaces:
            start = start_without_task(models, spaces, space, task)
            for draw in range(draws):
                rows += few_label_rows(
                    start, task, NUM_LABELS, draw, beside={PLAIN: plain[space.space]}, threads=threads
                )
        mine = pd.DataFrame([row for row in rows if row["task"] == task])
        print(task, mine.groupby(["space", "score"], sort=False)[["rho", "mae"]].mean().round(3).T.to_string(),
              flush=True)  # fmt: skip
    rows += [
        {"space": name, "task": "mean", "labels": NUM_LABELS, "score": "AIO-P (published, its own networks)",
         "rho": rho, "mae": mae}
        for name, (rho, mae) in AIO_P.items()
    ]  # fmt: skip
    write_results("p4_twenty_labels", rows)


def plain_scores(source: Labelled, spaces: Sequence[Labelled], seed: int) -> dict[str, Floats]:
    """What graph networks trained on `source` alone say of the distinct networks of other spaces. [G] each."""
    every, absent = {space.space: space for space in (source, *spaces)}, [space.space for space in spaces]
    told = [graph_transfer_scores(every, absent, seed + number) for number in range(SEEDS)]
    return {space.space: np.mean([one[space.space][space.known.rows] for one in told], axis=0) for space in spaces}


if __name__ == "__main__":
    typer.run(main)
