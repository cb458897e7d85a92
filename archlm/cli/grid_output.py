"""A grid of elites in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archlm.cli.terminal import print_table
from generators.limit import shown, unit_of
from onnx_bench.tasks import get_task

if TYPE_CHECKING:
    from archlm.generation.illuminate import Illuminated


def print_grid(grid: Illuminated) -> None:
    """What is predicted of the best network of every cell, dear above cheap; a point where none was found."""
    (first, across), (second, up) = grid.edges.items()
    task = get_task(grid.networks[0].answer["task"])
    values = {cell: one.answer["mean"] for cell, one in zip(grid.cells, grid.networks, strict=True)}
    heads = [*(f"to {shown(most)}{unit_of(first)}" for most in across[1:-1]), "more"]
    sides = [*(f"to {shown(most)}{unit_of(second)}" for most in up[1:-1]), "more"]
    rows = [
        [side, *(f"{values[column, row]:.4g}" if (column, row) in values else "." for column in range(len(heads)))]
        for row, side in reversed(list(enumerate(sides)))
    ]
    unit = f" in {task.unit}" if task.unit else ""
    cells = len(heads) * len(sides)
    title = f"{task.name}{unit}: the best of {len(values)} of {cells} cells, {first} across, {second} up"
    print_table(title, ["", *heads], rows, right=heads)
