"""Colours of nodes: hashes of what a node computes and of what is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b

from onnx_bench.node import Attrs, Graph, Node, Shape
from onnx_bench.ops import spec
from onnx_bench.vocabulary import closed_attrs, closed_operator

SIZE = 16
"""Bytes of a colour."""
_CHANNELWISE = frozenset(("activation", "pool", "reduce"))


def digest(data: bytes) -> bytes:
    """A colour from bytes."""
    return blake2b(data, digest_size=SIZE).digest()


def labels(graph: Graph) -> list[bytes]:
    """Per node a colour of operator, attributes and shape alone; foreign names count as their tokens do.

    Whether a norm has a scale and a bias does not count: older exporters leave them out, newer operators demand them
    and an exporter writes ones and zeros, which a file without weights does not show.
    """
    known: dict[tuple[object, ...], bytes] = {}
    found: list[bytes] = []
    for op, _, attrs, shape, _, _ in graph.nodes:
        key = (op, attrs, shape)
        label = known.get(key)
        if label is None:
            label = known[key] = _label(op, attrs, shape, repr(attrs))
        found.append(label)
    return found


@lru_cache(maxsize=1 << 13)
def _label(op: str, attrs: Attrs, shape: Shape | None, written: str) -> bytes:
    """The label of a node; `written` keeps 1, 1.0 and True apart in the cache."""
    if spec(op).kind == "norm":
        attrs = tuple(pair for pair in attrs if pair[0] not in ("scale", "bias"))
    return digest(repr((closed_operator(op), closed_attrs(op, attrs), shape)).encode())


def users_of(graph: Graph) -> list[list[int]]:
    """Per node the positions of its readers, once per reading."""
    users: list[list[int]] = [[] for _ in graph.nodes]
    for i, node in enumerate(graph.nodes):
        for producer in node.inputs:
            if producer >= 0:
                users[producer].append(i)
    return users


def unordered(graph: Graph, users: Sequence[Sequence[int]]) -> list[bool]:
    """Per node whether the order of its inputs is without meaning.

    That is so for commutative operators, and for a `Concat` all of whose readers lead, through operators that treat
    every channel alike, to a dense `Conv` or `Linear`: its weights can be permuted with the channels.
    """
    outputs = set(graph.outputs)
    return [
        spec(node.op).commutative or (node.op == "Concat" and _is_mixed(graph.nodes, users, outputs, i))
        for i, node in enumerate(graph.nodes)
    ]


def _is_mixed(nodes: Sequence[Node], users: Sequence[Sequence[int]], outputs: set[int], concat: int) -> bool:
    """Whether every reader of `concat` mixes its channels."""
    axis, shape = nodes[concat].get("axis"), nodes[concat].shape
    if not isinstance(axis, int) or shape is None:
        return False
    pending = [(concat, axis)]
    while pending:
        i, axis = pending.pop()
        if i in outputs or not users[i]:
            return False
        shape = nodes[i].shape
        for reader in users[i]:
            node = nodes[reader]
            if len(node.inputs) != 1 or shape is None:
                return False
            if node.op == "Conv" and axis == 1 and node.get("groups") == 1:
                continue
            if node.op == "Linear" and axis == len(shape) - 1:
                continue
            kind = spec(node.op).kind
            if kind == "reduce":
                reduced = node.get("axes")
                assert isinstance(reduced, tuple), "axes are a required attribute of reductions"
                if axis in reduced:
                    return False
                kept = axis if node.get("keepdims") else axis - sum(int(a) < axis for a in reduced)
                pending.append((reader, kept))
            elif node.op == "BatchNorm" or kind == "pool":
                if axis != 1:
                    return False
                pending.append((reader, axis))
            elif kind in _CHANNELWISE and node.get("axis") != axis:
                pending.append((reader, axis))
            else:
                return False
    return True


def forward(graph: Graph, label: Sequence[bytes], free: Sequence[bool]) -> list[bytes]:
    """Per node a colour of everything it is computed from."""
    found: list[bytes] = []
    for i, node in enumerate(graph.nodes):
        parts = [found[j] if j >= 0 else b"" for j in node.inputs]
        if free[i]:
            parts.sort()
        found.append(digest(b"|".join([label[i], *parts])))
    return found


def backward(graph: Graph, start: Sequence[bytes], free: Sequence[bool]) -> list[bytes]:
    """Per node a colour of everything that is computed from it; `start` holds the forward colours."""
    readings: list[list[bytes]] = [[] for _ in graph.nodes]
    for place, output in enumerate(graph.outputs):
        readings[output].append(b"output%d" % place)
    found = list(start)
    for i in range(len(graph.nodes) - 1, -1, -1):
        heard = readings[i]
        if len(heard) > 1:
            heard.sort()
        found[i] = colour = digest(b"|".join([start[i], *heard]))
        if free[i]:
            for j in graph.nodes[i].inputs:
                readings[j].append(colour)
        else:
            for place, j in enumerate(graph.nodes[i].inputs):
                if j >= 0:
                    readings[j].append(colour if place == 0 else b"%s.%d" % (colour, place))
    return found
