"""ONNX files: accepted by the checker, run by onnxruntime, equal to the torch module on the same weights."""

from __future__ import annotations

import onnx
import pytest

from onnx_bench.builder import GraphBuilder
from onnx_bench.errors import ModelTooLargeError, UnsupportedGraphError
from onnx_bench.node import Graph, Node
from onnx_bench.ops import OPS
from onnx_bench.reader import read_graph
from onnx_bench.spaces.nasbench201 import NASBench201
from onnx_bench.writers.onnx_file import CONSTANT
from onnx_bench.writers.onnx_writer import to_onnx
from onnx_bench.writers.torch_writer import to_module
from onnx_bench.writers.view import View
from onnx_bench.writers.weights import make_weights
from tests.onnx_bench.writers.graphs import GRAPHS
from tests.onnx_bench.writers.running import (
    assert_same,
    load_weights,
    random_inputs,
    read_weights,
    run_module,
    run_onnx,
    session,
    shuffle_weights,
)


def test_the_graphs_use_every_canonical_operator() -> None:
    assert {node.op for make in GRAPHS.values() for node in make().nodes} >= OPS.keys()


@pytest.mark.parametrize("name", GRAPHS)
def test_onnx_and_module_compute_the_same(name: str) -> None:
    graph = GRAPHS[name]()
    model = to_onnx(graph, weights=True)
    shuffle_weights(model)
    onnx.checker.check_model(model, full_check=True)
    module = load_weights(to_module(graph), read_weights(model))
    running = session(model)
    for batch in (1,) if View.of(graph).fixed_because else (1, 3):
        inputs = random_inputs(graph, batch)
        assert_same(run_module(module, inputs), run_onnx(running, inputs))


@pytest.mark.parametrize("name", GRAPHS)
def test_file_without_weights_is_valid_and_holds_no_floats(name: str) -> None:
    model = to_onnx(GRAPHS[name]())
    onnx.checker.check_model(model, full_check=True)
    session(model)
    for tensor in model.graph.initializer:
        assert tensor.name.startswith(CONSTANT) or tensor.data_type != onnx.TensorProto.FLOAT


@pytest.mark.parametrize("name", ["fixed_batch"])
def test_batch_is_one_where_the_graph_mixes_examples(name: str) -> None:
    model = to_onnx(GRAPHS[name]())
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_value == 1


def test_batch_axis_is_named() -> None:
    model = to_onnx(GRAPHS["class_token"]())
    for value in (*model.graph.input, *model.graph.output):
        assert value.type.tensor_type.shape.dim[0].dim_param == "batch"


def test_initialisers_are_the_state_dict() -> None:
    graph = GRAPHS["blocks"]()
    model = to_onnx(graph, weights=True, seed=3)
    weights = read_weights(model)
    assert weights.keys() == make_weights(graph).keys()
    assert all((weights[name] == value).all() for name, value in make_weights(graph, seed=3).items())
    assert any((weights[name] != value).any() for name, value in make_weights(graph, seed=4).items())


def test_standard_operators_without_canonical_form_are_written_verbatim() -> None:
    lrn = Node("LRN", (0,), (("alpha", 1), ("beta", 0.75), ("bias", 1.0), ("size", 5)), (1, 8, 4, 4))
    graph = Graph((*only_input((1, 8, 4, 4)), lrn), (1,))
    model = to_onnx(graph, weights=True)
    onnx.checker.check_model(model, full_check=True)
    inputs = random_inputs(graph, 2)
    assert_same(run_module(to_module(graph), inputs), run_onnx(session(model), inputs))


def test_arguments_that_were_inputs_are_written_as_inputs() -> None:
    attrs = (("block_shape", (2, 2)), ("image_shape", (4, 4)))
    model = to_onnx(Graph((*only_input((1, 12, 9)), Node("Col2Im", (0,), attrs, (1, 3, 4, 4))), (1,)))
    onnx.checker.check_model(model, full_check=True)
    assert len(model.graph.node[-1].input) == 3


def test_operators_whose_insides_are_lost_are_named() -> None:
    graph = Graph((*only_input((1, 4)), Node("Loop", (0,), (), (1, 4))), (1,))
    with pytest.raises(UnsupportedGraphError, match="node 1: Loop cannot be written without its body"):
        to_onnx(graph)


def only_input(shape: tuple[int, ...]) -> tuple[Node, ...]:
    b = GraphBuilder()
    return b.build(b.input(shape)).nodes


@pytest.mark.parametrize("op", ["com.acme::Magic", "Custom#17", "NoSuchOperator"])
def test_unknown_operators_are_named(op: str) -> None:
    graph = Graph((*only_input((1, 4)), Node(op, (0,), (), (1, 4))), (1,))
    with pytest.raises(UnsupportedGraphError, match=op):
        to_onnx(graph)
    with pytest.raises(UnsupportedGraphError, match=op):
        to_module(graph)


def test_unknown_shape_is_an_error() -> None:
    graph = Graph((*only_input((1, 4)), Node("Reshape", (0,), (), None)), (1,))
    with pytest.raises(UnsupportedGraphError, match="shape"):
        to_onnx(graph)


def test_too_many_weights_are_refused_and_written_without() -> None:
    b = GraphBuilder()
    graph = b.build(b.linear(b.input((1, 4)), 10**12))
    with pytest.raises(ModelTooLargeError, match="weights"):
        to_onnx(graph, weights=True)
    with pytest.raises(ModelTooLargeError, match="weights"):
        to_module(graph)
    assert to_onnx(graph).ByteSize() < 2000


def test_a_graph_output_may_be_an_input_or_given_twice() -> None:
    b = GraphBuilder()
    x = b.input((1, 4))
    y = b.relu(x)
    graph = b.build(x, y, y)
    model = to_onnx(graph)
    onnx.checker.check_model(model, full_check=True)
    inputs = random_inputs(graph, 2)
    assert_same(run_module(to_module(graph), inputs), run_onnx(session(model), inputs))


def test_unconnected_cells_answer_every_example() -> None:
    graph = NASBench201().build("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|")
    model = to_onnx(graph, weights=True)
    onnx.checker.check_model(model, full_check=True)
    inputs = random_inputs(graph, 3)
    outputs = run_onnx(session(model), inputs)
    assert outputs[0].shape == (3, 10)
    assert_same(run_module(load_weights(to_module(graph), read_weights(model)), inputs), outputs)


@pytest.mark.parametrize(("alpha", "written"), [(0.166667, 1 / 6), (0.2, 0.2)])
def test_the_slope_of_a_hard_sigmoid_is_written_in_full(alpha: float, written: float) -> None:
    b = GraphBuilder()
    graph = b.build(b.add("HardSigmoid", b.input((1, 4)), alpha=alpha))
    model = to_onnx(graph)
    (found,) = (a.f for a in model.graph.node[0].attribute if a.name == "alpha")
    assert found == pytest.approx(written, rel=1e-7)
    assert read_graph(model.SerializeToString(), trusted=True).nodes == graph.nodes
