"""The text form: round trip, folding, safety."""

from __future__ import annotations

import random
import re
from pathlib import Path
from textwrap import indent

import pytest
from hypothesis import given, settings

import encoders.text
from encoders.text import decode, encode, tokens, write
from onnx_bench import spaces
from onnx_bench.builder import GraphBuilder
from onnx_bench.graph import ArchGraph
from onnx_bench.node import Graph, Node
from onnx_bench.ops import make_node
from onnx_bench.vocabulary import closed_attrs, closed_operator
from tests.encoders.random_graphs import image_graphs, odd_graphs
from tests.onnx_bench.spaces.cases import DRAWN

BEST_CELL = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|"


def closed(node: Node) -> tuple[object, ...]:
    """A node as it must come back. As text, so that NaN equals itself and 6 is not 6.0."""
    op = closed_operator(node.op)
    return (op, node.inputs, repr(closed_attrs(op, node.attrs)), node.shape, node.params, node.macs)


def assert_round_trip(graph: Graph) -> None:
    back = decode(write(graph))
    assert [closed(n) for n in back.nodes] == [closed(n) for n in graph.nodes]
    assert back.outputs == graph.outputs


def single(op: str, *in_shapes: tuple[int, ...] | None, shape: tuple[int, ...] | None = None, **attrs: object) -> Graph:
    """One operator on inputs of the given shapes."""
    nodes = [make_node("Input", (), (), s) for s in in_shapes]
    nodes.append(make_node(op, range(len(in_shapes)), in_shapes, shape, **attrs))
    return Graph(tuple(nodes), (len(nodes) - 1,))


@settings(max_examples=30, deadline=None)
@given(image_graphs())
def test_round_trip_of_networks(graph: Graph) -> None:
    assert_round_trip(graph)


@settings(max_examples=100, deadline=None)
@given(odd_graphs())
def test_round_trip_of_odd_graphs(graph: Graph) -> None:
    assert_round_trip(graph)


WINDOW = {"kernel": (3, 3), "strides": (1, 1), "pads": (1, 1, 1, 1), "dilations": (1, 1)}


