"""Inside known spaces: every member, the blend and the baselines on the fifth of the fingerprints that none has seen.

    python -m train.protocols.known_spaces

A fifth of the groups of each space (fingerprints; for real networks families) is held out of all members. The weights
of the blend are taken from one half of these networks and judged on the other, and the other way round. Beside the
blend stands how much better it ranks than the best member of all, which is known afterwards alone, with the interval
that resampling the networks gives: where a few dozen are held out, the best of three is mostly luck.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
import typer
from rich.progress import track

from archlm.members.blend import MEMBERS, blend_by_space
from archlm.members.task_model import TaskModel
from onnx_bench.arrays import Floats
from train.common import kendall, spearman, write_results
from train.fit import Calibration, HeldOut, calibrate, neural_scores, task_rows, usual_moments
from train.members import held_out_scores, only, shipping
from train.neural import SEEDS
from train.records import Labelled
from train.zoos import load_all

RESAMPLED = 500
ALLOWED = 0.01
"""Rho that a blend may rank worse than its best member."""


def blended(found: Mapping[str, Calibration], seed: int) -> dict[str, Floats]:
    """Blends of the held-out networks of each task, by weights from the halves that they are not in. Shapes: [H]."""
    scores = {task: np.zeros(len(c.rows.y)) for task, c in found.items()}
    for halves in zip(*(c.halves(seed) for c in found.values()), strict=True):
        usual = usual_moments([c.moments(~half) for c, half in zip(found.values(), halves, strict=True)])
        for (task, c), half in zip(found.items(), halves, strict=True):
            blends = c.fit(~half, usual).blends
            scores[task][half] = blend_by_space(blends, c.scores[half], c.rows.spaces[half])
    return scores


def sizes(spaces: Sequence[Labelled], task: str, unseen: Mapping[str, HeldOut]) -> dict[str, Floats]:
    """The trivial baselines of the rows of `calibrate`."""
    found: dict[str, list[Floats]] = {"effective parameters": [], "MACs": []}
    for space in spaces:
        if task in space.known.targets:
            rows = space.known.rows[unseen[space.space].mask & np.isfinite(space.known.targets[task])]
            found["effective parameters"].append(space.params[rows])
            found["MACs"].append(space.macs[rows])
    return {name: np.concatenate(parts) for name, parts in found.items()}


def lightgbm(spaces: Sequence[Labelled], task: str, unseen: Mapping[str, HeldOut], seed: int) -> Floats:
    """LightGBM alone, on the rows of `calibrate`. Shapes: -> [H]."""
    seen = task_rows(spaces, task, {name: ~held.mask for name, held in unseen.items()})
    rows = task_rows(spaces, task, {name: held.mask for name, held in unseen.items()})
    return TaskModel.fit(seen.x, seen.y, seed=seed).score(rows.x)


def gain_over_best(blend: Floats, members: Floats, y: Floats, seed: int) -> dict[str, float]:
    """What the blend gains in rho over the member that ranks best, and 95 % of what it gains on resampled networks.

    Shapes: [H], [H, M], [H].
    """
    best = members[:, int(np.argmax([spearman(member, y) for member in members.T]))]
    rng = np.random.default_rng(seed)
    gains = []
    for _ in range(RESAMPLED):
        some = rng.integers(0, len(y), len(y))
        gains.append(spearman(blend[some], y[some]) - spearman(best[some], y[some]))
    low, high = np.quantile(gains, (0.025, 0.975))
    return {"gain": spearman(blend, y) - spearman(best, y), "low": float(low), "high": float(high)}


def main(data: str | None = None, seed: int = 0, threads: int = 2, keep_neural: bool = False) -> None:
    """Run the protocol and write train/results/known_spaces.csv."""
    torch.set_num_threads(threads)
    spaces = load_all(data)
    members = shipping(spaces, keep_neural)
    unseen = held_out_scores(members, spaces)
    single = [held_out_scores(only(members, number), spaces) for number in range(SEEDS)]
    rows: list[dict[str, Any]] = []
    calibrations = {task: calibrate(spaces, task, unseen, seed) for task in track(members.tasks, "calibrating")}
    blends = blended(calibrations, seed)
    for task, found in calibrations.items():
        scores = sizes(spaces, task, unseen)
        scores["LightGBM on features"] = lightgbm(spaces, task, unseen, seed)
        scores |= {_NAMES[name]: found.scores[:, i] for i, name in enumerate(MEMBERS)}
        for number, other in enumerate(single):
            scores[f"graph network, seed {number}"] = neural_scores(spaces, task, other)[:, 0]
        scores["blend"] = blends[task]
        for name in np.unique(found.rows.spaces):
            here = found.rows.spaces == name
            y = found.rows.y[here]
            gain = gain_over_best(scores["blend"][here], found.scores[here], y, seed)
            rows += [
                {"space": name, "task": task, "score": score, "n": len(y), "rho": spearman(values[here], y),
                 "tau": kendall(values[here], y), **(gain if score == "blend" else {})}
                for score, values in scores.items()
            ]  # fmt: skip
    table = pd.DataFrame(rows)
    wide = table.pivot_table(index=["space", "task"], columns="score", values="rho", sort=False)
    print(f"{wide.to_string(float_format='%.3f')}\nmeans\n{wide.mean().to_string(float_format='%.3f')}")
    worse, surely = int((table.gain < -ALLOWED).sum()), int((table.high < -ALLOWED).sum())
    print(f"of {len(wide)} blends {worse} rank more than {ALLOWED} below the best member, {surely} surely")
    write_results("known_spaces", rows)


_NAMES = {"features": "features", "graph": "graph networks", "text": "text encoder"}


if __name__ == "__main__":
    typer.run(main)
