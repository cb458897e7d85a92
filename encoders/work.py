"""The work of a network: how many operators of a kind, their arithmetic, and the elements they write.

A pass through a network takes a time that is close to a sum of such totals with costs of the device. They are read in
two views: the network as it is stored, and as an exporter leaves it (`onnx_bench.exported`); devices differ in which of
them they run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from math import prod

import numpy as np

from onnx_bench.arrays import Floats
from onnx_bench.exported import as_exported
from onnx_bench.graph import ArchGraph
from onnx_bench.node import Attrs, Graph, Node, Shape
from onnx_bench.ops import spec

VERSION = 1
"""Changes whenever a column changes its meaning; costs of devices record the version they were fitted to."""

GENERAL = (
    "weighted_count",  # convolutions, linear maps, matrix products, attention, recurrences
    "weighted_macs",
    "weighted_elements",  # of their outputs, batch 1
    "weighted_params",
    "pool_count",
    "pool_elements",
    "other_count",  # everything else: activations, norms that do not follow a weighted layer, sums, changes of layout
    "other_elements",
)
DETAILS = (
    "wide_count",  # dense convolutions with a window of more than one place
    "wide_elements",
    "join_count",  # sums and concatenations
    "join_elements",
    "activation_count",
    "activation_elements",
)
"""Parts of the general columns that a device may treat in its own way."""
VIEWS = ("stored", "exported")
NAMES = tuple(f"{view}.{name}" for view in VIEWS for name in (*GENERAL, *DETAILS))
"""Column names in order."""
IS_DETAIL = np.array([name.partition(".")[2] in DETAILS for name in NAMES])
"""Shapes: [Q]."""

_WEIGHTED = frozenset(("conv", "linear", "matmul", "attention", "recurrent"))
_ABSORBING = frozenset(("conv", "linear"))
"""Kinds of layers into which an exporter folds the batch norm that follows."""

_Form = tuple[str, Attrs, Shape | None, int, int]


def compute_many(graphs: Sequence[ArchGraph]) -> Floats:
    """Work of B graphs, all columns counts that grow with the network. Shapes: [B, Q], columns as in `NAMES`.

    Args:
        graphs: Normalised, or as a search space builds them with `normalised=False`: as they were trained, which is
            what benchmarks of latency have timed. A raw graph of the importer has other operators; normalise it.
    """
    table = np.zeros((len(graphs), len(NAMES)))
    for row, graph in zip(table, graphs, strict=True):
        stored, exported = np.split(row, len(VIEWS))
        stored += _totals(graph)
        exported += stored if graph.normalised else _totals(as_exported(graph))
    return table


def _totals(graph: Graph) -> Floats:
    """The columns of one view. Shapes: [Q / 2]."""
    nodes = graph.nodes
    forms = Counter([(n[0], n[2], n[3], n[4], n[5]) for n in nodes if n[0] != "BatchNorm" or not _absorbed(n, nodes)])
    return np.array([_work(form) for form in forms]).T @ np.array(list(forms.values()))


def _absorbed(norm: Node, nodes: Sequence[Node]) -> bool:
    return spec(nodes[norm.inputs[0]].op).kind in _ABSORBING


@lru_cache(maxsize=1 << 14)
def _work(form: _Form) -> tuple[float, ...]:
    """What one node adds to every column of a view."""
    op, attrs, shape, params, macs = form
    kind = spec(op).kind
    elements = prod(shape) if shape is not None else 0
    values = dict.fromkeys((*GENERAL, *DETAILS), 0)

    def count(name: str) -> None:
        values[f"{name}_count"], values[f"{name}_elements"] = 1, elements

    if kind in _WEIGHTED:
        count("weighted")
        values |= {"weighted_macs": macs, "weighted_params": params}
        settings = dict(attrs)
        if kind == "conv" and settings["groups"] == 1 and prod(settings["kernel"]) > 1:  # type: ignore[arg-type]
            count("wide")
    elif kind == "pool":
        count("pool")
    elif kind != "source":
        count("other")
        if op in ("Add", "Concat"):
            count("join")
        elif kind == "activation":
            count("activation")
    return tuple(map(float, values.values()))
