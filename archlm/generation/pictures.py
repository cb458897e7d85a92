"""Pictures of generated architectures: their block graphs, and what they offer for what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from archlm.generation.generated import Generated
from generators.block_graph import ABSENT, Block, BlockGraph
from generators.layouts import get_layout
from generators.limit import unit_of

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


def trade_off(found: Sequence[Generated], cost: str) -> Figure:
    """Predictions with their intervals against a cost."""
    figure = Figure(figsize=(6, 4))
    axes = figure.subplots()
    figure.subplots_adjust(0.14, 0.13, 0.97, 0.96)
    mean = [one.answer["mean"] for one in found]
    reach = [[max(0.0, one.answer["mean"] - one.answer["q05"]) for one in found],
             [max(0.0, one.answer["q95"] - one.answer["mean"]) for one in found]]  # fmt: skip
    across = [one.costs[cost] for one in found]
    axes.errorbar(across, mean, yerr=reach, fmt="o", ms=4, lw=0.7, alpha=0.8)
    for number, (x, y) in enumerate(zip(across, mean, strict=True), 1):
        axes.annotate(f"{number:02d}", (x, y), fontsize=6, xytext=(3, 3), textcoords="offset points")
    axes.set(xlabel=cost + unit_of(cost), ylabel=f"predicted {found[0].answer['task']}")
    return figure
