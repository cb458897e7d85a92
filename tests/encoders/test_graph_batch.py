"""A batch holds its graphs as they are, however it was put together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encoders.graph_batch import GraphBatch
from encoders.tensors import FEATURES, GraphArrays, to_arrays
from onnx_bench.graph import ArchGraph
from onnx_bench.node import Graph
from tests.encoders.random_graphs import image_graphs, odd_graphs


def arrays_of(graph: Graph) -> GraphArrays:
    """`graph` as it is: odd graphs keep the nodes that normalisation would drop."""
    return to_arrays(ArchGraph(graph.nodes, graph.outputs, normalised=True))


GRAPHS = st.one_of(odd_graphs(), image_graphs(max_blocks=1)).map(arrays_of)


def assert_holds(batch: GraphBatch, graphs: Sequence[GraphArrays]) -> None:
    """`batch` holds `graphs` in their order, compared one at a time."""
    assert len(batch) == len(graphs)
    nodes = edges = 0
    for place, graph in enumerate(graphs):
        node_end, edge_end = nodes + len(graph.x_op), edges + graph.edge_index.shape[1]
        assert (batch.node_ends[place], batch.edge_ends[place]) == (node_end, edge_end)
        np.testing.assert_array_equal(batch.x_op[nodes:node_end], graph.x_op)
        np.testing.assert_array_equal(batch.x_num[nodes:node_end], graph.x_num)
        np.testing.assert_array_equal(batch.producers[edges:edge_end] - nodes, graph.edge_index[0])
        np.testing.assert_array_equal(batch.readers[edges:edge_end] - nodes, graph.edge_index[1])
        assert (batch.graph[nodes:node_end] == place).all()
        nodes, edges = node_end, edge_end
    assert len(batch.x_op) == len(batch.x_num) == len(batch.graph) == nodes
    assert len(batch.producers) == len(batch.readers) == edges
    whole = (batch.x_op, batch.producers, batch.readers, batch.node_ends, batch.edge_ends, batch.graph)
    assert {values.dtype for values in whole} == {np.dtype(np.int64)}, "what onnxruntime takes"
    assert batch.x_num.dtype == np.float32 and batch.x_num.shape[1:] == (len(FEATURES),)


def line(length: int) -> GraphArrays:
    """`length` nodes in a row, numbered by their operators."""
    ends = np.arange(length - 1)
    return GraphArrays(
        np.arange(length), np.zeros((length, len(FEATURES)), np.float32), np.stack([ends, ends + 1]), 0 * ends
    )


def test_two_lines_side_by_side() -> None:
    batch = GraphBatch.of([line(3), line(1), line(2)])
    assert batch.x_op.tolist() == [0, 1, 2, 0, 0, 1]
    assert batch.producers.tolist() == [0, 1, 4] and batch.readers.tolist() == [1, 2, 5]
    assert batch.node_ends.tolist() == [3, 4, 6] and batch.edge_ends.tolist() == [2, 2, 3]
    assert batch.graph.tolist() == [0, 0, 0, 1, 2, 2]


@settings(max_examples=15, deadline=None)
@given(st.lists(GRAPHS, max_size=4))
def test_of_holds_every_graph(graphs: list[GraphArrays]) -> None:
    assert_holds(GraphBatch.of(graphs), graphs)


@settings(max_examples=25, deadline=None)
@given(st.lists(GRAPHS, min_size=1, max_size=4), st.data())
def test_take_is_the_same_as_choosing_first(graphs: list[GraphArrays], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(0, len(graphs) - 1), max_size=6), "rows")  # none, and the same twice
    taken = GraphBatch.of(graphs).take(np.array(rows, np.int64))
    assert_holds(taken, [graphs[row] for row in rows])
    backwards = np.arange(len(rows))[::-1]
    assert_holds(taken.take(backwards), [graphs[row] for row in reversed(rows)])


@settings(max_examples=12, deadline=None)
@given(st.lists(st.lists(GRAPHS, max_size=2), min_size=1, max_size=3))
def test_join_is_the_same_as_all_at_once(groups: list[list[GraphArrays]]) -> None:
    joined = GraphBatch.join([GraphBatch.of(group) for group in groups])
    assert_holds(joined, [graph for group in groups for graph in group])


def test_inputs_are_what_the_network_takes() -> None:
    batch = GraphBatch.of([line(2), line(3)])
    inputs = batch.inputs(np.array([[0.25], [1e-3]]))
    assert set(inputs) == {"x_op", "x_num", "producers", "readers", "graph", "features"}
    assert inputs["graph"].tolist() == [0, 0, 1, 1, 1]
    assert inputs["features"].dtype == np.float32
    assert inputs["features"][:, 0] == pytest.approx([0.25, 1e-3])
