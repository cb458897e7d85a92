"""Work totals: worked out by hand, equal for isomorphic graphs, and in two views."""

from __future__ import annotations

import random

import numpy as np
import pytest

from encoders import work
from onnx_bench import spaces
from onnx_bench.builder import GraphBuilder
from onnx_bench.graph import ArchGraph
from tests.onnx_bench.spaces.cases import DRAWN

DEAD = "|none~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|none~0|skip_connect~1|avg_pool_3x3~2|"
WHOLE = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|avg_pool_3x3~0|skip_connect~1|nor_conv_1x1~2|"


def named(graph: ArchGraph, view: str) -> dict[str, float]:
    """Columns of one view that are not 0."""
    row = work.compute_many([graph])[0]
    found = zip(work.NAMES, row.tolist(), strict=True)
    return {name.partition(".")[2]: value for name, value in found if name.startswith(view) and value}


def whole(b: GraphBuilder, output: int, *, normalised: bool = False) -> ArchGraph:
    graph = b.build(output)
    return ArchGraph(graph.nodes, graph.outputs, normalised=normalised)


def test_by_hand() -> None:
    b = GraphBuilder()
    x = b.input((1, 3, 8, 8))
    x = b.conv(x, 4, 3, batch_norm=True)  # 108 weights, 256 elements; the norm is part of it
    y = b.conv(b.relu(x), 4, 1)  # 16 weights
    x = b.relu(b.add("BatchNorm", b.add("Add", x, b.avg_pool(y, 3, 1, 1))))  # this norm follows a sum
    graph = whole(b, b.linear(b.global_pool(x), 10))
    found = named(graph, "stored")
    assert found.pop("weighted_params") == 108 + 16 + 50
    assert found.pop("other_count") == found.pop("activation_count") + found.pop("join_count") + 1 + extra(graph)
    elements = found.pop("other_elements") - found.pop("activation_elements") - found.pop("join_elements")
    assert elements == 256 + 4 * extra(graph)
    assert found == {
        "weighted_count": 3, "weighted_macs": 108 * 64 + 16 * 64 + 40, "weighted_elements": 256 + 256 + 10,
        "pool_count": 1, "pool_elements": 256, "wide_count": 1, "wide_elements": 256,
    }  # fmt: skip


def extra(graph: ArchGraph) -> int:
    """Operators between the last activation and the classifier: 4 elements each."""
    return len(graph.nodes) - 2 - max(i for i, node in enumerate(graph.nodes) if node.op == "Relu")


def test_depthwise_and_grouped_are_not_wide() -> None:
    b = GraphBuilder()
    x = b.input((1, 8, 4, 4))
    found = named(whole(b, b.conv(b.conv(x, 8, 3, groups=8), 8, 3, groups=2)), "stored")
    assert found["weighted_count"] == 2 and "wide_count" not in found
    assert found["weighted_macs"] == (8 * 9 + 8 * 4 * 9) * 16


def test_dead_branches_are_stored_but_not_exported() -> None:
    space = spaces.get("nasbench201")
    graph = space.build(DEAD, normalised=False)
    stored, exported = named(graph, "stored"), named(graph, "exported")
    assert stored["weighted_params"] == sum(n.params for n in graph.nodes if n.op in ("Conv", "Linear"))
    # Each of 15 cells zeroes two edges, and the sum into its last node is left with one term.
    assert stored["other_count"] - exported["other_count"] == 15 * 3
    assert stored["join_count"] - exported["join_count"] == 15
    # The convolution of zeros stays: it is run on zeros.
    assert stored["weighted_count"] == exported["weighted_count"]


def test_canonical_form_is_one_view() -> None:
    graph = spaces.get("nasbench201").build(DEAD)
    assert named(graph, "stored") == named(graph, "exported")
    assert named(graph, "stored")["weighted_macs"] == graph.macs


def test_isomorphic_graphs_are_equal() -> None:
    graph = spaces.get("nasbench201").build(WHOLE, normalised=False)
    rng, order, waiting = random.Random(0), list[int](), set(range(len(graph.nodes)))
    while waiting:  # another topological order
        ready = [i for i in sorted(waiting) if not waiting & set(graph.nodes[i].inputs)]
        order.append(rng.choice(ready))
        waiting.remove(order[-1])
    place = {old: new for new, old in enumerate(order)}
    nodes = [graph.nodes[i]._replace(inputs=tuple(place[j] for j in graph.nodes[i].inputs)) for i in order]
    shuffled = ArchGraph(tuple(nodes), tuple(place[i] for i in graph.outputs))
    assert order != sorted(order)
    assert (work.compute_many([graph]) == work.compute_many([shuffled])).all()


@pytest.mark.parametrize("space", DRAWN)
def test_finite_and_not_negative_for_every_space(space: str) -> None:
    rng, found = random.Random(3), spaces.get(space)
    archs = [found.sample(rng) for _ in range(3)]
    for normalised in (True, False):
        table = work.compute_many([found.build(arch, normalised=normalised) for arch in archs])
        assert table.shape == (3, len(work.NAMES)) == (3, len(work.IS_DETAIL))
        assert np.isfinite(table).all() and (table >= 0).all()
        assert (table[:, work.NAMES.index("stored.weighted_count")] > 0).all()


def test_none() -> None:
    assert work.compute_many([]).shape == (0, len(work.NAMES))
