"""Pictures of generated architectures: their block graphs, what they offer for what they cost, and grids of elites."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from numpy.typing import NDArray

from archlm.generation.generated import Generated
from archlm.generation.illuminate import Illuminated
from archlm.generation.pareto import front
from generators.block_graph import ABSENT, Block, BlockGraph
from generators.condition import Condition
from generators.layouts import get_layout
from generators.limit import shown, unit_of
from onnx_bench.tasks import get_task

_COLUMNS = 4
_MOST_DRAWN = 16
_WRAP = 8
"""Blocks of a chain in one line."""


def block_pictures(found: Sequence[Generated]) -> Figure:
    """The block graphs of the first architectures, sixteen at most."""
    shown = list(found)[:_MOST_DRAWN]
    rows = -(-len(shown) // _COLUMNS)
    figure = Figure(figsize=(4.2 * _COLUMNS, 3.4 * rows))
    figure.subplots_adjust(0.01, 0.01, 0.99, 1 - 0.08 / rows, wspace=0.05, hspace=0.12)  # room for one title
    bare: dict[str, list[float]] = {"xticks": [], "yticks": []}  # hidden ticks would be laid out
    for number, axes in enumerate(figure.subplots(rows, _COLUMNS, squeeze=False, subplot_kw=bare).flat):
        axes.set_axis_off()
        if number < len(shown):
            one = shown[number]
            _draw(axes, get_layout(one.space).encode(one.arch))
            axes.set_title(f"{number + 1:02d}  {one.space}  {one.answer['mean']:.4g}", fontsize=9)
    return figure


def _draw(axes: Axes, graph: BlockGraph) -> None:
    held = [i for i, block in enumerate(graph.blocks) if block.op != ABSENT]
    edges = sorted((i, j) for i, j in graph.edges if i in held and j in held)
    level: dict[int, int] = {}
    for j in held:
        level[j] = max((level[i] + 1 for i, k in edges if k == j), default=0)
    spots: dict[int, tuple[float, float]]
    if edges == list(pairwise(held)):  # a chain is folded into lines
        spots = {i: (n % _WRAP, -1.0 * (n // _WRAP)) for n, i in enumerate(held)}
    else:
        rows = {depth: [i for i in held if level[i] == depth] for depth in set(level.values())}
        spots = {i: (n - (len(row) - 1) / 2, -1.0 * depth) for depth, row in rows.items() for n, i in enumerate(row)}
    for i, j in edges:
        straight = abs(level[j] - level[i]) == 1
        style = {
            "arrowstyle": "->",
            "color": "0.6",
            "lw": 0.8,
            "connectionstyle": f"arc3,rad={0 if straight else 0.25}",
        }
        axes.annotate("", spots[j], spots[i], arrowprops=style)
    for i in held:
        axes.text(*spots[i], _label(graph.blocks[i]), ha="center", va="center", fontsize=5,
                  bbox={"boxstyle": "round", "fc": "#e8eef7", "ec": "#5b7db1", "lw": 0.6})  # fmt: skip
    across, down = zip(*spots.values(), strict=True)
    axes.set(xlim=(min(across) - 0.8, max(across) + 0.8), ylim=(min(down) - 0.6, max(down) + 0.6))


def _label(block: Block) -> str:
    details = {"kernel": "k", "width": "w", "ratio": "x", "depth": "n", "heads": "h"}
    lines = [block.op.replace("_", "\n", 1)]  # eleven operations of DARTS stand in a row
    lines += [f"{letter}{getattr(block, name)}" for name, letter in details.items() if getattr(block, name) is not None]
    if block.gate:
        lines.append("se")
    return "\n".join([lines[0], " ".join(lines[1:])]) if len(lines) > 1 else lines[0]


def trade_off(found: Sequence[Generated], cost: str, condition: Condition) -> Figure:
    """Predictions with their intervals against a cost; those that no other beats in both have their number."""
    figure = Figure(figsize=(6, 4))
    axes = figure.subplots()
    figure.subplots_adjust(0.14, 0.13, 0.97, 0.96)
    mean, across = [one.answer["mean"] for one in found], [one.costs[cost] for one in found]
    best = sorted(front(found, [cost]).members, key=across.__getitem__)
    for color, space in enumerate(dict.fromkeys(one.space for one in found)):
        for held, alpha in ((True, 0.9), (False, 0.3)):
            rows = [row for row, one in enumerate(found) if one.space == space and (row in best) == held]
            reach = [[max(0.0, mean[row] - found[row].answer["q05"]) for row in rows],
                     [max(0.0, found[row].answer["q95"] - mean[row]) for row in rows]]  # fmt: skip
            axes.errorbar([across[row] for row in rows], [mean[row] for row in rows], reach, fmt="o", ms=4, lw=0.7,
                          alpha=alpha, color=f"C{color}", label=space if held else None)  # fmt: skip
    axes.plot([across[row] for row in best], [mean[row] for row in best], "--", lw=0.8, color="0.5", zorder=0)
    for row in best:
        axes.annotate(f"{row + 1:02d}", (across[row], mean[row]), fontsize=7, xytext=(3, 3),
                      textcoords="offset points")  # fmt: skip
    for limit in condition.limits:
        if limit.name == cost:
            axes.axvline(limit.bound, color="C3", lw=0.8, ls=":", label=f"at {'least' if limit.least else 'most'}")
    _along(axes, "x", cost, across)
    axes.set_ylabel(f"predicted {_named(found[0].answer['task'])}")
    if len(axes.get_legend_handles_labels()[1]) > 1:  # several spaces, or a budget
        axes.legend(fontsize=7, loc="lower right")
    return figure


def grid_picture(grid: Illuminated) -> Figure:
    """What is predicted of the best network of every cell, with its number; what nothing was found for is empty."""
    figure = Figure(figsize=(7, 5))
    axes = figure.subplots()
    figure.subplots_adjust(0.13, 0.12, 0.99, 0.96)
    (first, across), (second, up) = grid.edges.items()
    values = np.full((len(up) - 1, len(across) - 1), np.nan)
    task = grid.networks[0].answer["task"]
    for number, ((column, row), one) in enumerate(zip(grid.cells, grid.networks, strict=True), 1):
        values[row, column] = one.answer["mean"]
        axes.annotate(f"{number:02d}", (_middle(across, column), _middle(up, row)), ha="center", va="center",
                      fontsize=7, bbox={"boxstyle": "round", "fc": "white", "ec": "none", "alpha": 0.7})  # fmt: skip
    colors = "viridis" if get_task(task).direction == "max" else "viridis_r"  # the brighter the better
    drawn = axes.pcolormesh(across, up, np.ma.masked_invalid(values), cmap=colors)
    axes.set_facecolor("0.93")
    _along(axes, "x", first, across)
    _along(axes, "y", second, up)
    figure.colorbar(drawn, ax=axes, label=f"predicted {_named(task)}", pad=0.02)
    return figure


_FAR = 5.0
"""Ratio of the largest to the smallest from which on an axis is logarithmic."""


def _along(axes: Axes, which: str, name: str, values: Sequence[float] | NDArray[np.float64]) -> None:
    """The name and the scale of an axis."""
    far = _is_far(values)
    axes.set(**{f"{which}label": _named(name), **({f"{which}scale": "log"} if far else {})})
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_formatter(FuncFormatter(lambda value, _: shown(value)))
    if far:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_minor_locator(NullLocator())


def _is_far(values: Sequence[float] | NDArray[np.float64]) -> bool:
    """Whether values lie so far apart that they belong on a logarithmic axis."""
    return min(values) > 0 and max(values) > _FAR * min(values)


def _middle(edges: NDArray[np.float64], place: int) -> float:
    """The middle of a cell as it is drawn."""
    low, high = edges[place : place + 2]
    return float(np.sqrt(low * high)) if _is_far(edges) else float(low + high) / 2


def _named(name: str) -> str:
    """A name with its unit."""
    unit = unit_of(name).strip()
    return f"{name} ({unit})" if unit else name
