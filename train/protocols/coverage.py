"""Coverage of the 90 % intervals: on held-out networks of known spaces, and on spaces that nobody measured.

    python -m train.protocols.coverage

An architecture counts once, however many isomorphic descriptions it has. Known: a fifth of the fingerprints (for real
networks of the families) is held out of everything; the rest is fitted as the shipped weights are. Unseen: a whole
space is held out of everything; its classification task is asked where another space was measured on it too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import typer
from numpy.typing import NDArray

from archlm.answer import FAMILIAR
from archlm.weights_store import TaskPart
from train.common import group_folds, one_per_group, spearman, write_results
from train.fit import choose_bag_weight, cross_errors, fit_head, fit_known, fit_task, leave_one_out
from train.records import SPACE_TASK, Labelled, load

Floats = NDArray[np.float64]


class Fitted:
    """Everything that answers, fitted on some spaces as the shipped weights are."""

    def __init__(self, spaces: Sequence[Labelled], seed: int) -> None:
        self.spaces, self.seed = spaces, seed
        left_out = leave_one_out(spaces, seed)
        self.head = fit_head(spaces, choose_bag_weight(left_out), seed)
        self.errors = cross_errors(left_out, spaces)
        self.known = fit_known(spaces, seed)
        self.parts: dict[str, TaskPart] = {}

    def measure(self, tested: Labelled, tasks: Iterable[str], kind: str) -> list[dict[str, Any]]:
        """Where the measured values of `tested` lie, for those of `tasks` that other networks were measured on."""
        rows = []
        for task in tasks:
            values = tested.targets[task]
            if any(task in s.targets for s in self.spaces):
                if task not in self.parts:
                    self.parts[task] = fit_task(self.spaces, task, self.head, self.errors[task], self.seed)
                once = one_per_group(tested.fingerprints, np.random.default_rng(self.seed), len(tested))
                known = once[np.isfinite(values[once])]
                row = self._compare(tested.features[known], values[known], self.parts[task])
                rows.append({"kind": kind, "space": tested.space, "task": task, "seed": self.seed, **row})
                print(rows[-1], flush=True)
        return rows

    def _compare(self, features: Floats, values: Floats, part: TaskPart) -> dict[str, Any]:
        share, _ = self.known.in_distribution(features, np.isin(self.known.spaces, part.spaces))
        familiar = share >= FAMILIAR
        mean = part.model.predict(features)
        inside = part.bands.interval(mean)
        outside = part.cross.interval(self.head.score(features), part.model.scale)
        low, middle, high = (np.where(familiar, a, b) for a, b in zip(inside, outside, strict=True))
        mean = np.where(familiar, mean, middle)
        hit = (low <= values) & (values <= high)
        error, flagged = np.abs(mean - values), ~familiar
        return {
            "n": len(values), "coverage": hit.mean(), "mean_width": np.mean(high - low), "rho": spearman(mean, values),
            "mae": error.mean(), "flagged": int(flagged.sum()),
            "coverage_flagged": hit[flagged].mean() if flagged.any() else None,
            "mae_flagged": error[flagged].mean() if flagged.any() else None,
            "mae_familiar": error[familiar].mean() if familiar.any() else None,
        }  # fmt: skip


def main(data: str | None = None, seed: int = 0) -> None:
    """Run the protocol and write train/results/coverage.csv."""
    spaces = [load(name, data=data) for name in SPACE_TASK]
    tests = [next(group_folds(space.groups, 5, seed)) for space in spaces]
    rest = [space.take(~test) for space, test in zip(spaces, tests, strict=True)]
    rows: list[dict[str, Any]] = []
    fitted = Fitted(rest, seed)
    for space, test in zip(spaces, tests, strict=True):
        rows += fitted.measure(space.take(test), space.targets, "known space")
    write_results("coverage", rows)  # the second half takes as long: an interrupt keeps the first
    for space in spaces:
        others = [o for o in spaces if o is not space]
        task = SPACE_TASK[space.space]
        if any(task in o.targets for o in others):
            rows += Fitted(others, seed).measure(space, [task], "unseen space")
    write_results("coverage", rows)


if __name__ == "__main__":
    typer.run(main)
