"""Answers on a task that no network was measured on, from its description alone."""

from __future__ import annotations

from typing import Any

from archlm.answer import COLUMNS
from archlm.members.value_scale import percentiles
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
    asked, _ = weights.neural.graph.ask(signals.graphs, signals.features, describe(task)[None])
    scores = asked[:, 0]
    shares = percentiles(scores)
    share, _, near = weights.known.familiarity(signals.embedding)
    rows = []
    for i, graph in enumerate(signals.graphs):
        odd = misfits(graph, task)
        rows.append(dict.fromkeys(COLUMNS) | {
            "arch": graph.name, "task": task.name, "percentile": float(shares[i]),
            "in_distribution": 0.0 if odd else float(share[i]), "score": float(scores[i]),
            "neighbours": weights.known.describe(near, i),
            "warnings": [*graph.warnings, *(odd or remarks(graph, task)), _DESCRIBED],
        })  # fmt: skip
    return rows
