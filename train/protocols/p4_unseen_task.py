"""P4 without labels: rank the networks of TransNAS-Bench-101 on a task that was left out of pretraining.

    python -m train.protocols.p4_unseen_task

The graph network is asked by the description of the task alone. Beside it stand sizes, the training-free prior, and the
mean of what LightGBM predicts on the six other tasks: what one would do without a description.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import typer

from archlm.members.prior import TrainingFreePrior
from archlm.members.task_model import TaskModel
from archlm.training.quality_training import ask
from encoders.task_descriptor import describe
from onnx_bench.arrays import Floats
from onnx_bench.tasks import get_task
from train.common import kendall, spearman, write_results
from train.neural import graph_space, rows_of, task_scales
from train.records import Labelled, load
from train.transfer import TRANSNAS_SPACES, model_without_task, without_task


def other_tasks_score(space: Labelled, seed: int) -> Floats:
    """Mean normal score that LightGBM gives on the tasks of `space`. Shapes: [G]."""
    x = space.features[space.known.rows]
    return np.mean([TaskModel.fit(x, values, seed=seed).score(x) for values in space.known.targets.values()], axis=0)


def main(data: str | None = None, seeds: int = 1) -> None:
    """Run the protocol and write train/results/p4_unseen_task.csv."""
    spaces = [load(name, data=data) for name in TRANSNAS_SPACES]
    rows: list[dict[str, Any]] = []
    for seed in range(seeds):
        for task in spaces[0].targets:
            rest = [without_task(space, task) for space in spaces]
            everything = rows_of(rest, hold_out=False)
            model = model_without_task(spaces, task, seed)
            for space, other in zip(spaces, rest, strict=True):
                some, values = space.known, space.known.targets[task]
                asked = graph_space(other, everything[space.space], task_scales([other], everything))
                features = space.features[some.rows]
                scores = {
                    "effective parameters": space.params[some.rows], "MACs": space.macs[some.rows],
                    "training-free prior": TrainingFreePrior.fit([features]).score(features),
                    "mean of the other tasks": other_tasks_score(other, seed),
                    "graph network, by description": ask(model, asked, tasks=describe(get_task(task))[None])[0][:, 0],
                }  # fmt: skip
                rows += [
                    {"task": task, "space": space.space, "seed": seed, "score": score, "n": len(values),
                     "rho": spearman(found, values), "tau": kendall(found, values)}
                    for score, found in scores.items()
                ]  # fmt: skip
            print(f"seed {seed}: {task} done", flush=True)
    table = pd.DataFrame(rows)
    summary = table.pivot_table(index="score", columns=["space", "task"], values="rho", sort=False)
    print(summary.assign(mean=summary.mean(axis=1)).T.to_string(float_format="%.3f"))
    write_results("p4_unseen_task", rows)


if __name__ == "__main__":
    typer.run(main)
