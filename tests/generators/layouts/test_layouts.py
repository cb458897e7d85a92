"""Every layout: lossless round trip, and a valid architecture from any scores whatever."""

from __future__ import annotations

import random
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.block_graph import ABSENT, Block
from generators.layouts import SPACES, NotRepresentableError, get_layout
from generators.scores import Scores
from generators.space_places import vocabulary_of
from onnx_bench import spaces
from onnx_bench.errors import UnknownNameError

VOCABULARY = vocabulary_of(SPACES)


def representable(space: str, count: int) -> list[str]:
    rng, found = random.Random(1), []
    while len(found) < count:
        arch = spaces.get(space).sample(rng)
        try:
            get_layout(space).encode(arch)
        except NotRepresentableError:
            continue
        found.append(arch)
    return found


@pytest.mark.parametrize("space", SPACES)
def test_round_trip_is_lossless(space: str) -> None:
    layout, found = get_layout(space), spaces.get(space)
    for arch in representable(space, 25):
        graph = layout.encode(arch)
        again = layout.decode(Scores.certain(VOCABULARY, graph))
        assert layout.encode(again) == graph
        assert found.build(again).fingerprint() == found.build(arch).fingerprint()


@pytest.mark.parametrize("space", SPACES)
def test_blocks_and_edges_stand_where_the_layout_says(space: str) -> None:
    layout = get_layout(space)
    assert not layout.fixed_edges & layout.free_edges
    for arch in representable(space, 10):
        graph = layout.encode(arch)
        assert len(graph.blocks) == len(layout.places)
        assert layout.fixed_edges <= graph.edges <= layout.fixed_edges | layout.free_edges
        assert all(i < j for i, j in graph.edges)
        for place, block in zip(layout.places, graph.blocks, strict=True):
            assert VOCABULARY.allowed(place)[list(VOCABULARY.columns(block))].all()
            if block.op == ABSENT:
                assert not any(block[1:])


@pytest.mark.parametrize("space", SPACES)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1 << 32), sharpness=st.sampled_from([0.1, 3.0, 30.0]))
def test_any_scores_are_decoded_to_an_architecture(space: str, seed: int, sharpness: float) -> None:
    layout, rng = get_layout(space), np.random.default_rng(seed)
    size = len(layout.places)
    nodes = -sharpness * rng.exponential(size=(size, len(VOCABULARY)))
    arch = layout.decode(Scores(VOCABULARY, nodes, sharpness * rng.normal(size=(size, size))))
    assert spaces.get(space).build(arch).num_nodes
    assert layout.decode(Scores.certain(VOCABULARY, layout.encode(arch))) == arch


def test_too_many_edges_cost_edges_before_vertices() -> None:
    """A cell of five convolutions with every edge keeps them, although the short way is the likeliest."""
    layout = get_layout("nasbench101")
    arch = layout.decode(Scores.certain(VOCABULARY, layout.graph(
        [Block("input"), *[Block("conv3x3")] * 5, Block("output")], combinations(range(7), 2)
    )))  # fmt: skip
    cell = spaces.get("nasbench101").parse(arch)
    assert (len(cell.ops), len(cell.edges)) == (7, 9)


def test_a_space_without_a_layout_is_named() -> None:
    with pytest.raises(UnknownNameError, match="hnasbench201"):
        get_layout("hnasbench201")


def test_what_a_layout_cannot_hold_is_refused() -> None:
    rng, space = random.Random(0), spaces.get("einspace")
    large = max((space.sample(rng) for _ in range(300)), key=len)
    with pytest.raises(NotRepresentableError, match="modules"):
        get_layout("einspace").encode(large)
    edges = "[('skip_connect', 0), ('skip_connect', 1)" + ", ('skip_connect', 0), ('skip_connect', 1)" * 3 + "]"
    loose = f"Genotype(normal={edges}, normal_concat=[4, 5], reduce={edges}, reduce_concat=[2, 3, 4, 5])"
    with pytest.raises(NotRepresentableError, match="four nodes"):
        get_layout("darts").encode(loose)
