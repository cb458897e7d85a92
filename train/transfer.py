"""Neural members asked about spaces, tasks or families that they have not seen: what P1, P2, P4 and P6 are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from archlm.members.value_scale import normal_scores
from archlm.training.quality_training import ask
from encoders.quality_model import QualityModel
from encoders.task_descriptor import describe
from onnx_bench.arrays import Floats
from onnx_bench.tasks import get_task
from train.common import group_folds
from train.neural import (
    TRANSFER,
    UNSEEN_FAMILY,
    UNSEEN_TASK,
    graph_space,
    rows_of,
    task_scales,
    trained_graph_model,
)
from train.records import SPACE_TASK, Labelled
from train.text_vectors import text_vectors

TRANSNAS_SPACES = ("transnas_micro", "transnas_macro")
FAMILY_FOLDS = 5
RIDGE = 1.0
"""Penalty of the linear head on text vectors, in units of their variance. Not tuned."""


def graph_transfer_scores(spaces: Mapping[str, Labelled], left_out: Sequence[str], seed: int) -> dict[str, Floats]:
    """Scores of the networks of the `left_out` spaces by a graph network trained on the others.

    Each space is asked about its classification task, which the network may never have been trained on.
    """
    model = model_without_spaces(spaces, left_out, seed)
    scores = {}
    for name in left_out:
        space = spaces[name]
        rows = rows_of([space], hold_out=False)
        task = describe(get_task(SPACE_TASK[name]))[None]
        found, _ = ask(model, graph_space(space, rows[name], task_scales([space], rows)), tasks=task)
        scores[name] = found[space.known.place, 0]
    return scores


def graph_transfer_vectors(
    spaces: Mapping[str, Labelled], left_out: Sequence[str], seed: int
) -> dict[str, NDArray[np.float32]]:
    """Vectors of the distinct networks of all spaces by a graph network that has not seen `left_out`. [G, D] each."""
    model = model_without_spaces(spaces, left_out, seed)
    found = {}
    for name, space in spaces.items():
        rows = rows_of([space], hold_out=False)
        found[name] = ask(model, graph_space(space, rows[name], task_scales([space], rows)))[1]
    return found


def model_without_spaces(spaces: Mapping[str, Labelled], left_out: Sequence[str], seed: int) -> QualityModel:
    """A graph network trained on all networks of the spaces that are not left out."""
    sources = [s for name, s in spaces.items() if name not in left_out]
    label = "without-" + "-".join(left_out) if len(sources) > 1 else f"only-{sources[0].space}"
    return trained_graph_model(sources, replace(TRANSFER, seed=seed), label, rows_of(sources, hold_out=False))


def without_task(space: Labelled, task: str) -> Labelled:
    """The space as if `task` had never been measured."""
    known = replace(space.known, targets={t: v for t, v in space.known.targets.items() if t != task})
    return replace(space, distinct=known, targets={t: v for t, v in space.targets.items() if t != task})


def model_without_task(spaces: Sequence[Labelled], task: str, seed: int) -> QualityModel:
    """A graph network trained on every other task of `spaces`."""
    rest = [without_task(space, task) for space in spaces]
    label = f"without-task-{task.rpartition('/')[2]}"
    return trained_graph_model(rest, replace(UNSEEN_TASK, seed=seed), label, rows_of(rest, hold_out=False))


def family_folds(real: Labelled, seed: int) -> list[NDArray[np.bool_]]:
    """Masks of the real networks that are tested in turn, families kept together. Shapes: [B] each."""
    return list(group_folds(real.groups, FAMILY_FOLDS, seed))


def model_without_families(others: Sequence[Labelled], real: Labelled, fold: int, seed: int) -> QualityModel:
    """A graph network trained on all search spaces and on the real networks that are not in the fold."""
    tested = np.zeros(len(real.known.rows), bool)
    tested[real.known.place[family_folds(real, seed)[fold]]] = True
    rows = rows_of(others, hold_out=False) | {real.space: ~tested}
    return trained_graph_model([*others, real], replace(UNSEEN_FAMILY, seed=seed), f"real-fold{fold}", rows)


def text_transfer_scores(spaces: Mapping[str, Labelled], left_out: Sequence[str]) -> dict[str, Floats]:
    """The same from the text encoder: frozen as it was pretrained, without labels, with a linear head.

    The head is a ridge regression of the rank within a space, each space centred on itself and counting the same, so
    that only differences within spaces are learnt.
    """
    grams, moments = [], []
    for name, space in spaces.items():
        if name in SPACE_TASK and name not in left_out:
            values = space.known.targets[SPACE_TASK[name]]
            measured = np.isfinite(values)
            x = text_vectors(space)[measured].astype(np.float64)
            y = normal_scores(values[measured])
            x -= x.mean(axis=0)
            grams.append(x.T @ x / len(x))
            moments.append(x.T @ y / len(x))
    gram = np.mean(grams, axis=0)
    penalty = RIDGE * np.trace(gram) / len(gram)
    head = np.linalg.solve(gram + penalty * np.eye(len(gram)), np.mean(moments, axis=0))
    return {name: (text_vectors(spaces[name]).astype(np.float64) @ head)[spaces[name].known.place] for name in left_out}
