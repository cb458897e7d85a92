"""P6: rank real networks of families that no model saw (timm, trained on ImageNet-1k alone).

    python -m train.protocols.p6_real_networks

Five folds over model families. "Zero-shot" has seen no real network at all. LightGBM and a Gaussian process on features
are what ships for such tasks, beside the neural members. The graph network is trained on the other families and all
search spaces, for hours: for `--neural-seeds` of the seeds alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import typer

from archlm.members.feature_model import FeatureModel
from archlm.training.quality_training import ask
from encoders.task_descriptor import describe
from onnx_bench.arrays import Floats
from onnx_bench.tasks import get_task
from train.common import kendall, spearman, write_results
from train.fit import fit_head, whole
from train.neural import graph_space, task_scales
from train.records import LABELS, SPACE_TASK, Labelled, load
from train.transfer import family_folds, model_without_families

FEATURES = "LightGBM and Gaussian process on features"
TREE_WEIGHT = 1.0
"""Of the rank trees beside the prior, where no real network was seen."""


def graph_scores(real: Labelled, others: list[Labelled], seed: int, fold: int) -> Floats:
    """Scores of the real networks of a fold by a graph network that has seen all others. Shapes: [H]."""
    model = model_without_families(others, real, fold, seed)
    everything = whole([real])
    asked = graph_space(real, everything[real.space], task_scales([real], everything))
    score, _ = ask(model, asked, tasks=describe(get_task(SPACE_TASK[real.space]))[None])
    return score[real.known.place[family_folds(real, seed)[fold]], 0]


def _row(score: str, seed: int, fold: int, values: Floats, unseen: Labelled) -> dict[str, Any]:
    return {
        "score": score, "seed": seed, "fold": fold, "n": len(unseen), "families": len(np.unique(unseen.groups)),
        "tau": kendall(values, unseen.values), "rho": spearman(values, unseen.values),
    }  # fmt: skip


def main(data: str | None = None, seeds: int = 5, neural_seeds: int = 1) -> None:
    """Run the protocol and write train/results/p6_real_networks.csv."""
    spaces = {name: load(name, data=data) for name in LABELS}
    real = spaces.pop("timm")
    others = list(spaces.values())
    zero_shot = fit_head(others, TREE_WEIGHT).score(real.features)
    rows: list[dict[str, Any]] = []
    for seed in range(seeds):
        for fold, test in enumerate(family_folds(real, seed)):
            seen, unseen = real.take(~test), real.take(test)
            model = FeatureModel.fit(seen.features, seen.values, seed=seed)
            scores = {
                "effective parameters": unseen.params, "MACs": unseen.macs, "zero-shot prior + trees": zero_shot[test],
                "LightGBM on features": model.trees.score(unseen.features), FEATURES: model.score(unseen.features),
            }  # fmt: skip
            if seed < neural_seeds:
                scores["graph network"] = graph_scores(real, others, seed, fold)
            rows += [_row(score, seed, fold, values, unseen) for score, values in scores.items()]
        print(f"seed {seed} done", flush=True)
    table = pd.DataFrame(rows)
    print(table.groupby("score", sort=False)[["tau", "rho"]].agg(["mean", "std"]).to_string(float_format="%.3f"))
    write_results("p6_real_networks", rows)


if __name__ == "__main__":
    typer.run(main)
