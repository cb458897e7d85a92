"""Sizes beyond 64 bits are refused wherever graphs come in."""

from __future__ import annotations

import json
import re

import pytest

from encoders.text import decode
from onnx_bench.builder import GraphBuilder
from onnx_bench.errors import ModelTooLargeError
from onnx_bench.graph import ArchGraph
from onnx_bench.node import Node
from onnx_bench.normalise import normalise
from onnx_bench.size_limits import LARGEST, LARGEST_NUMBER, check_sizes


@pytest.mark.parametrize(
    "node",
    [
        Node("Input"), Node("Input", shape=()), Node("Input", shape=(1, LARGEST)), Node("Input", shape=(0, LARGEST, 9)),
        Node("Linear", params=LARGEST, macs=LARGEST), Node("MaxPool", attrs=(("strides", (1 << 31, 1 << 31)),)),
        Node("Constant", attrs=(("dtype", "int"), ("value", (-LARGEST_NUMBER, LARGEST_NUMBER)))),
        Node("Clip", attrs=(("max", float("inf")), ("min", float("-inf")))),
    ],
)  # fmt: skip
def test_the_largest(node: Node) -> None:
    check_sizes([node])


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([Node("Relu", shape=(2, 1 << 62))], "found 2^63 or more elements in an output of Relu; the limit is 2^63"),
        ([Node("Relu", shape=(0, 1 << 63))], "found 2^63 or more elements in an output of Relu"),
        ([Node("Relu", shape=(1,)), Node("Tile", shape=(1 << 62,) * 64)], "found 2^3968 or more elements"),
        ([Node("Linear", params=1 << 62)] * 2, "found 2^63 or more parameters"),
        ([Node("Linear", macs=1 << 62)] * 4, "found 2^64 or more multiply-accumulates"),
        ([Node("Clip", attrs=(("max", 1 << 64),))], "found 2^64 or more as max of Clip; the limit is 2^64 - 1"),
        ([Node("MaxPool", attrs=(("kernel", (1 << 21,) * 3),))], "2^63 or more as product of the kernel of MaxPool"),
    ],
)  # fmt: skip
def test_too_large(nodes: list[Node], message: str) -> None:
    with pytest.raises(ModelTooLargeError, match=re.escape(message)):
        check_sizes(nodes)


def test_normalisation_does_not_exceed_the_limits_unnoticed() -> None:
    b = GraphBuilder()
    x = b.input((1, 8))
    for _ in range(62):
        x = b.concat([x, x])
    open_shapes = [node if node.op == "Input" else node._replace(shape=None) for node in b.nodes]
    check_sizes(open_shapes)
    with pytest.raises(ModelTooLargeError, match="elements in an output of Concat"):
        normalise(ArchGraph(tuple(open_shapes), (x,)))


def test_texts_and_bytes() -> None:
    with pytest.raises(ModelTooLargeError, match="elements in an output of Input"):
        decode(f"Input: {1 << 40} {1 << 40}")
    small = json.loads(ArchGraph((Node("Input", attrs=(("dtype", "float"),), shape=(3, 5)),), (0,)).to_bytes())
    small["nodes"][0][3] = [1 << 40] * 2
    with pytest.raises(ModelTooLargeError, match="elements in an output of Input"):
        ArchGraph.from_bytes(json.dumps(small).encode())
