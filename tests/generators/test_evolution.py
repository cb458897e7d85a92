"""Regularised evolution and the grid of elites."""

from __future__ import annotations

from collections.abc import Sequence

from generators.evolution import evolve
from generators.illumination import Grid


def test_evolution_finds_the_top_and_asks_each_once() -> None:
    asked: list[str] = []

    def convolutions(archs: Sequence[str]) -> list[float]:
        asked.extend(archs)
        return [float(arch.count("nor_conv_3x3")) for arch in archs]

    tried = list(evolve("nasbench201", convolutions, 400, seed=1))
    assert len(tried) == 400 == len(asked) == len(set(asked))
    assert [one.arch for one in tried] == asked
    assert max(one.fitness for one in tried) == 6
    first = sum(one.fitness for one in tried[:50])
    assert sum(one.fitness for one in tried[-50:]) > 1.5 * first
    assert list(evolve("nasbench201", convolutions, 30, seed=1)) == tried[:30]


def test_evolution_ends_where_the_space_is_exhausted() -> None:
    tried = list(evolve("transnas_micro", lambda archs: [0.0] * len(archs), 4096 * 2, population=10, tournament=2))
    assert 3000 < len(tried) <= 4096


def test_a_grid_keeps_the_best_of_each_cell() -> None:
    grid: Grid[tuple[float, float, float]] = Grid([[0, 1, 2], [0, 10, 20]], lambda item: item[:2], lambda item: item[2])
    assert grid.size == 4
    assert grid.add([(0.5, 5, 1.0), (0.2, 7, 3.0), (5.0, -3, 2.0), (0.5, 5, 2.5)]) == 3
    assert {cell: elite.quality for cell, elite in grid.elites.items()} == {(0, 0): 3.0, (1, 0): 2.0}
    assert grid.add([(1.0, 10, 0.1)]) == 1 and (1, 1) in grid.elites
