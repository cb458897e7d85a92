"""Graph -> ONNX -> graph keeps the fingerprint."""

from __future__ import annotations

import random

import pytest

from onnx_bench.graph import ArchGraph
from onnx_bench.reader import read_graph
from onnx_bench.spaces import get
from onnx_bench.writers.onnx_writer import to_onnx
from tests.onnx_bench.spaces.cases import DRAWN
from tests.onnx_bench.writers.graphs import GRAPHS, NOT_CANONICAL


def reread(graph: ArchGraph, *, weights: bool = False, normalised: bool = True) -> ArchGraph:
    return read_graph(to_onnx(graph, weights=weights).SerializeToString(), trusted=True, normalised=normalised)


def as_arch(name: str) -> ArchGraph:
    graph = GRAPHS[name]()
    return ArchGraph(graph.nodes, graph.outputs)


@pytest.mark.parametrize("name", sorted(GRAPHS.keys() - NOT_CANONICAL))
@pytest.mark.parametrize("weights", [False, True])
def test_fingerprint_survives(name: str, weights: bool) -> None:
    graph = as_arch(name)
    back = reread(graph, weights=weights)
    assert back.fingerprint() == graph.fingerprint()
    assert back.params == graph.normalise().params


@pytest.mark.parametrize("name", sorted(GRAPHS.keys() - {"held"}))
def test_what_was_read_is_written_and_read_again(name: str) -> None:
    once = reread(as_arch(name))
    assert reread(once).fingerprint() == once.fingerprint()


@pytest.mark.parametrize("name", sorted(GRAPHS.keys() - {"held"}))
def test_graphs_as_read_are_written_too(name: str) -> None:
    once = reread(as_arch(name))
    raw = reread(as_arch(name), normalised=False)
    assert reread(raw).fingerprint() == once.fingerprint()


@pytest.mark.parametrize("space", DRAWN)
@pytest.mark.parametrize("normalised", [True, False])
def test_networks_of_the_spaces(space: str, normalised: bool) -> None:
    graph = get(space).build(get(space).sample(random.Random(7)), normalised=normalised)
    assert reread(graph).fingerprint() == graph.fingerprint()
