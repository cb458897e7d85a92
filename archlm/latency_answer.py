"""Answers on known devices: latency adds up over the layers of a network."""

from __future__ import annotations

from typing import Any

from archlm.answer import FAMILIAR
from archlm.signals import Signals
from archlm.weights_store import Weights
from onnx_bench.tasks.latency import PREFIX as LATENCY

_EXTRAPOLATED = (
    "unlike the networks of {space}, which alone were timed on this device: arithmetic, memory and calls are in "
    "another proportion here, and nobody measured how well their costs carry over"
)


def latency_rows(weights: Weights, signals: Signals, device: str) -> list[dict[str, Any]]:
    """A row of `archlm.answer` for each network; how familiar it is tells whether networks like it were timed."""
    if not signals.graphs:
        return []
    known, space = weights.known, weights.devices.spaces[device]
    found = weights.devices.predict(device, signals.given)
    share, _, near = known.familiarity(signals.embedding, known.of_spaces((space,)))
    score = weights.head.score(signals.features)
    rows = []
    for i, graph in enumerate(signals.graphs):
        notes = [] if share[i] >= FAMILIAR else [_EXTRAPOLATED.format(space=space)]
        rows.append({
            "arch": graph.name, "task": LATENCY + device, "mean": float(found.mean[i]), "q05": float(found.low[i]),
            "q50": float(found.middle[i]), "q95": float(found.high[i]), "percentile": None,
            "in_distribution": float(share[i]), "score": float(score[i]), "neighbours": known.describe(near, i),
            "warnings": [*graph.warnings, *notes], "error": None,
        })  # fmt: skip
    return rows
