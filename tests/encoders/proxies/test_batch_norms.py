"""Batch norms come back where they were, and only there."""

from __future__ import annotations

import random

import pytest

from encoders.proxies.batch_norms import with_batch_norms
from onnx_bench import spaces
from onnx_bench.builder import GraphBuilder
from onnx_bench.graph import ArchGraph
from tests.encoders.proxies.networks import network
from tests.onnx_bench.spaces.cases import DRAWN

ALIVE = "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|"


def put_back(graph: ArchGraph) -> ArchGraph:
    trained = with_batch_norms(graph)
    return ArchGraph(trained.nodes, trained.outputs)


def ops(graph: ArchGraph) -> list[str]:
    return [node.op for node in put_back(graph).nodes]


def test_a_network_without_dead_branches_is_as_it_was_trained() -> None:
    space = spaces.get("nasbench201")
    assert put_back(space.build(ALIVE)).params == space.build(ALIVE, normalised=False).params


@pytest.mark.parametrize("name", DRAWN)
def test_it_stays_the_same_architecture(name: str) -> None:
    space = spaces.get(name)
    graph = space.build(space.sample(random.Random(1)))
    assert put_back(graph).fingerprint() == graph.fingerprint()


def test_gates_and_outputs_have_none() -> None:
    def draw(pen: GraphBuilder) -> int:
        x = pen.relu(pen.conv(pen.input((1, 3, 8, 8)), 4, 3, bias=True))
        gate = pen.conv(pen.add("ReduceMean", x, axes=(2, 3), keepdims=True), 4, 1, bias=True)
        return pen.conv(pen.add("Mul", x, pen.add("Sigmoid", gate)), 2, 1, bias=True)

    assert ops(network(draw)).count("BatchNorm") == 1
    assert "BatchNorm" not in ops(network(lambda pen: pen.conv(pen.input((1, 3, 8, 8)), 2, 1, bias=True)))


@pytest.mark.parametrize(("normed", "expected"), [(True, 0), (False, 1)])
def test_what_is_normed_anyway_has_none(normed: bool, expected: int) -> None:
    """As in ConvNeXt: convolution, channels last, layer norm."""

    def draw(pen: GraphBuilder) -> int:
        x = pen.conv(pen.input((1, 3, 8, 8)), 4, 3, bias=True)
        x = pen.add("Transpose", x, perm=(0, 2, 3, 1))
        x = pen.add("LayerNorm", x) if normed else x
        return pen.add("Linear", pen.add("Gelu", x), features=4, bias=True)

    assert ops(network(draw)).count("BatchNorm") == expected


def test_transposed_convolutions_keep_their_shape() -> None:
    def draw(pen: GraphBuilder) -> int:
        x = pen.add("ConvTranspose", pen.input((1, 3, 8, 8)), channels=4, kernel=(2, 2), strides=(2, 2),
                    pads=(0,) * 4, dilations=(1, 1), output_padding=(0, 0), bias=True)  # fmt: skip
        return pen.relu(x)

    nodes = put_back(network(draw)).nodes
    assert [(n.op, n.shape) for n in nodes[1:3]] == [("ConvTranspose", (1, 4, 16, 16)), ("BatchNorm", (1, 4, 16, 16))]
