"""Coverage of the 90 % intervals: on held-out networks of known spaces, and on spaces that nobody measured.

    python -m train.protocols.coverage

An architecture counts once, however many isomorphic descriptions it has. Known: the fifth of the groups that no member
has seen; blend and bands are taken from one half of it and judged on the other, and the other way round. Unseen: a
whole space is held out of everything; its classification task is asked, of the cross-domain head alone, where another
space was measured on it too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from rich.progress import track

from archlm.conformal import widths_by_space
from archlm.known import embed
from archlm.measured_answer import Interval, passed_over
from archlm.members.blend import blend_by_space
from archlm.members.cross_domain import CrossDomainHead
from archlm.members.cross_scale import CrossScale
from archlm.members.value_scale import ValueScale
from onnx_bench.arrays import Floats
from train.common import spearman, write_results
from train.fit import (
    Calibration,
    HeldOut,
    calibrate,
    choose_tree_weight,
    cross_errors,
    fit_head,
    fit_known,
    leave_one_out,
    task_rows,
    usual_moments,
)
from train.heads import drawing_of
from train.members import embeddings, held_out_scores, shipping
from train.records import SPACE_TASK, Labelled
from train.transfer import graph_transfer_vectors
from train.zoos import as_recorded, load_all


def inside(found: Mapping[str, Calibration], seed: int) -> dict[str, Interval]:
    """Intervals of the blends of each task, from the halves of the held-out networks that a network is not in."""
    ends = {task: np.zeros((3, len(c.rows.y))) for task, c in found.items()}
    for halves in zip(*(c.halves(seed) for c in found.values()), strict=True):
        usual = usual_moments([c.moments(~half) for c, half in zip(found.values(), halves, strict=True)])
        for (task, c), half in zip(found.items(), halves, strict=True):
            fitted, here = c.fit(~half, usual), c.rows.spaces[half]
            blended = c.scale.to_value(blend_by_space(fitted.blends, c.scores[half], here))
            ends[task][:, half] = fitted.bands.interval(blended, widths_by_space(fitted.widths, here))
    return {task: (low, middle, high) for task, (low, middle, high) in ends.items()}


def measured(values: Floats, interval: Interval, familiar: NDArray[np.bool_]) -> dict[str, Any]:
    """Where the measured values lie."""
    low, middle, high = interval
    hit, error, flagged = (low <= values) & (values <= high), np.abs(middle - values), ~familiar
    return {
        "n": len(values), "coverage": hit.mean(), "mean_width": np.mean(high - low), "rho": spearman(middle, values),
        "mae": error.mean(), "flagged": int(flagged.sum()),
        "coverage_flagged": hit[flagged].mean() if flagged.any() else None,
        "mae_flagged": error[flagged].mean() if flagged.any() else None,
        "mae_familiar": error[familiar].mean() if familiar.any() else None,
    }  # fmt: skip


class Unfamiliar:
    """What answers for strangers, fitted on some spaces as the shipped weights are."""

    def __init__(self, spaces: Sequence[Labelled], seed: int, data: str | None) -> None:
        self.spaces = spaces
        recorded = as_recorded(spaces, data)
        left_out = leave_one_out(recorded, seed)
        self.head: CrossDomainHead = fit_head(recorded, choose_tree_weight(left_out), seed)
        self.errors = cross_errors(left_out, recorded)

    def interval(self, task: str, features: Floats) -> Interval:
        """Shapes: [B, F] -> three of [B]."""
        rows = task_rows(self.spaces, task)
        scale = ValueScale.fit(rows.y)
        cross = CrossScale.fit(
            self.head.score(rows.x), scale.to_score(rows.y), rows.space_weights(), self.errors[task]
        )
        return cross.interval(self.head.score(features), scale)


def known_rows(
    spaces: Sequence[Labelled], seed: int, keep_neural: bool, data: str | None
) -> list[dict[str, Any]]:
    """Held-out networks of known spaces."""
    members = shipping(spaces, keep_neural)
    unseen: dict[str, HeldOut] = held_out_scores(members, spaces)
    points = embeddings(members, spaces)
    seen = [s.of_distinct(~unseen[s.space].mask) for s in spaces]
    strangers = Unfamiliar(seen, seed, data)
    known, _ = fit_known(seen, {name: [e[~unseen[name].mask] for e in p] for name, p in points.items()}, seed)
    rows = []
    calibrations = {task: calibrate(spaces, task, unseen, seed) for task in track(members.tasks, "calibrating")}
    intervals = inside(calibrations, seed)
    for task, found in calibrations.items():
        names = np.unique(found.rows.spaces)
        places = [
            points[s.space][drawing_of(s, task)][held_measured(s, task, unseen)]
            for s in spaces if task in s.known.targets
        ]  # fmt: skip
        strange = known.familiarity(np.concatenate(places), known.of_spaces(names)).strange
        low, middle, high = passed_over(intervals[task], strangers.interval(task, found.rows.x), strange)
        for name in names:
            here = found.rows.spaces == name
            row = measured(found.rows.y[here], (low[here], middle[here], high[here]), strange[here] == 0)
            rows.append({"kind": "known space", "space": name, "task": task, "seed": seed, **row})
            print(rows[-1], flush=True)
    return rows


def held_measured(space: Labelled, task: str, unseen: Mapping[str, HeldOut]) -> NDArray[np.bool_]:
    """Mask of the held-out distinct networks that were measured on `task`. Shapes: [G]."""
    return unseen[space.space].mask & np.isfinite(space.known.targets[task])


def unseen_rows(
    spaces: Sequence[Labelled], left_out: Sequence[str], seed: int, data: str | None
) -> list[dict[str, Any]]:
    """All networks of spaces of which nothing was seen."""
    others = [s for s in spaces if s.space not in left_out]
    vector = graph_transfer_vectors({s.space: s for s in spaces}, left_out, seed)
    points = {s.space: [embed(s.features[s.known.rows], vector[s.space])] for s in spaces}
    known, _ = fit_known(others, points, seed)
    strangers = Unfamiliar(others, seed, data)
    rows = []
    for space in (s for s in spaces if s.space in left_out):
        task = SPACE_TASK[space.space]
        seen = [o.space for o in others if task in o.targets]
        if seen:
            values = space.known.targets[task]
            asked = np.isfinite(values)
            familiar = known.familiarity(points[space.space][0][asked], known.of_spaces(seen)).strange == 0
            interval = strangers.interval(task, space.features[space.known.rows[asked]])
            row = measured(values[asked], interval, familiar)
            rows.append({"kind": "unseen space", "space": space.space, "task": task, "seed": seed, **row})
            print(rows[-1], flush=True)
    return rows


def main(data: str | None = None, seed: int = 0, threads: int = 2, keep_neural: bool = False) -> None:
    """Run the protocol and write train/results/coverage.csv."""
    torch.set_num_threads(threads)
    spaces = load_all(data)
    rows = known_rows(spaces, seed, keep_neural, data)
    write_results("coverage", rows)  # the second half takes as long: an interrupt keeps the first
    for left_out in (("nasbench101",), ("nasbench201",), ("transnas_micro",), ("transnas_macro",)):
        rows += unseen_rows(spaces, left_out, seed, data)
    write_results("coverage", rows)


if __name__ == "__main__":
    typer.run(main)
