"""Small networks whose proxies can be worked out by hand."""

from __future__ import annotations

from collections.abc import Callable

from onnx_bench.builder import GraphBuilder
from onnx_bench.graph import ArchGraph

Draw = Callable[[GraphBuilder], int]


def network(draw: Draw) -> ArchGraph:
    """The graph that `draw` makes, normalised."""
    pen = GraphBuilder()
    graph = pen.build(draw(pen))
    return ArchGraph(graph.nodes, graph.outputs).normalise()


def chain(*widths: int, bias: bool = False) -> ArchGraph:
    """Linear maps one behind the other, without anything between."""

    def draw(pen: GraphBuilder) -> int:
        x = pen.input((1, widths[0]))
        for width in widths[1:]:
            x = pen.add("Linear", x, features=width, bias=bias)
        return x

    return network(draw)


def perceptron(activation: str = "Relu", width: int = 16, **attrs: float) -> ArchGraph:
    """One hidden layer: 12 inputs, `width` hidden units, 5 classes."""

    def draw(pen: GraphBuilder) -> int:
        hidden = pen.add("Linear", pen.input((1, 12)), features=width, bias=True)
        return pen.add("Linear", pen.add(activation, hidden, **attrs), features=5, bias=True)

    return network(draw)


def small_cnn() -> ArchGraph:
    """Two normed convolutions, a global pool, a classifier."""

    def draw(pen: GraphBuilder) -> int:
        x = pen.input((1, 3, 8, 8))
        for width in (4, 6):
            x = pen.relu(pen.conv(x, width, 3, batch_norm=True))
        return pen.linear(pen.global_pool(x), 5)

    return network(draw)


def tokens(entries: int = 50) -> ArchGraph:
    """A mixer over token embeddings."""

    def draw(pen: GraphBuilder) -> int:
        x = pen.add("Embedding", pen.input((1, 7), dtype="int"), entries=entries, features=8)
        x = pen.add("Gelu", pen.add("Linear", x, features=16, bias=True))
        return pen.add("Linear", pen.add("ReduceMean", x, axes=(1,), keepdims=False), features=3, bias=True)

    return network(draw)
