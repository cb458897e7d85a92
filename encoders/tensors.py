"""The tensor form: an architecture as arrays for graph networks.

Axis letters: N nodes, E edges, F node features (`FEATURES`). Nodes stand in the order of the normalised graph, edges in
the order of their readers. Sizes and counts are logarithms, positions and shares lie between 0 and 1, flags are 0 or 1;
what does not apply is 0. `to_arrays` needs numpy alone, `to_data` torch and torch-geometric.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import copysign, log1p, log2, prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from encoders.operator_ids import operator_id
from onnx_bench.graph import ArchGraph
from onnx_bench.node import Attrs, Graph, Shape
from onnx_bench.ops import spec

if TYPE_CHECKING:
    from torch_geometric.data import Data

FEATURES: tuple[str, ...] = (
    "kernel_height", "kernel_width",  # log2(1 + size); one-dimensional windows fill the width
    "stride_height", "stride_width",  # log2
    "dilation",  # log2 of the largest
    "padding",  # padded positions per axis over kernel - 1: 1 keeps the size at stride 1
    "groups",  # log2
    "depthwise",  # one group per input channel
    "bias",
    "scalar",  # the number in the attributes (slope, bound, scale, value of a constant), sign(v) log(1 + |v|)
    "channels_in", "channels_out",  # log2 of the width: axis 1 of four or more axes, else the last
    "width_ratio",  # log2(out / in)
    "positions_in", "positions_out",  # log2 of all other axes together
    "axis_4", "axis_3", "axis_2", "axis_1",  # log2 of the output's last four axes
    "rank",  # number of axes
    "shape_known",
    "params", "macs",  # log10(1 + count)
    "params_share", "macs_share",  # of the network
    "depth",  # longest path from an input, over the depth of the network
    "height",  # longest path to an output, over the same
    "fan_in", "fan_out",  # log2(1 + count)
    "is_output",
)  # fmt: skip

_SCALARS = ("alpha", "value", "max", "scale", "p", "blocksize", "causal")


@dataclass(frozen=True, slots=True)
class GraphArrays:
    """An architecture as arrays.

    Shapes:
        x_op: [N] int64, see `encoders.operator_ids`.
        x_num: [N, F] float32.
        edge_index: [2, E] int64, producers above readers.
        edge_slot: [E] int64, which input of the reader; 0 throughout where the order of inputs is without meaning.
    """

    x_op: NDArray[np.int64]
    x_num: NDArray[np.float32]
    edge_index: NDArray[np.int64]
    edge_slot: NDArray[np.int64]


def to_arrays(graph: ArchGraph) -> GraphArrays:
    """The arrays of `graph`, which is normalised first."""
    graph = graph.normalise()
    nodes = graph.nodes
    producers, readers, slots = _edges(graph)
    return GraphArrays(
        x_op=np.array([operator_id(n.op) for n in nodes], np.int64),
        x_num=_numbers(graph, readers, producers),
        edge_index=np.array([producers, readers], np.int64).reshape(2, -1),
        edge_slot=np.array(slots, np.int64),
    )


def to_data(graph: ArchGraph) -> Data:
    """`graph` as a `torch_geometric.data.Data` that batches with PyG's loaders. Needs torch and torch-geometric.

    Returns:
        `x_op`, `x_num`, `edge_index` and `edge_slot` as in `GraphArrays`, `num_nodes`, and `fingerprint` (a string).
    """
    import torch
    from torch_geometric.data import Data

    arrays = to_arrays(graph)
    return Data(
        x_op=torch.from_numpy(arrays.x_op),
        x_num=torch.from_numpy(arrays.x_num),
        edge_index=torch.from_numpy(arrays.edge_index),
        edge_slot=torch.from_numpy(arrays.edge_slot),
        num_nodes=len(arrays.x_op),
        fingerprint=graph.fingerprint(),
    )


def _edges(graph: Graph) -> tuple[list[int], list[int], list[int]]:
    producers: list[int] = []
    readers: list[int] = []
    slots: list[int] = []
    for reader, node in enumerate(graph.nodes):
        ordered = not spec(node.op).commutative
        for slot, producer in enumerate(node.inputs):
            if producer >= 0:
                producers.append(producer)
                readers.append(reader)
                slots.append(slot if ordered else 0)
    return producers, readers, slots


def _numbers(graph: ArchGraph, readers: Sequence[int], producers: Sequence[int]) -> NDArray[np.float32]:
    """Node features. Shapes: [N, F] float32."""
    nodes = graph.nodes
    depth, height = [0] * len(nodes), [0] * len(nodes)
    for producer, reader in zip(producers, readers, strict=True):
        if depth[producer] >= depth[reader]:
            depth[reader] = depth[producer] + 1
    for producer, reader in zip(reversed(producers), reversed(readers), strict=True):
        if height[reader] >= height[producer]:
            height[producer] = height[reader] + 1
    longest = max(depth, default=0) or 1
    fan_out = [0] * len(nodes)
    for producer in producers:
        fan_out[producer] += 1
    outputs = set(graph.outputs)
    params, macs = graph.params or 1, graph.macs or 1
    kinds: dict[tuple[Any, ...], int] = {}  # equal nodes are described once
    own, around = [], []
    for i, (op, inputs, attrs, shape, own_params, own_macs) in enumerate(nodes):
        first = nodes[inputs[0]].shape if inputs and inputs[0] >= 0 else None
        if len(inputs) > 1 and spec(op).commutative:
            first = _largest([nodes[k].shape if k >= 0 else None for k in inputs])
        own.append(kinds.setdefault((op, attrs, shape, first, own_params, own_macs), len(kinds)))
        around.append((
            own_params / params, own_macs / macs, depth[i] / longest, height[i] / longest, log2(1 + len(inputs)),
            log2(1 + fan_out[i]), i in outputs,
        ))  # fmt: skip
    if not nodes:
        return np.zeros((0, len(FEATURES)), np.float32)
    described = np.array([_own_features(*kind) for kind in kinds], np.float32)
    return np.concatenate([described[own], np.array(around, np.float32)], axis=1)


def _largest(shapes: Sequence[Shape | None]) -> Shape | None:
    """Of operands whose order is without meaning the largest stands first, unless a shape is unknown."""
    if None in shapes or shapes.count(shapes[0]) == len(shapes):
        return shapes[0]
    return max((shape for shape in shapes if shape is not None), key=lambda shape: (prod(shape), shape))


_LOG10 = log1p(9)


@lru_cache(maxsize=1 << 15)
def _own_features(
    op: str, attrs: Attrs, shape: Shape | None, first: Shape | None, params: int, macs: int
) -> tuple[float, ...]:
    """What a node is whatever stands around it but its first input: networks, and those of a space, repeat nodes."""
    return (
        *_attribute_features(op, attrs, first), *_shape_features(shape, first), log1p(params) / _LOG10,
        log1p(macs) / _LOG10,
    )  # fmt: skip


def _attribute_features(op: str, packed: Attrs, first: Shape | None) -> list[float]:
    attrs: dict[str, Any] = dict(packed)
    kernel = attrs.get("kernel", ())
    window = [0.0] * 6
    if kernel and spec(op).kind in ("conv", "pool"):
        strides, spare = attrs["strides"], sum(kernel) - len(kernel)
        window = [
            log2(1 + kernel[-2]) if len(kernel) > 1 else 0.0, log2(1 + kernel[-1]),
            log2(strides[-2]) if len(kernel) > 1 else 0.0, log2(strides[-1]),
            log2(max(attrs["dilations"])), sum(attrs["pads"]) / spare if spare else 0.0,
        ]  # fmt: skip
    groups = attrs.get("groups", 1)
    depthwise = groups > 1 and op == "Conv" and first is not None and first[1:2] == (groups,)
    return [*window, log2(max(groups, 1)), depthwise, bool(attrs.get("bias", False)), _scalar(attrs)]


def _scalar(attrs: dict[str, Any]) -> float:
    for name in _SCALARS:
        value = attrs.get(name)
        if isinstance(value, tuple) and value:
            value = value[0]
        if isinstance(value, (bool, int, float)) and abs(value) < float("inf"):
            return copysign(log1p(abs(value)), value)
    return 0.0


def _shape_features(shape: Shape | None, first: Shape | None) -> list[float]:
    channels_in, positions_in = _extent(first)
    channels_out, positions_out = _extent(shape)
    known = shape is not None and first is not None
    axes = [log2(max(d, 1)) for d in (shape or ())[-4:]]
    return [
        channels_in, channels_out, channels_out - channels_in if known else 0.0, positions_in, positions_out,
        *[0.0] * (4 - len(axes)), *axes, len(shape or ()), shape is not None,
    ]  # fmt: skip


def _extent(shape: Shape | None) -> tuple[float, float]:
    """log2 of the width and of the number of positions."""
    if not shape:
        return 0.0, 0.0
    axis = 1 if len(shape) >= 4 else len(shape) - 1
    return log2(max(shape[axis], 1)), log2(max(prod(shape[:axis]) * prod(shape[axis + 1 :]), 1))
