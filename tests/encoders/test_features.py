"""Features: finite, independent of order and company, and telling what their names say."""

from __future__ import annotations

import random

import numpy as np
import pytest

from encoders import features
from onnx_bench import spaces
from onnx_bench.builder import GraphBuilder
from onnx_bench.graph import ArchGraph
from tests.onnx_bench.spaces.cases import DRAWN

CELL = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|avg_pool_3x3~0|skip_connect~1|nor_conv_1x1~2|"


@pytest.mark.parametrize("space", DRAWN)
def test_finite_for_every_space(space: str) -> None:
    rng = random.Random(3)
    graphs = [spaces.get(space).build(spaces.get(space).sample(rng)) for _ in range(20)]
    table = features.compute_many(graphs)
    assert table.shape == (20, len(features.NAMES))
    assert np.isfinite(table).all()


def test_alone_as_in_a_batch() -> None:
    space = spaces.get("nasbench201")
    graphs = [space.build(space.sample(random.Random(i))) for i in range(10)]
    together = features.compute_many(graphs)
    alone = np.concatenate([features.compute_many([g]) for g in graphs])
    np.testing.assert_allclose(together, alone, rtol=1e-9)


def test_unnormalised_graphs_are_normalised_first() -> None:
    space = spaces.get("nasbench201")
    built, trained = space.build(CELL), space.build(CELL, normalised=False)
    assert features.compute(trained) == pytest.approx(dict(features.compute(built)))


def test_names_say_what_is_measured() -> None:
    values = features.compute(spaces.get("nasbench201").build(CELL))
    graph = spaces.get("nasbench201").build(CELL)
    assert values["log_params"] == pytest.approx(np.log1p(graph.params))
    assert values["log_macs"] == pytest.approx(np.log1p(graph.macs))
    assert values["log_stride"] == pytest.approx(np.log(4))
    assert values["kernel_max"] == 3
    assert 0 < values["pool_share"] < 1


def test_squeeze_and_excitation_is_a_gate() -> None:
    b = GraphBuilder()
    x = b.conv(b.input((1, 3, 8, 8)), 8, 3)
    gate = b.add("Sigmoid", b.conv(b.add("ReduceMean", x, axes=(2, 3), keepdims=True), 8, 1))
    graph = b.build(b.add("Mul", x, gate))
    values = features.compute(ArchGraph(graph.nodes, graph.outputs, normalised=True))
    assert values["gates_per_layer"] == pytest.approx(0.5)


def test_unknown_shapes_do_not_break_it() -> None:
    b = GraphBuilder()
    x = b.input((1, 3, 8, 8))
    nodes = [*b.nodes]
    nodes.append(nodes[x]._replace(op="custom#1", inputs=(x,), attrs=(), shape=None))
    values = features.compute(ArchGraph(tuple(nodes), (1,), normalised=True))
    assert all(np.isfinite(v) for v in values.values())