@pytest.mark.parametrize(
    ("graph", "text"),
    [
        (single("Conv", (1, 8, 9, 9), channels=16, bias=True, **WINDOW), "Conv 16 k3"),
        (single("Conv", (1, 8, 9, 9), channels=8, groups=8, bias=False, **WINDOW), "Conv 8 k3 dw bias false"),
        (single("Conv", (1, 8, 9, 9), channels=8, groups=2, bias=True, **WINDOW), "Conv 8 k3 g2"),
        (single("Conv", (1, 8, 9, 9), channels=8, bias=True, **WINDOW | {"kernel": (1, 3)}), "Conv 8 k1 3 p1"),
        (single("Conv", (1, 8, 9, 9), channels=8, bias=True, **WINDOW | {"pads": (0, 1, 1, 0)}), "Conv 8 k3 p0 1 1 0"),
        (
            single("ConvTranspose", (1, 8, 9, 9), channels=8, groups=8, bias=True, output_padding=(1, 1), **WINDOW),
            "ConvTranspose 8 k3 op 1 dw",
        ),
        (single("MaxPool", (1, 8, 9, 9), **WINDOW | {"strides": (2, 2)}), "MaxPool k3 s2"),
        (single("MaxPool", None, shape=(1, 8, 9, 9), **WINDOW), "MaxPool k3 3: 1 8 9 9"),
        (single("Clip", (1, 8), min=0.0, max=6.0), "Clip 0 6"),
        (single("ReduceMean", (1, 8, 4, 4), axes=(2, 3), keepdims=False), "ReduceMean keepdims false"),
        (single("ReduceMean", (1, 8, 4), axes=(1,)), "ReduceMean axes 1"),
        (single("ReduceMean", (1, 8, 4), axes=()), "ReduceMean axes ()"),
        (single("Softmax", (1, 8, 4), axis=2), "Softmax"),
        (single("Attention", *[(1, 2, 9, 64)] * 3, scale=0.125), "Attention[@0 @1 1]"),
        (single("LSTM", (7, 1, 8), hidden=4, direction="bidirectional"), 'LSTM 4 direction "bidirectional"'),
        (single("Einsum", (1, 8), (1, 4), shape=(1, 2), equation="bi,bk->ik"), 'Einsum[@0 1] "ab,ac->bc": 1 2'),
        (single("Resize", (1, 8, 4, 4)), "Resize"),
        (single("Relu", None), "Relu"),
        (single("Cast", (1, 8), to="int"), 'Cast "int"'),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_statements(graph: Graph, text: str) -> None:
    last = write(graph).splitlines()[-1]
    assert last == text
    assert [closed(n) for n in decode(write(graph)).nodes] == [closed(n) for n in graph.nodes]


def test_a_parameter_that_is_not_learned_and_a_shape_against_the_operator() -> None:
    b = GraphBuilder()
    b.add("Parameter", shape=(1, 80), params=0)
    b.nodes.append(b.nodes[0]._replace(op="Relu", inputs=(0,), attrs=(), shape=(2, 3)))
    b.nodes.append(b.nodes[1]._replace(inputs=(1,), shape=None))
    graph = b.build(2, 0)
    assert write(graph) == "Parameter: 1 80 params 0\nRelu: 2 3\nRelu: ?\nout[1 3]\n"
    assert_round_trip(graph)


def test_omitted_and_far_inputs() -> None:
    b = GraphBuilder()
    x = b.input((1, 4))
    b.relu(b.relu(x))
    b.nodes.append(Node("Range", (x, -1, 2), (), (1, 4)))
    graph = b.build(3)
    assert write(graph) == "Input: 1 4\nRelu\nRelu\nRange[@0 _ 1]: 1 4\n"
    assert_round_trip(graph)


def test_operators_without_canonical_form_keep_their_name_in_the_standard() -> None:
    nodes = (make_node("Input", (), (), (1, 4)), Node("ai.onnx::Slice", (0,), (("axis", 1),), (1, 2)))
    graph = Graph(nodes, (1,))
    assert write(graph) == "Input: 1 4\nSlice#0 axis 1: 1 2\n"
    assert decode(write(graph)).nodes == nodes


def test_nas_bench_201_is_three_stages_of_one_cell() -> None:
    graph = spaces.get("nasbench201").build(BEST_CELL)
    text = encode(graph)
    assert indent(text, "    ") in str(encoders.text.__doc__), "the example"
    assert f"{graph.num_nodes} nodes" in str(encoders.text.__doc__)
    assert f"{len(tokens(text))} words" in str(encoders.text.__doc__)


def test_a_hundred_equal_blocks_are_written_once() -> None:
    b = GraphBuilder()
    x = b.conv(b.input((1, 3, 8, 8)), 8, 3)
    for _ in range(100):
        x = b.sum([b.conv(b.relu(b.conv(b.relu(x), 8, 3)), 8, 3), x])
    assert len(tokens(write(b.build(x)))) < 50


def test_dense_connections_fold() -> None:
    b = GraphBuilder()
    parts = [b.conv(b.input((1, 3, 8, 8)), 8, 3)]
    for _ in range(30):
        parts.append(b.conv(b.relu(b.conv(b.relu(b.concat(parts)), 8, 1)), 4, 3))
    graph = b.build(b.concat(parts))
    assert_round_trip(graph)
    assert len(tokens(write(graph))) < 250


def test_equal_architectures_have_equal_texts() -> None:
    graph = spaces.get("nasbench201").build(BEST_CELL)
    first, second, *rest = graph.nodes
    b = GraphBuilder()
    b.nodes = [first, second]
    for node in rest:  # the operands of every sum in the opposite order
        b.nodes.append(node._replace(inputs=node.inputs[::-1]) if node.op == "Add" else node)
    other = ArchGraph(tuple(b.nodes), graph.outputs)
    assert other.fingerprint() == graph.fingerprint()
    assert encode(other) == encode(graph)


@settings(max_examples=60, deadline=None)
@given(odd_graphs())
def test_text_holds_nothing_but_known_words(graph: Graph) -> None:
    text = write(graph)
    assert "".join(tokens(text)) == re.sub(r"\s", "", text)
    assert not re.search(r"evil|Unheard|script|instructions|rm|\x1b|é", text)


@pytest.mark.parametrize("name", DRAWN)
def test_round_trip_of_search_spaces(name: str) -> None:
    space, rng = spaces.get(name), random.Random(0)
    for _ in range(5):
        graph = space.build(space.sample(rng))
        text = encode(graph)
        back = decode(text)
        assert back.fingerprint() == graph.fingerprint()
        assert (back.params, back.macs) == (graph.params, graph.macs)
        assert encode(back) == text


@pytest.mark.data
@pytest.mark.slow
def test_all_of_nas_bench_201_takes_at_most_300_tokens(shared_data: Path) -> None:
    import pyarrow.parquet as pq

    space = spaces.get("nasbench201")
    longest = 0
    for arch in pq.read_table(shared_data / "nasbench201.parquet", columns=["arch"]).column("arch").to_pylist():
        graph = space.build(arch)
        text = encode(graph)
        longest = max(longest, len(tokens(text)))
        assert decode(text).fingerprint() == graph.fingerprint()
    assert longest <= 300


def _assert_files_come_back(folder: Path, numbers: range) -> None:
    import pyarrow.parquet as pq
    import zstandard

    from onnx_bench.reader import read_graph

    files = pq.read_table(folder / "timm_onnx.parquet", columns=["onnx"]).column("onnx")
    for number in [n for n in numbers if n < len(files)]:
        data = zstandard.ZstdDecompressor().decompress(files[number].as_py())
        graph = read_graph(data, trusted=True)
        text = encode(graph)
        back = decode(text)
        assert back.fingerprint() == graph.fingerprint(), number
        assert (back.params, back.macs) == (graph.params, graph.macs), number
        assert encode(back) == text, number
        assert len(tokens(text)) < 2500, number


@pytest.mark.data
def test_round_trip_of_real_networks(shared_data: Path) -> None:
    _assert_files_come_back(shared_data, range(0, 469, 94))


@pytest.mark.data
@pytest.mark.slow
def test_round_trip_of_all_real_networks(shared_data: Path) -> None:
    _assert_files_come_back(shared_data, range(469))
