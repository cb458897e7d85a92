"""P3: a few labels inside one space that pretraining has not seen.

    python -m train.protocols.p3_few_labels

The predictor is fine-tuned as a user would do it (`archlm.finetuning`), from graph networks trained on the other
spaces; labels are drawn among distinct networks, and all others are the test. Beside it stand sizes, the training-free
prior, LightGBM on features from the same labels, and the published rows (`PUBLISHED`), whose labels are means of three
runs where those of NAS-Bench-101 here are single runs: the ceiling that this noise allows is printed. For TransNAS
micro, whose labels are single runs too, it comes from isomorphic cells that were trained apart.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import torch
import typer

from onnx_bench.arrays import Floats
from train.common import kendall, write_results
from train.few_labels import few_label_rows, start_without_space
from train.records import LABELS, SPACE_TASK, TRANSNAS, Labelled, data_folder, load

LABEL_COUNTS = {
    "nasbench201": (78, 156, 469, 781, 1563), "nasbench101": (100, 172, 424, 4236),
    "transnas_micro": (16, 32, 128, 512),
}  # fmt: skip
PUBLISHED = {
    ("nasbench101", 100): ("NN-Former", 0.709), ("nasbench101", 172): ("NN-Former", 0.765),
    ("nasbench101", 424): ("NN-Former", 0.809), ("nasbench101", 4236): ("NN-Former", 0.877),
    ("nasbench201", 78): ("PINAT", 0.549), ("nasbench201", 156): ("NN-Former", 0.804),
    ("nasbench201", 469): ("PINAT", 0.706), ("nasbench201", 781): ("PINAT", 0.761),
    ("nasbench201", 1563): ("NN-Former", 0.890), ("transnas_micro", 16): ("FLAN", 0.465),
    ("transnas_micro", 32): ("FLAN", 0.621), ("transnas_micro", 128): ("FLAN", 0.719),
    ("transnas_micro", 512): ("FLAN", 0.751),
}  # fmt: skip
SINGLE_RUNS = ("nasbench101", "transnas_micro")
"""Spaces whose labels are of one run each."""
_CEILING_ROWS = 3000
_MEDIAN_APART = 0.954
"""Median distance of two normal numbers, in deviations of one of them."""
PARTS = ("space", "labels")
"""Columns by which parts of the table are told apart; each is written as soon as it is done."""
FEW_DRAWS = 500
"""Labels up to which all draws are made; above, each is slow and little depends on it."""


def noise_ceiling(values: Floats, deviation: float, seed: int = 0) -> float:
    """Tau of a perfect ranking against values of a single run each, noise being normal. Shapes: [B]."""
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(values)[:_CEILING_ROWS]
    return kendall(chosen, chosen + rng.normal(0, deviation, len(chosen)))


def main(
    data: str | None = None, space: list[str] | None = None, labels: list[int] | None = None, draws: int = 5,
    seed: int = 0, threads: int = 1, networks: bool = True,
) -> None:  # fmt: skip
    """Run the protocol and write train/results/p3_few_labels.csv, each number of labels as soon as it is done.

    `--space` and `--labels` choose a part (`--labels 0`: the ceilings alone); what was written about others stays.
    `--no-networks` leaves out the graph networks, whose training takes minutes.
    """
    chosen = space or list(LABEL_COUNTS)
    torch.set_num_threads(threads)
    spaces = {name: load(name, data=data) for name in LABELS}
    for name in chosen:
        counts = [count for count in LABEL_COUNTS[name] if labels is None or count in labels]
        if not counts:
            continue
        start = start_without_space(spaces, name, seed)
        tasks = [f"transnas/{task}" for task in TRANSNAS] if name.startswith("transnas") else [SPACE_TASK[name]]
        for count in counts:
            rows: list[dict[str, Any]] = []
            for task in tasks:
                for draw in range(draws if count <= FEW_DRAWS and len(tasks) == 1 else min(draws, 2)):
                    rows += few_label_rows(start, task, count, draw, networks=networks, threads=threads)
            tau = pd.DataFrame(rows).groupby("score", sort=False).tau.agg(["mean", "std"])
            print(f"{name}, {count} labels, beside {PUBLISHED[name, count]}\n{tau.to_string(float_format='%.3f')}",
                  flush=True)  # fmt: skip
            who, published = PUBLISHED[name, count]
            task = "mean" if len(tasks) > 1 else tasks[0]
            rows.append({"space": name, "task": task, "labels": count, "score": f"{who} (published)", "tau": published})
            write_results("p3_few_labels", rows, PARTS)
    noise = {name: run_deviations(spaces[name], data) for name in chosen if name in SINGLE_RUNS}
    rows = [ceiling_row(spaces[name], task, sd) for name, found in noise.items() for task, sd in found.items()]
    if rows:
        print(pd.DataFrame(rows).to_string(float_format="%.3f"))
        write_results("p3_few_labels", rows, PARTS)


def run_deviations(space: Labelled, data: str | None = None) -> dict[str, float]:
    """By how much a single run usually deviates, by task, in its unit.

    In NAS-Bench-101 from cells that were trained several times, else from isomorphic cells.
    """
    if space.space == "nasbench101":
        again = pd.read_parquet(data_folder(data) / "nasbench101_retrained.parquet")
        return {"cifar10": float(again.cifar10_test_acc_ep108_std[again.n_runs_ep108 > 1].median())}
    pairs = pd.DataFrame(space.targets).groupby(space.fingerprints).filter(lambda same: len(same) > 1)
    two = pairs.groupby(space.fingerprints[pairs.index]).sample(2, random_state=0)
    apart = (two.iloc[::2].reset_index(drop=True) - two.iloc[1::2].reset_index(drop=True)).abs().median()
    return {str(task): float(value) / _MEDIAN_APART for task, value in apart.items()}


def ceiling_row(space: Labelled, task: str, deviation: float) -> dict[str, Any]:
    """What the noise of single runs leaves of a perfect ranking."""
    values = space.known.targets[task]
    tau = noise_ceiling(values[np.isfinite(values)], deviation)
    base = {"space": space.space, "task": task, "labels": np.nan}
    return base | {"score": f"ceiling (noise {deviation:.3g})", "tau": tau}


if __name__ == "__main__":
    typer.run(main)
