"""The graph network sees a graph: all of its wiring, nothing of the order it is written in or of what stands beside."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from encoders import features
from encoders.bidirectional_conv import BidirectionalConv
from encoders.graph_batch import GraphBatch
from encoders.graph_network import GraphNetwork, GraphNetworkConfig
from encoders.tensors import FEATURES, GraphArrays, to_arrays
from onnx_bench import spaces
from onnx_bench.arrays import Floats

CONFIG = GraphNetworkConfig(width=16, layers=2, embedding=8)
REACH = 6.0
"""Deviations beyond which an input says no more."""


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def sample() -> tuple[list[GraphArrays], Floats]:
    """Small networks of two spaces, and their features."""
    cell = spaces.get("nasbench201", stem_channels=8, cells_per_stage=1, stages=2)
    deep = spaces.get("transnas_macro")
    rng = random.Random(0)
    graphs = [space.build(space.sample(rng)).normalise() for space in (cell, deep, cell, cell)]
    return [to_arrays(graph) for graph in graphs], features.compute_many(graphs)


@pytest.fixture
def network(sample: tuple[list[GraphArrays], Floats]) -> GraphNetwork:
    graphs, table = sample
    torch.manual_seed(0)
    found = GraphNetwork(CONFIG)
    found.standardise(torch.from_numpy(GraphBatch.of(graphs).x_num), torch.from_numpy(table).float())
    with torch.no_grad():
        for parameter in found.parameters():
            parameter.mul_(2.0)  # weights as large as trained ones, so that what a node says is heard
    return found.eval()


def vectors(network: GraphNetwork, graphs: Sequence[GraphArrays], table: Floats) -> Tensor:
    """Shapes: [B, D]."""
    inputs = GraphBatch.of(graphs).inputs(table)
    return network(**{name: torch.from_numpy(values) for name, values in inputs.items()})


def assert_moved(one: Tensor, other: Tensor) -> None:
    assert (one - other).abs().amax(dim=1).min() > 1e-3


def test_one_vector_a_graph(network: GraphNetwork, sample: tuple[list[GraphArrays], Floats]) -> None:
    found = vectors(network, *sample)
    assert found.shape == (4, CONFIG.embedding) and found.isfinite().all()
    assert torch.pdist(found).min() > 1e-2, "different networks, different vectors"


def test_alone_as_in_a_batch(network: GraphNetwork, sample: tuple[list[GraphArrays], Floats]) -> None:
    graphs, table = sample
    alone = torch.cat([vectors(network, [graph], table[[i]]) for i, graph in enumerate(graphs)])
    torch.testing.assert_close(vectors(network, graphs, table), alone, rtol=0, atol=1e-5)


def test_order_of_nodes_and_edges_says_nothing(network: GraphNetwork, sample: tuple[list[GraphArrays], Floats]) -> None:
    graphs, table = sample
    rng = np.random.default_rng(0)
    shuffled = []
    for graph in graphs:
        order, edges = rng.permutation(len(graph.x_op)), rng.permutation(graph.edge_index.shape[1])
        place = np.argsort(order)  # where each node went
        shuffled.append(GraphArrays(
            graph.x_op[order], graph.x_num[order], place[graph.edge_index[:, edges]], graph.edge_slot[edges]
        ))  # fmt: skip
    expected = vectors(network, graphs, table)
    torch.testing.assert_close(vectors(network, shuffled, table), expected, rtol=0, atol=1e-5)
    reordered = [replace(graph, edge_index=graph.edge_index[:, ::-1]) for graph in graphs]
    torch.testing.assert_close(vectors(network, reordered, table), expected, rtol=0, atol=1e-5)


def test_wiring_counts(network: GraphNetwork, sample: tuple[list[GraphArrays], Floats]) -> None:
    graphs, table = sample
    expected = vectors(network, graphs, table)
    turned = [replace(graph, edge_index=graph.edge_index[::-1]) for graph in graphs]
    assert_moved(vectors(network, turned, table), expected)
    cut = [replace(graph, edge_index=graph.edge_index[:, 1:]) for graph in graphs]
    assert_moved(vectors(network, cut, table), expected)
    bare = [replace(graph, edge_index=graph.edge_index[:, :0]) for graph in graphs]
    without = vectors(network, bare, table)
    assert without.isfinite().all()
    assert_moved(without, expected)


def test_number_of_nodes_counts(network: GraphNetwork, sample: tuple[list[GraphArrays], Floats]) -> None:
    """A network beside its double has the same mean and maximum over nodes; their sum tells the two apart."""
    graphs, table = sample
    double = [
        GraphArrays(batch.x_op, batch.x_num, np.stack([batch.producers, batch.readers]), np.zeros_like(batch.producers))
        for batch in (GraphBatch.of([graph, graph]) for graph in graphs)
    ]
    assert_moved(vectors(network, double, table), vectors(network, graphs, table))


def test_what_lies_beyond_the_clamp_changes_nothing(
    network: GraphNetwork, sample: tuple[list[GraphArrays], Floats]
) -> None:
    graphs, table = sample
    column = FEATURES.index("macs")

    def nodes_at(deviations: float) -> Tensor:
        value = network.number_mean[column] + deviations * network.number_std[column]
        moved = [replace(graph, x_num=graph.x_num.copy()) for graph in graphs]
        for graph in moved:
            graph.x_num[:, column] = value
        return vectors(network, moved, table)

    def features_at(deviations: float) -> Tensor:
        moved = network.feature_mean.double() + deviations * network.feature_std.double()
        return vectors(network, graphs, np.tile(moved.numpy(), (len(graphs), 1)))

    for at in (nodes_at, features_at):
        far = at(1.01 * REACH)
        assert torch.equal(at(1e6), far) and torch.equal(at(-1e6), at(-1.01 * REACH))
        assert_moved(at(0.5 * REACH), far)


def test_gradient_reaches_every_parameter(network: GraphNetwork, sample: tuple[list[GraphArrays], Floats]) -> None:
    graphs, table = sample
    vectors(network, graphs, table).square().sum().backward()
    gradients = {name: parameter.grad for name, parameter in network.named_parameters()}
    assert [n for n, g in gradients.items() if g is None or not g.isfinite().all() or not g.any()] == []
    assert network.operators.weight.grad is not None
    touched = network.operators.weight.grad.any(dim=1).nonzero()[:, 0].tolist()
    assert touched == sorted({op for graph in graphs for op in graph.x_op.tolist()})


def test_standardise_makes_units_irrelevant() -> None:
    torch.manual_seed(0)
    network = GraphNetwork(CONFIG).eval()
    nodes, graphs = 60, 12
    numbers, table = torch.randn(nodes, len(FEATURES)), torch.randn(graphs, len(features.NAMES))
    graph = torch.arange(nodes) // (nodes // graphs)
    ends = torch.arange(nodes - 1)

    def ask(numbers: Tensor, table: Tensor) -> Tensor:
        network.standardise(numbers, table)
        return network(torch.zeros(nodes, dtype=torch.int64), numbers, ends, ends + 1, graph, table)

    plain = ask(numbers, table)
    torch.testing.assert_close(network.number_mean, numbers.mean(0))
    torch.testing.assert_close(network.feature_std, table.std(0))
    torch.testing.assert_close(ask(5 * numbers + 3, 0.1 * table - 7), plain, rtol=0, atol=1e-4)


def test_what_never_varied_does_not_dominate() -> None:
    network = GraphNetwork(CONFIG)
    network.standardise(torch.full((9, len(FEATURES)), 4.0), torch.full((3, len(features.NAMES)), 4.0))
    for mean, std in ((network.number_mean, network.number_std), (network.feature_mean, network.feature_std)):
        assert (mean == 4.0).all() and std.numpy() == pytest.approx(0.02)
    assert {"number_mean", "number_std", "feature_mean", "feature_std"} <= set(network.state_dict()), "stored"


def test_a_round_is_what_its_docstring_says() -> None:
    torch.manual_seed(0)
    conv = BidirectionalConv(4)
    x = torch.randn(4, 4)
    producers, readers = [0, 0, 1, 2, 0], [1, 2, 3, 3, 3]
    own, first, second = conv.inner(conv.norm(x)).chunk(3, dim=1)
    expected = []
    for node in range(4):
        before = [first[p] for p, r in zip(producers, readers, strict=True) if r == node]
        after = [second[r] for p, r in zip(producers, readers, strict=True) if p == node]
        heard = own[node] + sum(before) / max(len(before), 1) + sum(after) / max(len(after), 1) ** 0.5
        expected.append(x[node] + conv.outer(torch.relu(heard)))
    network = GraphNetwork(CONFIG)
    ends = torch.tensor(producers), torch.tensor(readers)
    torch.testing.assert_close(conv(x, *ends, network._scales(*ends, x)), torch.stack(expected))
