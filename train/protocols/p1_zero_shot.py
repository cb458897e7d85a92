"""P1: rank all 15,625 NAS-Bench-201 cells from NAS-Bench-101 alone.

    python -m train.protocols.p1_zero_shot

Nothing of NAS-Bench-201 is used but the test accuracies that the final correlation needs; every scale is taken from
NAS-Bench-101. With one source space no weight can be tried on a space left out, so the combination adds prior and trees
with equal weights, as the first study did. Not blind: the sum was called the combination after it had been seen (until
then it was the prior alone), and the size of the trees was settled while looking at spaces left out of all others,
NAS-Bench-201 among them (`RankTreesConfig`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import typer

from archlm.members.cross_domain import CrossDomainHead
from archlm.members.task_model import TaskModel
from archlm.members.value_scale import normal_scores
from onnx_bench.arrays import Floats
from train.common import kendall, partial_spearman, spearman, write_results
from train.records import LABELS, Labelled, data_folder, load
from train.transfer import graph_transfer_scores, text_transfer_scores

SOURCES = (200, 1000, 5000, 30001)
SOURCE, TARGET = "nasbench101", "nasbench201"


def tree_scores(source: Labelled, target: Labelled, seed: int) -> Iterator[tuple[str, Floats]]:
    """The scores of the members that read features, trained on `source`."""
    head = CrossDomainHead.fit([(source.features, normal_scores(source.values))], weight=1.0, seed=seed)
    yield "training-free prior", head.prior.score(target.features)
    yield "rank trees", head.trees.score(target.features)
    yield "prior + trees (combination)", head.score(target.features)
    yield "LightGBM on features", TaskModel.fit(source.features, source.values, seed=seed).score(target.features)


def neural_scores(source: Labelled, target: Labelled, seed: int) -> Iterator[tuple[str, Floats]]:
    """The scores of the neural members, trained on all of `source`."""
    spaces = {SOURCE: source, TARGET: target}
    prior = CrossDomainHead.fit([(source.features, normal_scores(source.values))], weight=0.0, seed=seed)
    graph = graph_transfer_scores(spaces, (TARGET,), seed)[TARGET]
    yield "graph network", graph
    yield "prior + graph network", prior.score(target.features) + graph
    if seed == 0:  # a ridge regression has no seed
        text = text_transfer_scores(spaces, (TARGET,))[TARGET]
        yield "text encoder", text
        yield "prior + text encoder", prior.score(target.features) + text


def main(data: str | None = None, seeds: int = 5, neural_seeds: int = 2) -> None:
    """Run the protocol and write train/results/p1_zero_shot.csv."""
    source, target = load(SOURCE, data=data), load(TARGET, data=data)
    recorded = pd.read_parquet(data_folder(data) / LABELS[TARGET][0]).params.to_numpy(float)
    complete = np.char.find(target.archs, "none") < 0
    accuracies = target.values

    def row(name: str, networks: int, seed: int | None, score: Floats) -> dict[str, Any]:
        return {
            "score": name, "source_networks": networks, "seed": seed, "n_all": len(target),
            "rho_all": spearman(score, accuracies), "tau_all": kendall(score, accuracies),
            "partial_rho_given_effective_params": partial_spearman(score, accuracies, target.params),
            "n_without_none": int(complete.sum()), "rho_without_none": spearman(score[complete], accuracies[complete]),
            "tau_without_none": kendall(score[complete], accuracies[complete]),
        }  # fmt: skip

    baselines = {"effective parameters": target.params, "parameters as recorded": recorded, "MACs": target.macs}
    rows = [row(name, 0, None, score) for name, score in baselines.items()]
    for networks in SOURCES:
        for seed in range(seeds):
            some = np.random.default_rng(seed).permutation(len(source))[:networks]
            rows += [row(name, networks, seed, s) for name, s in tree_scores(source.take(some), target, seed)]
    for seed in range(neural_seeds):
        rows += [row(name, len(source), seed, score) for name, score in neural_scores(source, target, seed)]
    table = pd.DataFrame(rows)
    figures = [column for column in table.columns if "rho" in column]
    summary = table.groupby(["score", "source_networks"], sort=False)[figures].agg(["mean", "std"])
    print(summary.to_string(float_format="%.4f"))
    write_results("p1_zero_shot", rows)


if __name__ == "__main__":
    typer.run(main)
