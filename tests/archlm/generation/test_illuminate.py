"""Grids of elites: each cell holds the best of what was met, and no network twice."""

from __future__ import annotations

import random

import pytest

from archlm import Condition, Generator
from archlm.generation.generated import Generated
from archlm.generation.illuminate import CELLS, illuminate
from archlm.generation.oracle import Oracle
from generators.condition import InvalidConditionError
from generators.draw import Settings
from generators.layouts import Layout, NotRepresentableError, get_layout

QUICK = Settings(steps=8, rounds=1, calls=8)
DRAWN = Settings(calls=0)
"""No more than what is drawn."""


def test_illumination_fills_a_grid(generator: Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archlm.generation.illuminate.BATCH", 6)
    condition = Condition(space="nasbench201")
    found = illuminate(generator, condition, ["params"], settings=QUICK).networks
    costs = [one.costs["params"] for one in found]
    assert len(found) >= 5 and costs == sorted(costs)
    assert not any(one.exceeded for one in found), "the budgets of the walk are not the user's"
    for wrong in ([], ["params", "params"], ["params", "macs", "depth"], ["size"], ["cifar10"]):
        with pytest.raises(InvalidConditionError):
            illuminate(generator, condition, wrong, settings=QUICK)
    with pytest.raises(InvalidConditionError, match="one space"):
        illuminate(generator, Condition(task="cifar10"), ["params"], settings=QUICK)
    monkeypatch.setattr("archlm.generation.illuminate.BATCH", 1)
    with pytest.raises(InvalidConditionError, match="nearest"):
        illuminate(generator, Condition(space="nasbench201", max_params=10), ["macs"], settings=QUICK)


def test_a_grid_takes_random_networks_that_are_too_large_for_a_block_graph(
    generator: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    layout, rng = get_layout("einspace"), random.Random(0)
    large = [arch for arch in (layout.space.sample(rng) for _ in range(128)) if not _has_graph(layout, arch)]
    monkeypatch.setattr("archlm.generation.illuminate.BATCH", 2)
    monkeypatch.setattr("archlm.generation.teaching.draw", lambda *_: large)
    condition = Condition(task="cifar10", space="einspace")
    grid = illuminate(generator, condition, ["params", "macs"], settings=Settings(steps=2, rounds=0, calls=4))
    assert set(large) & {one.arch for one in grid.networks}


def _has_graph(layout: Layout, arch: str) -> bool:
    try:
        layout.encode(arch)
    except NotRepresentableError:
        return False
    return True


def test_a_grid_holds_each_network_once_and_none_without_a_path(
    generator: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    archs = ["|none~0|+|none~0|none~1|+|nor_conv_1x1~0|none~1|none~2|",
             "|none~0|+|none~0|nor_conv_3x3~1|+|nor_conv_1x1~0|none~1|none~2|",  # the same with a dead branch
             "|none~0|+|none~0|nor_conv_3x3~1|+|none~0|none~1|none~2|"]  # fmt: skip

    def drawn(self: Generator, oracle: Oracle, condition: Condition, *_: object) -> list[Generated]:
        return self.described(oracle, condition, archs[::-1])

    monkeypatch.setattr(Generator, "generate_of", drawn)
    grid = illuminate(generator, Condition(space="nasbench201"), ["params", "macs"], settings=DRAWN)
    assert [one.arch for one in grid.networks] == archs[:1]
    (cell,) = grid.cells
    for place, edges in zip(cell, grid.edges.values(), strict=True):
        assert len(edges) == CELLS + 1 and 0 <= place < CELLS


def test_a_grid_holds_what_was_asked_about_on_the_way(generator: Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    small = "|nor_conv_1x1~0|+|none~0|none~1|+|none~0|nor_conv_1x1~1|none~2|"
    large = "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|none~0|none~1|nor_conv_3x3~2|"

    def drawn(self: Generator, oracle: Oracle, condition: Condition, *_: object) -> list[Generated]:
        oracle.quality([large, small])
        return self.described(oracle, condition, [small])

    monkeypatch.setattr(Generator, "generate_of", drawn)
    grid = illuminate(generator, Condition(space="nasbench201"), ["params", "macs"], settings=DRAWN)
    assert [one.arch for one in grid.networks] == [small, large]
    budget = Condition(space="nasbench201", max_params=5e5)
    assert [one.arch for one in illuminate(generator, budget, ["params", "macs"], settings=DRAWN).networks] == [small]


def test_a_walk_fills_cells_that_no_pass_ended_in(generator: Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn(self: Generator, oracle: Oracle, condition: Condition, *_: object) -> list[Generated]:
        return self.described(oracle, condition, ["32:32:32:32:32"])

    monkeypatch.setattr(Generator, "generate_of", drawn)
    monkeypatch.setattr("archlm.generation.illuminate.START", 4)
    condition = Condition(space="nats_size", max_params=3e5)
    asked = illuminate(generator, condition, ["params", "macs"], settings=Settings(calls=8))
    assert len(asked.networks) > 10, "the cells around were empty"
    assert not any(one.exceeded for one in asked.networks) and len(set(asked.cells)) == len(asked.networks)
