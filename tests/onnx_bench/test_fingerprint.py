from __future__ import annotations

import itertools
import random
from collections import defaultdict
from collections.abc import Callable

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onnx_bench import spaces
from onnx_bench.builder import GraphBuilder
from onnx_bench.canonical_order import canonical_order
from onnx_bench.fingerprint import fingerprint
from onnx_bench.node import Graph
from onnx_bench.normalise import normalise
from onnx_bench.ops import OPS
from tests.onnx_bench.random_graphs import networks, rewritten


def network(draw: Callable[[GraphBuilder, int], int]) -> str:
    """Fingerprint of what `draw` puts on an input."""
    b = GraphBuilder()
    return fingerprint(b.build(draw(b, b.input((1, 4, 8, 8)))))


def test_it_is_32_hex_digits_and_the_same_in_every_process() -> None:
    assert network(lambda b, x: b.relu(x)) == "b413bc7e1c55cb1ba7ff5673d6f8f141"


def test_operators_attributes_shapes_and_wiring_count() -> None:
    found = [
        network(lambda b, x: b.relu(x)),
        network(lambda b, x: b.add("Tanh", x)),
        network(lambda b, x: b.conv(x, 4, 3)),
        network(lambda b, x: b.conv(x, 4, 1)),
        network(lambda b, x: b.conv(x, 8, 3)),
        network(lambda b, x: b.conv(x, 4, 3, bias=True)),
        network(lambda b, x: b.relu(b.conv(x, 4, 3))),
        network(lambda b, x: b.conv(b.relu(x), 4, 3)),
        network(lambda b, x: b.add("Reshape", x, shape=(1, 256))),
        network(lambda b, x: b.add("Reshape", x, shape=(256,))),
        network(lambda b, x: b.add("Sub", b.relu(x), x)),
        network(lambda b, x: b.add("Sub", x, b.relu(x))),
    ]
    assert len(set(found)) == len(found)


def test_parameters_do_not_count() -> None:
    b = GraphBuilder()
    graph = b.build(b.conv(b.input((1, 4, 8, 8)), 4, 3))
    other = Graph((graph.nodes[0], graph.nodes[1]._replace(params=7, macs=9)), graph.outputs)
    assert fingerprint(graph) == fingerprint(other)


def test_sharing_counts() -> None:
    def twice(b: GraphBuilder, x: int) -> int:
        y = b.conv(x, 4, 3)
        return b.sum([y, y])

    assert network(twice) != network(lambda b, x: b.sum([b.conv(x, 4, 3), b.conv(x, 4, 3)]))


def test_sharing_counts_deep_inside() -> None:
    def shared(b: GraphBuilder, x: int) -> int:
        y = b.relu(b.conv(x, 4, 3))
        return b.sum([b.conv(y, 4, 1), b.conv(y, 4, 1)])

    def separate(b: GraphBuilder, x: int) -> int:
        return b.sum([b.conv(b.relu(b.conv(x, 4, 3)), 4, 1) for _ in range(2)])

    assert network(shared) != network(separate)


@pytest.mark.parametrize(("mixed", "same"), [
    (lambda b, x: b.conv(b.relu(x), 4, 1), True),
    (lambda b, x: b.linear(b.global_pool(x), 10), True),
    (lambda b, x: b.conv(b.avg_pool(b.add("BatchNorm", x), 2, 2), 4, 3), True),
    (lambda b, x: b.conv(x, 8, 3, groups=2), False),
    (lambda b, x: b.relu(x), False),
    (lambda b, x: b.conv(b.add("Softmax", x, axis=1), 4, 1), False),
    (lambda b, x: b.conv(b.add("Softmax", x, axis=3), 4, 1), True),
    (lambda b, x: b.add("Slice", x, axis=1, start=0, end=4, step=1), False),
    (lambda b, x: b.linear(b.add("Reshape", x, shape=(1, 512)), 10), False),
    (lambda b, x: b.concat([b.conv(x, 4, 1), b.relu(x)]), False),
])  # fmt: skip
def test_order_of_concatenation_counts_unless_channels_are_mixed(mixed: Callable[..., int], same: bool) -> None:
    def draw(order: int) -> Callable[[GraphBuilder, int], int]:
        def on(b: GraphBuilder, x: int) -> int:
            parts = [b.conv(x, 4, 3), b.conv(x, 4, 1)]
            return mixed(b, b.concat(parts[::order]))

        return on

    assert (network(draw(1)) == network(draw(-1))) is same


