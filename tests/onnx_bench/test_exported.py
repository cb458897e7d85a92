"""What an exporter leaves: zeros folded, layers on zeros kept."""

from __future__ import annotations

from onnx_bench import spaces
from onnx_bench.builder import GraphBuilder
from onnx_bench.exported import as_exported
from onnx_bench.node import Graph


def zeroed(b: GraphBuilder, x: int) -> int:
    return b.add("Mul", x, b.add("Constant", shape=(), value=(0.0,)))


def ops(graph: Graph) -> list[str]:
    return [node.op for node in graph.nodes]


def test_a_zeroed_branch_is_gone_with_what_only_it_read() -> None:
    b = GraphBuilder()
    x = b.input((1, 4, 8, 8))
    dead = zeroed(b, b.conv(x, 4, 3))
    graph = as_exported(b.build(b.relu(b.add("Add", b.conv(x, 4, 1), dead))))
    assert ops(graph) == ["Input", "Conv", "Relu"]
    assert graph.nodes[2].inputs == (1,)


def test_a_sum_keeps_its_other_terms() -> None:
    b = GraphBuilder()
    x = b.input((1, 4, 8, 8))
    y = b.relu(x)
    graph = as_exported(b.build(b.add("Add", x, zeroed(b, x), y)))
    assert ops(graph) == ["Input", "Relu", "Add"]
    assert graph.nodes[-1].inputs == (0, 1)


def test_layers_that_read_zeros_stay() -> None:
    b = GraphBuilder()
    x = b.input((1, 4, 8, 8))
    nothing = b.add("Add", zeroed(b, x), zeroed(b, x))
    graph = as_exported(b.build(b.add("Add", x, b.conv(nothing, 4, 3))))
    assert ops(graph) == ["Input", "Constant", "Conv", "Add"]
    assert graph.nodes[1].shape == (1, 4, 8, 8)


def test_a_sum_is_not_narrowed_by_a_dropped_term() -> None:
    b = GraphBuilder()
    narrow, wide = b.input((1, 4, 1, 1)), b.input((1, 4, 8, 8))
    graph = b.build(b.add("Add", narrow, zeroed(b, wide)))
    assert as_exported(graph).nodes[-1].op == "Add"


def test_a_network_without_zeros_stays_as_it_is() -> None:
    cell = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|avg_pool_3x3~0|skip_connect~1|nor_conv_1x1~2|"
    for normalised in (True, False):
        graph = spaces.get("nasbench201").build(cell, normalised=normalised)
        assert as_exported(graph) == Graph(graph.nodes, graph.outputs)
