"""Peak activation memory, against networks small enough to count by hand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from onnx_bench.builder import GraphBuilder
from onnx_bench.memory import peak_activation_bytes
from onnx_bench.node import Graph, Node


def test_a_chain_holds_two_tensors() -> None:
    b = GraphBuilder()
    x = b.input((1, 4, 8, 8))
    for _ in range(5):
        x = b.relu(x)
    assert peak_activation_bytes(b.build(x)) == 2 * 4 * 8 * 8 * 4


def test_a_shortcut_keeps_its_source_alive() -> None:
    b = GraphBuilder()
    x = b.input((1, 4, 8, 8))
    y = b.relu(b.relu(x))
    assert peak_activation_bytes(b.build(b.sum([x, y]))) == 3 * 4 * 8 * 8 * 4


def test_a_reshape_is_a_view_and_weights_are_not_activations() -> None:
    b = GraphBuilder()
    x = b.input((1, 16))
    y = b.add("Reshape", x, shape=(1, 4, 4))
    weight = b.add("Parameter", shape=(1, 4, 4), params=16)
    assert peak_activation_bytes(b.build(b.sum([y, weight]))) == 2 * 16 * 4


def test_an_output_lives_to_the_end() -> None:
    b = GraphBuilder()
    x = b.input((1, 8))
    early = b.relu(x)
    late = b.relu(b.relu(b.relu(x)))
    assert peak_activation_bytes(b.build(early, late)) == 3 * 8 * 4


def test_unknown_shapes_give_no_number() -> None:
    graph = Graph((Node("Input", shape=(1, 2)), Node("custom::Op", (0,), shape=None)), (1,))
    assert peak_activation_bytes(graph) is None


@given(st.lists(st.tuples(st.integers(1, 9), st.lists(st.integers(0, 30), max_size=3)), min_size=1, max_size=30))
def test_it_lies_between_the_largest_tensor_and_all_of_them(rows: list[tuple[int, list[int]]]) -> None:
    nodes = tuple(
        Node("Op", tuple(source % i for source in sources) if i else (), shape=(1, size))
        for i, (size, sources) in enumerate(rows)
    )
    peak = peak_activation_bytes(Graph(nodes, (len(nodes) - 1,)))
    sizes = [4 * size for size, _ in rows]
    assert peak is not None and max(sizes) <= peak <= sum(sizes)
