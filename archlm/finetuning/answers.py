"""Answers on a fine-tuned task."""

from __future__ import annotations

from typing import Any

from archlm.answer import FAMILIAR
from archlm.finetuning.finetuned import FinetunedTask
from archlm.finetuning.sample import Sample
from archlm.signals import Signals
from archlm.task_fit import misfits, remarks
from archlm.weights_store import Weights

_FAR = "farther from the networks that {task} was fitted to than these are from each other: trust the ranking little"


def finetuned_rows(weights: Weights, signals: Signals, part: FinetunedTask) -> list[dict[str, Any]]:
    """A row of `archlm.answer` for each network; its neighbours are the networks that were measured."""
    if not signals.graphs:
        return []
    found = part.answer(Sample.of(weights, signals, part.task, with_graphs=part.reads_graphs))
    score = weights.head.score(signals.features)
    rows = []
    for i, graph in enumerate(signals.graphs):
        near = [
            {"space": "measured", "name": part.names[p], "distance": float(d), "predicted": part.held_out[p],
             "measured": float(part.values[p])}
            for p, d in zip(found.places[i], found.distances[i], strict=True)
        ]  # fmt: skip
        # A device runs whatever it is given.
        notes = [] if part.task.device else misfits(graph, part.task) or remarks(graph, part.task)
        if found.familiar[i] < FAMILIAR:
            notes.append(_FAR.format(task=part.task.name))
        rows.append({
            "arch": graph.name, "task": part.task.name, "mean": float(found.mean[i]), "q05": float(found.low[i]),
            "q50": float(found.middle[i]), "q95": float(found.high[i]), "percentile": float(found.percentile[i]),
            "in_distribution": float(found.familiar[i]), "score": float(score[i]), "neighbours": near,
            "warnings": [*graph.warnings, *notes], "error": None,
        })  # fmt: skip
    return rows
