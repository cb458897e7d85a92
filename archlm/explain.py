"""Why an answer is what it is: features against the average known network, layers against their absence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from archlm.members.cross_domain import CrossDomainHead
from archlm.members.feature_model import FeatureModel
from encoders import features
from encoders.columns import INDEX, Columns, tabulate
from onnx_bench.arrays import Floats
from onnx_bench.graph import ArchGraph
from onnx_bench.ops import spec

FEATURES = 10
"""How many features an explanation names."""
_MOST_LAYERS = 64
_MOST_NODES = 50_000
_IDLE = {"kernel": 1.0, "stride": 1.0, "dilation": 1.0, "gain": 1.0}
_LAYERS = ("conv", "linear", "matmul", "attention", "recurrent", "pool")


def explain_graph(
    graph: ArchGraph, member: FeatureModel | CrossDomainHead, to_value: Callable[[Floats], Floats], layers: int
) -> dict[str, Any]:
    """See `Predictor.explain`.

    Args:
        graph: Normalised.
        member: What answers for it: the task's own model of features, or the cross-domain head.
        to_value: The member's scores [B] -> values [B] in the task's unit, monotone.
        layers: At most this many layers.
    """

    def value(table: Floats) -> Floats:
        return to_value(member.score(table))

    table = features.compute_many([graph])
    moved, score = member.contributions(table)[0], float(member.score(table)[0])
    # Contributions add up to the distance from what the member takes as average; each gets its share in values.
    average, mean = to_value(np.array([score - moved.sum(), score])).tolist()
    unit = (mean - average) / moved.sum() if abs(moved.sum()) > 1e-9 else 0.0
    strongest = np.argsort(-np.abs(moved), kind="stable")[:FEATURES]
    return {
        "features": [
            {"name": features.NAMES[i], "value": float(table[0, i]), "effect": float(moved[i] * unit)}
            for i in strongest if moved[i]
        ],
        "layers": _layer_effects(graph, value, mean, layers),
    }  # fmt: skip


def _layer_effects(
    graph: ArchGraph, value: Callable[[Floats], Floats], mean: float, count: int
) -> list[dict[str, Any]]:
    """Replace each of the largest layers by one that does and costs nothing, and predict again."""
    places = [i for i, node in enumerate(graph.nodes) if spec(node.op).kind in _LAYERS]
    places = sorted(places, key=lambda i: -graph.nodes[i].macs)[:_MOST_LAYERS]
    effects: list[dict[str, Any]] = []
    batch = max(1, _MOST_NODES // graph.num_nodes)
    for start in range(0, len(places), batch):
        chosen = places[start : start + batch]
        without = value(features.from_columns(_idle(tabulate([graph] * len(chosen)), chosen)))
        for place, other in zip(chosen, without, strict=True):
            node = graph.nodes[place]
            share = node.macs / graph.macs if graph.macs else 0.0
            effect = float(other) - mean
            effects.append({"index": place, "op": node.op, "shape": node.shape, "share": share, "effect": effect})
    return sorted(effects, key=lambda e: -abs(e["effect"]))[:count]


def _idle(columns: Columns, places: list[int]) -> Columns:
    """Let node `places[i]` of graph i pass its input on: no cost, no window, no class of operator."""
    rows = columns.offsets[:-1] + np.array(places)
    kept = [INDEX[name] for name in ("numel", "channels", "positions")]
    table = columns.table
    idle = np.zeros((len(rows), table.shape[1]))
    idle[:, kept] = table[np.ix_(rows, kept)]
    for name, neutral in _IDLE.items():
        idle[:, INDEX[name]] = neutral
    table[rows] = idle
    return columns
