"""The tensor form."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings

from encoders.operator_ids import COUNT, OPERATORS, operator_id
from encoders.tensors import FEATURES, GraphArrays, to_arrays, to_data
from onnx_bench.builder import GraphBuilder
from onnx_bench.graph import ArchGraph
from onnx_bench.node import Graph, Node
from tests.encoders.random_graphs import image_graphs, odd_graphs


def canonical(graph: Graph) -> ArchGraph:
    """`graph` as it is, declared normalised."""
    return ArchGraph(graph.nodes, graph.outputs, normalised=True)


def column(arrays: GraphArrays, name: str) -> list[float]:
    return arrays.x_num[:, FEATURES.index(name)].tolist()


@pytest.fixture
def residual() -> ArchGraph:
    """Input, depthwise convolution, sum, mean, linear."""
    b = GraphBuilder()
    x = b.input((1, 8, 16, 16))
    y = b.conv(x, 8, 5, groups=8)
    b.linear(b.global_pool(b.sum([y, x])), 4)
    return canonical(b.build(4))


def test_features_of_a_small_network(residual: ArchGraph) -> None:
    arrays = to_arrays(residual)
    assert arrays.x_op.tolist() == [OPERATORS.index(op) for op in ("Input", "Conv", "Add", "ReduceMean", "Linear")]
    assert arrays.edge_index.tolist() == [[0, 1, 0, 2, 3], [1, 2, 2, 3, 4]]
    assert arrays.edge_slot.tolist() == [0, 0, 0, 0, 0], "the terms of a sum are in no order"
    assert column(arrays, "kernel_width") == pytest.approx([0, np.log2(6), 0, 0, 0])
    assert column(arrays, "padding") == [0, 1, 0, 0, 0]
    assert column(arrays, "depthwise") == [0, 1, 0, 0, 0]
    assert column(arrays, "channels_out") == [3, 3, 3, 3, 2]
    assert column(arrays, "positions_out") == [8, 8, 8, 0, 0]
    assert column(arrays, "width_ratio") == [0, 0, 0, 0, -1]
    assert column(arrays, "bias") == [0, 0, 0, 0, 1]
    assert column(arrays, "params") == pytest.approx([0, np.log10(201), 0, 0, np.log10(37)])
    assert column(arrays, "depth") == [0, 0.25, 0.5, 0.75, 1]
    assert column(arrays, "height") == [1, 0.75, 0.5, 0.25, 0]
    assert column(arrays, "fan_out") == pytest.approx([np.log2(3), 1, 1, 1, 0])
    assert column(arrays, "is_output") == [0, 0, 0, 0, 1]
    assert sum(column(arrays, "params_share")) == pytest.approx(1)
    assert sum(column(arrays, "macs_share")) == pytest.approx(1)


def test_a_gate_may_stand_on_either_side() -> None:
    """Exporters write both: the numbers of a product once told them apart, and one network had two answers."""

    def gated(first: bool) -> ArchGraph:
        b = GraphBuilder()
        x = b.conv(b.input((1, 8, 16, 16)), 8, 3)
        gate = b.avg_pool(x, 16, 16)
        end = b.linear(b.global_pool(b.add("Mul", *((gate, x) if first else (x, gate)))), 4)
        return canonical(b.build(end))

    one, other = gated(True), gated(False)
    assert one.fingerprint() == other.fingerprint()
    np.testing.assert_array_equal(to_arrays(one).x_num, to_arrays(other).x_num)


def test_slots_tell_ordered_inputs_apart() -> None:
    b = GraphBuilder()
    x = b.input((1, 2, 4, 8))
    b.add("Attention", x, x, x, scale=1.0)
    b.nodes.append(Node("Custom", (1, -1, 0), (), None))
    arrays = to_arrays(canonical(b.build(2)))
    assert arrays.edge_index.tolist() == [[0, 0, 0, 1, 0], [1, 1, 1, 2, 2]]
    assert arrays.edge_slot.tolist() == [0, 1, 2, 0, 2]


@settings(max_examples=60, deadline=None)
@given(odd_graphs())
def test_odd_graphs_give_finite_numbers(graph: Graph) -> None:
    arrays = to_arrays(canonical(graph))
    nodes, edges = len(graph.nodes), arrays.edge_index.shape[1]
    assert arrays.x_num.shape == (nodes, len(FEATURES))
    assert arrays.edge_index.shape == (2, edges) and arrays.edge_slot.shape == (edges,)
    assert np.isfinite(arrays.x_num).all()
    assert ((arrays.x_op >= 0) & (arrays.x_op < COUNT)).all()
    assert arrays.x_num.dtype == np.float32 and arrays.x_op.dtype == arrays.edge_index.dtype == np.int64


@settings(max_examples=15, deadline=None)
@given(image_graphs(max_blocks=3))
def test_edges_run_forward(graph: Graph) -> None:
    arrays = to_arrays(canonical(graph))
    assert (arrays.edge_index[0] < arrays.edge_index[1]).all()
    assert arrays.edge_index.shape[1] == sum(len(n.inputs) for n in graph.nodes)
    assert max(column(arrays, "depth")) == 1


def test_numbers_of_operators_are_fixed() -> None:
    assert (operator_id("Input"), operator_id("Conv"), operator_id("Add"), operator_id("Clip")) == (0, 4, 21, 103)
    assert operator_id("evil::Op") == operator_id("evil::Op") >= len(OPERATORS)


def test_every_canonical_operator_has_a_number() -> None:
    from onnx_bench.ops import OPS

    assert set(OPERATORS) == set(OPS), "append the new ones and raise operator_ids.VERSION"
    assert len(OPERATORS) == len(set(OPERATORS))


def test_data_objects_batch(residual: ArchGraph) -> None:
    from torch_geometric.loader import DataLoader

    b = GraphBuilder()
    other = canonical(b.build(b.relu(b.input((1, 3, 4, 4)))))
    data = [to_data(residual), to_data(other)]
    (batch,) = DataLoader(data, batch_size=2)
    assert batch.num_nodes == 7
    assert batch.x_num.shape == (7, len(FEATURES))
    assert batch.edge_index.tolist() == [[0, 1, 0, 2, 3, 5], [1, 2, 2, 3, 4, 6]]
    assert batch.batch.tolist() == [0] * 5 + [1] * 2
    assert batch.fingerprint == [residual.fingerprint(), other.fingerprint()]


def test_arrays_need_no_torch() -> None:
    code = "import sys, encoders.tensors, encoders.text; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