@settings(deadline=None, max_examples=80)
@given(networks(), st.integers(0, 1000))
def test_it_is_invariant_under_reordering(graph: Graph, seed: int) -> None:
    other = rewritten(graph, seed)
    assert fingerprint(graph) == fingerprint(other)
    assert canonical_order(graph) == canonical_order(other)


@settings(deadline=None, max_examples=30)
@given(networks(), st.integers(0, 1000))
def test_the_canonical_order_keeps_the_network(graph: Graph, seed: int) -> None:
    normal, _ = normalise(graph)
    ordered = canonical_order(rewritten(normal, seed))
    assert canonical_order(ordered) == ordered
    assert fingerprint(ordered) == fingerprint(normal)
    assert len(ordered.nodes) == len(normal.nodes)


def as_networkx(graph: Graph) -> nx.MultiDiGraph:
    """The graph with all that a fingerprint is to see: positions of operands where they mean something."""
    found = nx.MultiDiGraph()
    for i, node in enumerate(graph.nodes):
        found.add_node(i, label=(node.op, node.attrs, node.shape, i in graph.outputs))
        for place, j in enumerate(node.inputs):
            free = OPS[node.op].commutative or node.op == "Concat"
            found.add_edge(j, i, place=0 if free else place)
    return found


def is_same(a: nx.MultiDiGraph, b: nx.MultiDiGraph) -> bool:
    places = nx.algorithms.isomorphism.categorical_multiedge_match("place", 0)
    return nx.is_isomorphic(a, b, lambda x, y: x["label"] == y["label"], places)


def classes(cells: list[Graph]) -> tuple[int, int]:
    """Number of fingerprints, and of networks that differ by exact isomorphism (within and across fingerprints)."""
    groups: dict[str, list[nx.MultiDiGraph]] = defaultdict(list)
    exact = 0
    by_size: dict[tuple[int, int], list[tuple[str, nx.MultiDiGraph]]] = defaultdict(list)
    for graph in cells:
        key, drawn = fingerprint(graph), as_networkx(graph)
        if not any(is_same(drawn, seen) for seen in groups[key]):
            groups[key].append(drawn)
            same_size = by_size[drawn.number_of_nodes(), drawn.number_of_edges()]
            assert not any(k != key and is_same(drawn, seen) for k, seen in same_size), "one network, two fingerprints"
            same_size.append((key, drawn))
            exact += 1
    return len(groups), exact


@pytest.mark.parametrize(("name", "skeleton"), [
    ("nasbench101", {"stacks": 1, "modules_per_stack": 1}), ("nasbench201", {"cells_per_stage": 1, "stages": 1}),
])  # fmt: skip
def test_fingerprints_are_the_classes_of_exact_isomorphism(name: str, skeleton: dict[str, int]) -> None:
    space = spaces.get(name, **skeleton)
    rng = random.Random(1)
    cells = [space.build(space.sample(rng)) for _ in range(60)]
    prints, exact = classes(cells)
    assert prints == exact


def test_all_small_sums_of_convolutions() -> None:
    """Every way to wire four layers, three of them alike: the fingerprint is as fine as exact isomorphism."""
    pairs = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]
    cells = []
    for wires in itertools.product((False, True), repeat=len(pairs)):
        b = GraphBuilder()
        values = [b.input((1, 4, 8, 8))]
        for i in (1, 2, 3):
            read = [values[p] for (p, q), on in zip(pairs, wires, strict=True) if q == i and on]
            values.append(b.conv(b.sum(read or values[:1]), 4, 3))
        cells.append(b.build(b.sum([values[-1], *values[1:3]])))
    prints, exact = classes(cells)
    assert prints == exact
