"""Walks over a grid: empty cells are reached edit by edit, and calls are kept to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from generators.grid_walk import GridWalk
from generators.illumination import Grid
from onnx_bench.arrays import Floats

SIZE = 8


def numbers(arch: str) -> list[float]:
    """An architecture is three digits: two places, and how good it is."""
    return [float(digit) for digit in arch]


def edits(arch: str) -> list[str]:
    return [arch[:i] + str(int(arch[i]) + step) + arch[i + 1 :]
            for i in range(3) for step in (-1, 1) if 0 <= int(arch[i]) + step < SIZE]  # fmt: skip


def expected(arch: str, others: Sequence[str]) -> tuple[Floats, Floats]:
    return np.array([numbers(one)[:2] for one in others]).reshape(-1, 2), np.array(
        [numbers(one)[2] for one in (arch, *others)]
    )


def start(*archs: str) -> Grid[str]:
    edges = list(range(SIZE + 1))
    grid = Grid([edges, edges], lambda arch: numbers(arch)[:2], lambda arch: numbers(arch)[2])
    grid.add(archs)
    return grid


def test_a_walk_reaches_all_cells_and_the_best_of_each() -> None:
    asked: list[str] = []

    def ask(archs: Sequence[str]) -> Sequence[str]:
        asked.extend(archs)
        return archs

    grid = start("000")
    GridWalk(grid, edits, expected, ask).go(8 * SIZE**2)
    assert len(grid.elites) == SIZE**2 and {elite.quality for elite in grid.elites.values()} == {SIZE - 1.0}
    assert len(asked) == len(set(asked)) <= 8 * SIZE**2
    few: list[str] = []
    walk = GridWalk(start("330"), edits, expected, lambda archs: few.extend(archs) or archs)  # type: ignore[func-returns-value]
    walk.go(5)
    assert len(few) == 5 and {one[2] for one in few[:4]} == {"0"}, "empty cells come first"


def test_a_walk_goes_round_what_the_score_does_not_know_or_was_looked_at() -> None:
    """A random architecture can be too large for a block graph: its cell is taken, and nothing starts from it."""
    asked: list[str] = []

    def ask(archs: Sequence[str]) -> Sequence[str]:
        asked.extend(archs)
        return archs

    def told(arch: str, others: Sequence[str]) -> tuple[Floats, Floats]:
        return expected(arch, others) if arch != "775" else (np.zeros((0, 2)), np.full(1, -np.inf))

    grid = start("000", "775")
    GridWalk(grid, lambda arch: edits(arch) if arch != "775" else [], told, ask, looked={"001"}).go(8 * SIZE**2)
    assert "001" not in asked and len(grid.elites) == SIZE**2
    assert grid.elites[7, 7].quality == SIZE - 1.0, "what is better takes its place"


def test_a_walk_ends_where_nothing_may_stand_in_the_grid() -> None:
    looked: list[str] = []

    def none_of(archs: Sequence[str]) -> Sequence[str]:
        looked.extend(archs)
        return []

    grid = start("337")
    GridWalk(grid, edits, expected, none_of).go(100)
    assert set(looked) <= set(edits("337")) and len(grid.elites) == 1
