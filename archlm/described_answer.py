"""Answers on a task that no network was measured on, from its description alone."""

from __future__ import annotations

from math import erf, sqrt
from typing import Any

from archlm.answer import COLUMNS
from archlm.signals import Signals
from archlm.task_fit import misfits, remarks
from archlm.weights_store import Weights
from encoders.task_descriptor import describe
from onnx_bench.tasks.task import Task

_DESCRIBED = (
    "nobody has measured this task: asked by its description alone, networks are only ranked, and not better than by "
    "their mean over other tasks; fine-tune with twenty measurements"
)


def described_rows(weights: Weights, signals: Signals, task: Task) -> list[dict[str, Any]]:
    """A row of `archlm.answer` for each network, without values: the graph networks score it on the description."""
    if not signals.graphs:
        return []
    found, _ = weights.neural.graph.ask(signals.graphs, signals.features, describe(task)[None])
    share, near = weights.known.in_distribution(signals.embedding)
    rows = []
    for i, graph in enumerate(signals.graphs):
        odd = misfits(graph, task)
        rows.append(dict.fromkeys(COLUMNS) | {
            "arch": graph.name, "task": task.name, "percentile": 50.0 * (1.0 + erf(found[i, 0] / sqrt(2.0))),
            "in_distribution": 0.0 if odd else float(share[i]), "score": float(found[i, 0]),
            "neighbours": weights.known.describe(near, i),
            "warnings": [*graph.warnings, *(odd or remarks(graph, task)), _DESCRIBED],
        })  # fmt: skip
    return rows
