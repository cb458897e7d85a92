"""P2: rank the networks of a space from all other spaces.

    python -m train.protocols.p2_leave_one_space_out

AutoFormer and PiT are one space (vision transformers): both are left out together, and their correlations averaged.
They are judged on CIFAR-100 with distillation, which all of their networks have; the half of them that was trained
without it stands in the table too.

How much the trees add to the prior is chosen by leaving out each of the remaining spaces in turn (`train.fit.earned`;
the rule was made stricter after a first run, in which the best mean over six spaces lost .027 against the prior on the
seventh, so it is not blind). Prior and trees are what answers for strangers in the shipped predictor. The row with the
neural members shows why they do not take part: their weights, earned in the same way, do not carry over. A neural
member that judges another left-out space has been trained on the tested one too (one for every pair of spaces would
take hours), so these two weights are not free of it. The text encoder was pretrained without labels on texts of all
spaces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import typer

from archlm.members.cross_domain import CrossDomainHead
from archlm.members.task_model import TaskModel
from onnx_bench.arrays import Floats
from train.common import kendall, spearman, write_results
from train.fit import TREE_WEIGHTS, earned, fit_head, head_rows
from train.records import LABELS, LEFT_OUT, SPACE_TASK, Labelled, load
from train.transfer import graph_transfer_scores, text_transfer_scores

ALSO = {"autoformer": ("cifar100",), "pit": ("cifar100",)}
NEURAL_WEIGHTS = (0.0, 0.25, 0.5, 1.0)


def unconstrained(spaces: Sequence[Labelled], seed: int) -> TaskModel:
    """The baseline: LightGBM on every feature, ranks within each space as target, spaces counting the same."""
    rows = [head_rows(space, seed) for space in spaces if space.space in SPACE_TASK]
    weights = np.concatenate([np.full(len(x), 1 / len(x)) for x, _ in rows])
    x, y = (np.concatenate(part) for part in zip(*rows, strict=True))
    return TaskModel.fit(x, y, weights * len(weights) / weights.sum(), seed=seed)


def best_weights(
    parts: Mapping[str, Sequence[Floats]], spaces: Mapping[str, Labelled], neural: Sequence[float]
) -> tuple[float, ...]:
    """Weights of trees, graph network and text encoder beside the prior that have earned most on left-out spaces.

    Those of the neural members are chosen from `neural`.
    """

    def rhos(weights: tuple[float, ...]) -> Floats:
        found = []
        for name, (prior, *members) in parts.items():
            known = np.isfinite(spaces[name].values)
            score = prior + sum(w * m for w, m in zip(weights, members, strict=True))
            found.append(spearman(score[known], spaces[name].values[known]))
        return np.array(found)

    grid = list(product(TREE_WEIGHTS, neural, neural))
    prior = rhos(grid[0])
    return max(grid, key=lambda weights: earned(rhos(weights) - prior))


def main(data: str | None = None, seeds: int = 1) -> None:
    """Run the protocol and write train/results/p2_leave_one_space_out.csv."""
    spaces = {name: load(name, data=data) for name in LABELS}
    rows: list[dict[str, Any]] = []
    for seed in range(seeds):

        @cache
        def head_without(absent: frozenset[str], seed: int = seed) -> CrossDomainHead:
            return fit_head([s for name, s in spaces.items() if name not in absent], 1.0, seed)

        graph = {o: graph_transfer_scores(spaces, members, seed) for o, members in LEFT_OUT.items()}
        text = {o: text_transfer_scores(spaces, members) for o, members in LEFT_OUT.items()}

        def parts(
            target: str, other: str, graph: dict[str, Any] = graph, text: dict[str, Any] = text
        ) -> dict[str, list[Floats]]:
            """For the spaces of `other` the scores of prior, trees, graph network and text encoder, without both."""
            head = head_without(frozenset(LEFT_OUT[target]) | frozenset(LEFT_OUT[other]))
            return {
                name: [
                    head.prior.score(spaces[name].features), head.trees.score(spaces[name].features),
                    graph[other][name], text[other][name],
                ]
                for name in LEFT_OUT[other]
            }  # fmt: skip

        for target, members in LEFT_OUT.items():
            others = [o for o in LEFT_OUT if o != target]
            judged = {n: p for o in others for n, p in parts(target, o).items()}
            alone, weights = (best_weights(judged, spaces, neural) for neural in ((0.0,), NEURAL_WEIGHTS))
            baseline = unconstrained([s for name, s in spaces.items() if name not in members], seed)
            for name, (prior, trees, *neural) in parts(target, target).items():
                space = spaces[name]
                neural_too = prior + sum(w * m for w, m in zip(weights, [trees, *neural], strict=True))
                scores = {
                    "effective parameters": space.params, "MACs": space.macs, "training-free prior": prior,
                    "rank trees": trees, "graph network": neural[0], "text encoder": neural[1],
                    "prior + trees": prior + alone[0] * trees,
                    "prior + trees + neural members": neural_too,
                    "LightGBM on features": baseline.score(space.features),
                }  # fmt: skip
                used = {"prior + trees": alone, "prior + trees + neural members": weights}
                for task in (SPACE_TASK[name], *ALSO.get(name, ())):
                    known = np.isfinite(space.targets[task])
                    rows += [
                        {"left_out": target, "space": name, "task": task, "seed": seed, "score": score,
                         "n": int(known.sum()), "distinct": len(np.unique(space.fingerprints[known])),
                         "weights": "/".join(map(str, used[score])) if score in used else None,
                         "rho": spearman(values[known], space.targets[task][known]),
                         "tau": kendall(values[known], space.targets[task][known])}
                        for score, values in scores.items()
                    ]  # fmt: skip
            print(f"seed {seed}: {target} done, trees {alone[0]}, with neural members {weights}", flush=True)
    print(summary(pd.DataFrame(rows)).to_string(float_format="%.3f"))
    write_results("p2_leave_one_space_out", rows)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Mean rho by score and left-out space, and over the spaces."""
    main_task = table[table.task == table.space.map(SPACE_TASK)]
    wide = main_task.pivot_table(index="score", columns="left_out", values="rho", sort=False)
    return wide.assign(mean=wide.mean(axis=1))


if __name__ == "__main__":
    typer.run(main)
