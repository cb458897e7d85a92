"""Illumination: the best architecture for every combination of costs (Mouret and Clune, MAP-Elites, 2015)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

import numpy as np

Item = TypeVar("Item")


class Elite(NamedTuple, Generic[Item]):
    """The best item of a cell of the grid.

    Attributes:
        cell: Position along every axis.
        item: The best one.
        quality: How good it is, more being better.
    """

    cell: tuple[int, ...]
    item: Item
    quality: float


class Grid(Generic[Item]):
    """A grid over costs, whose cells hold the best item seen in each.

    Args:
        edges: Of the cells along every axis, ascending; what is beyond the ends belongs to the outer cells.
        costs: The position of an item.
        quality: More is better.
    """

    def __init__(
        self, edges: Sequence[Sequence[float]], costs: Callable[[Item], Sequence[float]],
        quality: Callable[[Item], float],
    ) -> None:  # fmt: skip
        self.edges, self.costs, self.quality = edges, costs, quality
        self.elites: dict[tuple[int, ...], Elite[Item]] = {}

    @property
    def size(self) -> int:
        """Number of cells."""
        return int(np.prod([len(axis) - 1 for axis in self.edges]))

    def cell(self, costs: Iterable[float]) -> tuple[int, ...]:
        """The cell that something of such costs belongs to."""
        return tuple(
            int(np.clip(np.searchsorted(axis, value, "right") - 1, 0, len(axis) - 2))
            for axis, value in zip(self.edges, costs, strict=True)
        )

    def add(self, items: Iterable[Item]) -> int:
        """Put items into their cells; returns how many of them are now the best of one."""
        placed = 0
        for item in items:
            cell = self.cell(self.costs(item))
            quality = self.quality(item)
            if cell not in self.elites or quality > self.elites[cell].quality:
                self.elites[cell] = Elite(cell, item, quality)
                placed += 1
        return placed
