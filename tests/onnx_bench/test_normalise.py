from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onnx_bench import spaces
from onnx_bench.builder import GraphBuilder
from onnx_bench.fingerprint import fingerprint
from onnx_bench.node import Graph
from onnx_bench.normalise import normalise
from onnx_bench.ops import OPS
from tests.onnx_bench.random_graphs import networks, rewritten
from tests.onnx_bench.spaces.cases import DRAWN


@settings(deadline=None, max_examples=80)
@given(networks())
def test_the_canonical_form_is_its_own(graph: Graph) -> None:
    once, _ = normalise(graph)
    assert normalise(once)[0] == once


@settings(deadline=None, max_examples=80)
@given(networks(), st.integers(0, 1000))
def test_the_order_in_which_a_network_is_written_down_does_not_matter(graph: Graph, seed: int) -> None:
    first, second = normalise(graph)[0], normalise(rewritten(graph, seed))[0]
    assert fingerprint(first) == fingerprint(second)
    assert first == second


@settings(deadline=None, max_examples=30)
@given(networks())
def test_the_canonical_form_is_well_formed(graph: Graph) -> None:
    normal, warnings = normalise(graph)
    assert normal.nodes[normal.outputs[0]].shape == (1, 10)
    readings = [j for node in normal.nodes for j in node.inputs] + list(normal.outputs)
    for i, node in enumerate(normal.nodes):
        assert all(j < i for j in node.inputs)
        assert set(dict(node.attrs)) == set(OPS[node.op].defaults)
        assert node.op == "Input" or i in readings, "nothing is dead"
        if node.op in ("Parameter", "Constant"):
            assert readings.count(i) == 1, "held tensors are read once"
    assert bool(warnings) == (0 not in readings)


@pytest.mark.parametrize("name", DRAWN)
def test_networks_as_trained_normalise_to_what_their_space_builds(name: str) -> None:
    space, rng = spaces.get(name), random.Random(0)
    for _ in range(4):
        arch = space.sample(rng)
        trained, built = space.build(arch, normalised=False), space.build(arch)
        normal, _ = normalise(trained)
        assert fingerprint(normal) == fingerprint(built), arch
        assert sum(n.params for n in normal.nodes) == built.params, arch
        assert normalise(normal)[0] == normal == normalise(built)[0], arch


def test_a_network_without_a_path_says_so() -> None:
    cell = "|none~0|+|none~0|none~1|+|none~0|none~1|nor_conv_3x3~2|"
    normal, warnings = normalise(spaces.get("nasbench201").build(cell, normalised=False))
    assert [n.op for n in normal.nodes] == ["Input", "Constant", "Linear"]
    assert len(warnings) == 1 and "no path" in warnings[0]


def test_unused_inputs_and_outputs_that_are_inputs() -> None:
    b = GraphBuilder()
    x, y = b.input((1, 4)), b.input((1, 3))
    graph = b.build(x, x)
    normal, warnings = normalise(graph)
    assert normal == graph and not warnings
    assert y == 1


def test_long_chains_take_linear_time_and_no_recursion() -> None:
    b = GraphBuilder()
    x = b.input((1, 4))
    for _ in range(3000):
        x = b.add("Tanh", b.add("Reshape", x, shape=(1, 4)))
    normal, _ = normalise(b.build(x))
    assert len(normal.nodes) == 3001


def test_a_tensor_with_many_readers() -> None:
    b = GraphBuilder()
    x = b.input((1, 4))
    c = b.add("Constant", shape=(), value=(2.0,))
    parts = [b.add("Mul", x, c) for _ in range(2000)]
    normal, _ = normalise(b.build(b.add("Concat", *parts, axis=1)))
    assert [n.op for n in normal.nodes] == ["Input", "Constant", "Mul", "Concat"]
