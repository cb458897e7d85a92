"""Fit every part of the LightGBM predictor from labelled spaces. Used by the recipe and, without the held-out part, by
the protocols, so that what is measured is what ships."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from archlm.conformal import ConformalBands
from archlm.known import KnownArchitectures
from archlm.members.cross_domain import CrossDomainHead
from archlm.members.cross_scale import CrossScale
from archlm.members.task_model import TaskModel
from archlm.members.value_scale import ValueScale, normal_scores
from archlm.weights_store import TaskPart
from train.common import group_folds, one_per_group, spearman
from train.records import SPACE_TASK, Labelled

Floats = NDArray[np.float64]

HEAD_ROWS = 2000
"""Networks per space that train the bag, halved to save time; P1 showed no gain from more source networks."""
INDEX_ROWS = 5500
"""Known architectures per space in the index: all of the small spaces."""
FAMILIAR_ROWS = 1000
"""Networks per space that tell which novelty is usual."""
FOLDS = 5
BAG_WEIGHTS = (0.0, 0.1, 0.25, 0.5, 1.0)


def head_rows(space: Labelled, seed: int) -> tuple[Floats, Floats]:
    """Features and within-space normal scores of a sample without isomorphic copies."""
    chosen = space.take(one_per_group(space.fingerprints, np.random.default_rng(seed), HEAD_ROWS))
    return chosen.features, normal_scores(chosen.values)


def fit_head(spaces: Sequence[Labelled], bag_weight: float, seed: int = 0) -> CrossDomainHead:
    """The cross-domain head from `spaces`, all counting the same."""
    return CrossDomainHead.fit([head_rows(s, seed) for s in spaces], bag_weight=bag_weight, seed=seed)


def choose_bag_weight(left_out: Sequence[tuple[CrossDomainHead, Labelled]]) -> float:
    """The weight with the best mean rho, each head judged on the one space that it did not see."""

    def mean_rho(weight: float) -> float:
        weighted = [(replace(head, bag_weight=weight), space) for head, space in left_out]
        return float(np.mean([spearman(head.score(space.features), space.values) for head, space in weighted]))

    return max(BAG_WEIGHTS, key=mean_rho)


def leave_one_out(spaces: Sequence[Labelled], seed: int = 0) -> list[tuple[CrossDomainHead, Labelled]]:
    """For each space the head of all others."""
    return [(fit_head([o for o in spaces if o is not s], 1.0, seed), s) for s in spaces]


class _TaskRows(NamedTuple):
    """All networks measured on a task."""

    x: Floats  # features
    y: Floats  # measured values
    groups: NDArray[np.str_]
    fingerprints: NDArray[np.str_]
    spaces: NDArray[np.str_]


def _task_rows(spaces: Sequence[Labelled], task: str) -> _TaskRows:
    parts = []
    for space in spaces:
        if task in space.targets:
            some = space.take(np.isfinite(space.targets[task]))
            names = np.full(len(some), space.space)
            parts.append((some.features, some.targets[task], some.groups, some.fingerprints, names))
    return _TaskRows(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _space_weights(names: NDArray[np.str_]) -> Floats:
    distinct, place, counts = np.unique(names, return_inverse=True, return_counts=True)
    return np.asarray(len(names) / (len(distinct) * counts[place]))


def fit_task(spaces: Sequence[Labelled], task: str, head: CrossDomainHead, error: float, seed: int = 0) -> TaskPart:
    """The model of one task, its bands from out-of-fold residuals (folds by group), and its cross-domain scale.

    An architecture counts once in the bands, however many isomorphic descriptions it has.
    """
    x, y, groups, fingerprints, names = _task_rows(spaces, task)
    held_out = np.zeros(len(y))
    for test in group_folds(groups, FOLDS, seed):
        held_out[test] = TaskModel.fit(x[~test], y[~test], seed=seed).predict(x[test])
    model = TaskModel.fit(x, y, seed=seed)
    cross = CrossScale.fit(head.score(x), model.scale.to_score(y), _space_weights(names), error)
    once = one_per_group(fingerprints, np.random.default_rng(seed), len(y))
    return TaskPart(model, ConformalBands.fit(held_out[once], y[once]), cross, tuple(np.unique(names).tolist()))


def cross_errors(
    left_out: Sequence[tuple[CrossDomainHead, Labelled]], spaces: Sequence[Labelled]
) -> dict[str, float]:
    """For each task the root mean square error, in its normal scores, on spaces left out of both head and scale.

    A task measured on one space alone takes the error of the classification tasks that were measured on several.
    """
    squares: dict[str, list[float]] = {}
    for head, space in left_out:
        for task, values in space.targets.items():
            others = [o for o in spaces if o is not space and task in o.targets]
            if others:
                x, y, _, _, names = _task_rows(others, task)
                # Normal scores of the task as it is known without the space.
                scale = ValueScale.fit(y)
                cross = CrossScale.fit(head.score(x), scale.to_score(y), _space_weights(names))
                found = cross.to_normal(head.score(space.features)) - scale.to_score(values)
                squares.setdefault(task, []).append(float(np.nanmean(np.square(found))))
    common = np.mean([value for task in set(SPACE_TASK.values()) for value in squares.get(task, [])])
    tasks = {task for space in spaces for task in space.targets}
    return {task: float(np.sqrt(np.mean(squares.get(task, [common])))) for task in sorted(tasks)}


def fit_known(spaces: Sequence[Labelled], seed: int = 0) -> KnownArchitectures:
    """The index: one architecture of each fingerprint; and which novelty is usual.

    Usual is how far a network of the space is from the index without its own group: without its isomorphic copies, for
    real networks without its family.
    """
    rng = np.random.default_rng(seed)
    indexed = [space.take(one_per_group(space.fingerprints, rng, INDEX_ROWS)) for space in spaces]
    names = np.concatenate([space.archs for space in indexed]).tolist()
    labels = np.concatenate([np.full(len(space), space.space) for space in indexed])
    groups = np.concatenate([space.groups for space in indexed])
    known = KnownArchitectures.fit(names, labels.tolist(), np.concatenate([space.features for space in indexed]))
    for space in spaces:
        some = space.take(one_per_group(space.fingerprints, rng, FAMILIAR_ROWS))
        usual = [
            known.novelty(some.features[some.groups == group], (labels == space.space) & (groups != group))[0]
            for group in np.unique(some.groups)
        ]
        known.familiar[space.space] = np.sort(np.concatenate(usual))
    return known
