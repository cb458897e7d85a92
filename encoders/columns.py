"""Graphs as numeric columns: one row per node of one or many graphs, ready for numpy.

Many graphs are laid end to end as one disjoint graph, so every later step costs the same few numpy calls for a
single network as for a thousand.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnx_bench.arrays import Floats
from onnx_bench.node import Attrs, Graph, Shape
from onnx_bench.ops import spec

Ints = NDArray[np.int64]

COLUMNS = (
    "conv",  # 1 for a spatial convolution (transposed ones too)
    "linear",  # 1 for an affine map of the last axis
    "mixing",  # 1 for attention or a product of two activations
    "recurrent",
    "pool",  # 1 for a local pooling window
    "norm",
    "activation",  # 1 for a pointwise non-linearity (softmax not counted)
    "add",  # inputs beyond the first that are summed
    "concat",  # inputs beyond the first that are concatenated
    "product",  # 1 for a pointwise product
    "input",
    "reduce",
    "params",
    "macs",
    "numel",  # elements of the output, batch 1
    "channels",
    "positions",  # numel / channels: pixels or tokens
    "kernel",  # side of the window, geometric mean over its axes; 1 without window
    "stride",
    "dilation",
    "depthwise",  # 1 for a convolution whose groups equal its input channels (> 1)
    "grouped",  # 1 for a convolution with 1 < groups < input channels
    "fan_in",  # macs per output element
    "gain",  # second moment of the output per unit of the input's, at random initialisation
    "reset",  # 1 where normalisation or a biased layer restores unit second moment
    "smooth",  # 1 for Silu, Gelu, HardSwish, Mish
    "source",  # 1 for parameters and constants: not a function of the input
)
INDEX = {name: i for i, name in enumerate(COLUMNS)}

# E[f(x)^2] for x ~ N(0, 1), by quadrature; the second moment a unit-variance signal keeps.
_ACTIVATION_GAIN = {
    "Relu": 0.5, "LeakyRelu": 0.5, "PRelu": 0.5, "Clip": 0.5, "Elu": 0.645, "Selu": 1.0, "Gelu": 0.425, "Silu": 0.356,
    "HardSwish": 0.35, "Mish": 0.43, "Sigmoid": 0.293, "HardSigmoid": 0.28, "Tanh": 0.394, "Softplus": 0.92,
}  # fmt: skip
_SMOOTH = frozenset({"Silu", "Gelu", "HardSwish", "Mish"})


@lru_cache(maxsize=1 << 17)
def _describe(op: str, attrs: Attrs, shape: Shape | None, params: int, macs: int, arity: int) -> tuple[float, ...]:
    """The row of one node, in the order of `COLUMNS`."""
    values = dict.fromkeys(COLUMNS, 0.0)
    known: dict[str, Any] = dict(attrs)
    kind = spec(op).kind
    numel = prod(shape) if shape else 1
    channels = (shape[1] if len(shape) >= 4 else shape[-1]) if shape else 1
    window = known.get("kernel", ())
    values |= {
        "params": params, "macs": macs, "numel": numel, "channels": channels,
        "positions": numel / channels if channels else 0, "kernel": 1.0, "stride": 1.0, "dilation": 1.0, "gain": 1.0,
    }  # fmt: skip
    if window and numel:
        axes = len(window)
        values["kernel"] = prod(window) ** (1 / axes)
        values["stride"] = max(prod(known["strides"]), 1) ** (1 / axes)
        values["dilation"] = max(prod(known["dilations"]), 1) ** (1 / axes)
    if kind in ("conv", "linear", "recurrent"):
        values[kind] = 1.0
        values["fan_in"] = macs / numel if numel else 0
        values["reset"] = float(known.get("bias", True) or kind == "recurrent")
        groups = known.get("groups", 1)
        if groups > 1:
            # A depthwise convolution reads one channel per filter.
            values["depthwise" if values["fan_in"] <= prod(window) else "grouped"] = 1.0
    elif kind in ("matmul", "attention"):
        values["mixing"] = 1.0
    elif kind == "pool":
        values["pool"] = 1.0
        # Neighbouring activations are correlated: a mean of k^2 of them keeps about 1/k of the second moment.
        values["gain"] = 1.0 if op == "MaxPool" else 1 / values["kernel"]
    elif kind == "norm":
        values["norm"] = values["reset"] = 1.0
    elif kind == "activation":
        values["activation"] = float(op not in ("Softmax", "LogSoftmax"))
        values["gain"] = _ACTIVATION_GAIN.get(op, 1.0)
        values["smooth"] = float(op in _SMOOTH)
    elif kind == "concat":
        values["concat"] = arity - 1
    elif kind == "reduce":
        values["reduce"] = 1.0
    elif op == "Add":
        values["add"] = arity - 1
    elif op == "Mul":
        values["product"] = 1.0
    elif op == "Input":
        values["input"] = 1.0
    elif op in ("Parameter", "Constant"):
        values["source"] = 1.0
    return tuple(float(v) for v in values.values())


class Columns(NamedTuple):
    """Numeric view of B graphs with N nodes and E edges in all.

    Attributes:
        table: float64 [N, len(COLUMNS)].
        graph: int64 [N], graph of each node.
        offsets: int64 [B + 1], where each graph's nodes begin.
        src: int64 [E], producers, edges sorted by (reader, input slot).
        dst: int64 [E], readers.
        outputs: int64, positions of the graph outputs.
        add_like: bool [N], the operator sums or concatenates its inputs.
    """

    table: Floats
    graph: Ints
    offsets: Ints
    src: Ints
    dst: Ints
    outputs: Ints
    add_like: NDArray[np.bool_]

    def __getattr__(self, name: str) -> Floats:
        try:
            return self.table[:, INDEX[name]]
        except KeyError:
            raise AttributeError(name) from None

    def total(self, values: NDArray[Any]) -> Floats:
        """Sum of a per-node value over each graph. Shapes: [N] -> [B]."""
        return np.add.reduceat(values, self.offsets[:-1], dtype=np.float64)

    def largest(self, values: Floats) -> Floats:
        """Maximum of a per-node value over each graph. Shapes: [N] -> [B]."""
        return np.maximum.reduceat(values, self.offsets[:-1])


def tabulate(graphs: Sequence[Graph]) -> Columns:
    """Lay `graphs` end to end as columns."""
    kinds: dict[tuple[Any, ...], int] = {}  # equal nodes are described once
    rows: list[int] = []
    src: list[int] = []
    dst: list[int] = []
    outputs: list[int] = []
    offsets = [0]
    base = 0
    for graph in graphs:
        for place, (op, inputs, attrs, shape, params, macs) in enumerate(graph.nodes, base):
            rows.append(kinds.setdefault((op, attrs, shape, params, macs, len(inputs)), len(kinds)))
            for i in inputs:
                if i >= 0:
                    src.append(i + base)
                    dst.append(place)
        outputs.extend(o + base for o in graph.outputs)
        base += len(graph.nodes)
        offsets.append(base)
    described = np.array([_describe(*kind) for kind in kinds]).reshape(len(kinds), len(COLUMNS))
    table = described[np.array(rows, dtype=np.int64)]
    bounds = np.array(offsets, dtype=np.int64)
    graph_ids = np.repeat(np.arange(len(graphs)), np.diff(bounds))
    add_like = (table[:, INDEX["add"]] + table[:, INDEX["concat"]]) > 0
    return Columns(table, graph_ids, bounds, np.array(src, dtype=np.int64), np.array(dst, dtype=np.int64),
                   np.array(outputs, dtype=np.int64), add_like)  # fmt: skip
