"""P6: rank real networks of families that no model saw (timm, trained on ImageNet-1k alone).

    python -m train.protocols.p6_real_networks

Five folds over model families. "Zero-shot" has seen no real network at all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import typer

from archlm.members.task_model import TaskModel
from train.common import group_folds, kendall, spearman, write_results
from train.fit import fit_head
from train.records import SPACE_TASK, load

FOLDS = 5


def main(data: str | None = None, seeds: int = 5) -> None:
    """Run the protocol and write train/results/p6_real_networks.csv."""
    real = load("timm", data=data)
    spaces = [load(name, data=data) for name in SPACE_TASK if name != "timm"]
    zero_shot = fit_head(spaces, 0.5).score(real.features)
    rows: list[dict[str, Any]] = []
    for seed in range(seeds):
        for fold, test in enumerate(group_folds(real.groups, FOLDS, seed)):
            seen, unseen = real.take(~test), real.take(test)
            scores = {
                "effective parameters": unseen.params, "MACs": unseen.macs,
                "zero-shot prior + bag": zero_shot[test],
                "LightGBM on features": TaskModel.fit(seen.features, seen.values, seed=seed).score(unseen.features),
            }  # fmt: skip
            if seed == 0:  # the bag is slow to train and its seeds agree
                scores["prior + bag, all spaces"] = fit_head([*spaces, seen], 0.5).score(unseen.features)
            rows += [
                {"score": score, "seed": seed, "fold": fold, "n": len(unseen),
                 "families": len(np.unique(unseen.groups)),
                 "tau": kendall(values, unseen.values), "rho": spearman(values, unseen.values)}
                for score, values in scores.items()
            ]  # fmt: skip
        print(f"seed {seed} done", flush=True)
    table = pd.DataFrame(rows)
    print(table.groupby("score", sort=False)[["tau", "rho"]].agg(["mean", "std"]).to_string(float_format="%.3f"))
    write_results("p6_real_networks", rows)


if __name__ == "__main__":
    typer.run(main)
