"""P2: rank the networks of a space from all other spaces.

    python -m train.protocols.p2_leave_one_space_out

The weight of the bag is chosen by leaving out each of the remaining spaces in turn; the tested space has no part in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import typer
from numpy.typing import NDArray

from archlm.members.cross_domain import CrossDomainHead
from archlm.members.task_model import TaskModel
from train.common import kendall, spearman, write_results
from train.fit import choose_bag_weight, fit_head, head_rows
from train.records import SPACE_TASK, Labelled, load

Floats = NDArray[np.float64]


def unconstrained(spaces: Sequence[Labelled], seed: int) -> TaskModel:
    """The baseline: LightGBM on every feature, ranks within each space as target, spaces counting the same."""
    rows = [head_rows(space, seed) for space in spaces]
    weights = np.concatenate([np.full(len(x), 1 / len(x)) for x, _ in rows])
    x, y = (np.concatenate(part) for part in zip(*rows, strict=True))
    return TaskModel.fit(x, y, weights * len(weights) / weights.sum(), seed=seed)


def main(data: str | None = None, seeds: int = 3) -> None:
    """Run the protocol and write train/results/p2_leave_one_space_out.csv."""
    spaces = {name: load(name, data=data) for name in SPACE_TASK}
    rows: list[dict[str, Any]] = []
    for seed in range(seeds):

        @cache
        def head_without(absent: frozenset[str], seed: int = seed) -> CrossDomainHead:
            return fit_head([s for name, s in spaces.items() if name not in absent], 1.0, seed)

        for name, target in spaces.items():
            others = [o for o in spaces if o != name]
            weight = choose_bag_weight([(head_without(frozenset({name, o})), spaces[o]) for o in others])
            head = replace(head_without(frozenset({name})), bag_weight=weight)
            scores = {
                "effective parameters": target.params, "MACs": target.macs,
                "training-free prior": head.prior.score(target.features),
                "monotone bag": head.bag.score(target.features),
                "prior + bag": head.score(target.features),
                "LightGBM on features": unconstrained([spaces[o] for o in others], seed).score(target.features),
            }  # fmt: skip
            rows += [
                {"left_out": name, "task": SPACE_TASK[name], "seed": seed, "score": score, "n": len(target),
                 "distinct": len(np.unique(target.fingerprints)),
                 "bag_weight": weight if score == "prior + bag" else None,
                 "rho": spearman(values, target.values), "tau": kendall(values, target.values)}
                for score, values in scores.items()
            ]  # fmt: skip
            print(f"seed {seed}: {name} done, bag weight {weight}", flush=True)
    table = pd.DataFrame(rows)
    summary = table.pivot_table(index="score", columns="left_out", values="rho", sort=False)
    print(summary.assign(mean=summary.mean(axis=1)).to_string(float_format="%.3f"))
    write_results("p2_leave_one_space_out", rows)


if __name__ == "__main__":
    typer.run(main)
