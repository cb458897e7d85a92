"""Write generated architectures to a folder: ONNX, PyTorch source, a report with pictures."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from archlm.answer import FAMILIAR
from archlm.generation.generated import Generated
from archlm.generation.illuminate import Illuminated
from archlm.generation.pareto import front
from archlm.writing import at_once
from generators.condition import Condition
from generators.limit import shown, unit_of
from onnx_bench.tasks import get_task

_LIST, _PAGE = "networks.json", "report.md"
_TRADE_OFF, _GRID = "trade-off-", "grid.png"


def write_generated(
    folder: Path, found: Sequence[Generated], condition: Condition, *, grid: Illuminated | None = None,
    weights: bool = False, seed: int = 0, progress: Callable[[str], None] = lambda _: None,
) -> None:  # fmt: skip
    """Write `NN.onnx` and `NN.py` for each architecture, `networks.json`, `report.md` and its pictures.

    What an earlier answer has written to the folder is replaced once all of this one is there.

    Raises:
        UserInputError: The folder cannot be written.
    """
    with at_once(folder, last=_PAGE, replaced=_earlier(folder)) as draft:
        listed = json.dumps(as_listed(found, condition, grid), indent=1)
        (draft / _LIST).write_text(listed + "\n", encoding="utf-8")
        for number, one in enumerate(found, 1):
            progress(f"writing {number} of {len(found)}")
            (draft / f"{number:02d}.onnx").write_bytes(one.to_onnx(weights=weights, seed=seed).SerializeToString())
            (draft / f"{number:02d}.py").write_text(one.source, encoding="utf-8")
        progress("drawing")
        from archlm.generation.pictures import block_pictures, grid_picture, trade_off  # slow to import

        block_pictures(found).savefig(draft / "architectures.png", dpi=110)
        costs = _compared(condition, grid)
        for cost in costs:
            trade_off(found, cost, condition).savefig(draft / f"{_file_name(cost)}.png", dpi=110)
        if grid is not None and len(grid.edges) > 1:
            grid_picture(grid).savefig(draft / _GRID, dpi=110)
        (draft / _PAGE).write_text(_page(found, condition, costs, grid), encoding="utf-8")


def as_listed(found: Sequence[Generated], condition: Condition, grid: Illuminated | None = None) -> dict[str, Any]:
    """An answer as JSON: with a grid its axes, and the cell of each network, its place along every axis."""
    listed: dict[str, Any] = {"condition": str(condition), "networks": [one.to_json() for one in found]}
    if grid is not None:
        axes = [{"name": name, "edges": [float(edge) for edge in edges]} for name, edges in grid.edges.items()]
        listed["grid"] = {"axes": axes, "cells": [list(cell) for cell in grid.cells]}
    return listed


def _earlier(folder: Path) -> list[str]:
    """Names of what an earlier answer has written, as far as its list tells."""
    try:
        earlier = len(json.loads((folder / _LIST).read_bytes())["networks"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []
    names = [f"{number:02d}{suffix}" for number in range(1, earlier + 1) for suffix in (".onnx", ".py")]
    return [*names, *(path.name for path in (*folder.glob(f"{_TRADE_OFF}*.png"), *folder.glob(_GRID)))]


def _compared(condition: Condition, grid: Illuminated | None) -> list[str]:
    """Costs that have a picture: those that the condition or the grid speaks of, else the parameters."""
    named = [*(grid.edges if grid else ()), *condition.objectives, *(limit.name for limit in condition.limits)]
    return list(dict.fromkeys(named)) or ["params"]


def _file_name(cost: str) -> str:
    return _TRADE_OFF + cost.replace("/", "-")


def _in_a_cell(text: str) -> str:
    """A text in a table of Markdown, where a bar ends the cell, even in code."""
    return text.replace("|", r"\|")


def _page(
    found: Sequence[Generated], condition: Condition, costs: Sequence[str], grid: Illuminated | None
) -> str:  # fmt: skip
    task = get_task(condition.task)
    unit = f" {task.unit}" if task.unit else ""
    strangers = sum(one.answer["in_distribution"] < FAMILIAR for one in found)
    distinct = len({one.graph.fingerprint() for one in found})
    ends = front(found, condition.objectives) if condition.objectives else None
    heads = [*found[0].costs, *(["front"] if ends else []), "budgets", "architecture"]
    lines = [
        f"# {len(found)} network{'s' * (len(found) > 1)} for {task.name}", "",
        f"Condition: {condition}. {distinct} of {len(found)} are distinct; "
        f"{sum(not one.exceeded for one in found)} meet all budgets.", "",
        f"| | space | predicted{unit} | 90 % interval | {' | '.join(heads)} |", "|---" * (4 + len(heads)) + "|",
    ]  # fmt: skip
    for number, one in enumerate(found, 1):
        numbers = " | ".join(shown(value) + unit_of(name) for name, value in one.costs.items())
        if ends:
            numbers += " | yes" if number - 1 in ends.members else " | "
        interval = f"{one.answer['q05']:.4g} to {one.answer['q95']:.4g}"
        lines.append(
            f"| [{number:02d}]({number:02d}.onnx) ([source]({number:02d}.py)) | {one.space} | "
            f"{one.answer['mean']:.4g} | {interval} | {numbers} | {one.verdict} | `{_in_a_cell(one.arch)}` |"
        )
    lines += [""]
    if grid is not None:
        cells = math.prod(len(edges) - 1 for edges in grid.edges.values())
        lines += [
            f"Each is the best that was found for one of {cells} cells of a grid over {' and '.join(grid.edges)}; the "
            f"outer cells hold what is beyond them as well, and for {cells - len(found)} nothing was found.", "",
        ]  # fmt: skip
    if strangers:
        lines += [f"{strangers} of them are unlike the networks measured on {task.name}: trust their order, not the "
                  "numbers.", ""]  # fmt: skip
    if ends:
        lines += [
            f"No other beats the {len(ends.members)} of the front in both the prediction and "
            f"{', '.join(condition.objectives)}; their hypervolume is {ends.hypervolume:.3f} of the box between the "
            "worst and the best values (costs on a logarithmic scale).", "",
        ]  # fmt: skip
    lines += [
        "Parameters, multiply-accumulates and depth are those of the written files; predictions are of networks "
        "nobody has trained. Where their space was measured on the task, or you fitted it, they have the input and "
        "the head of their space, as the measured ones had, and, where costs were fitted so, dead branches. `archlm "
        "predict` is asked about the file: where it has another head, that of the task, it may say something else.",
        "", "![Architectures](architectures.png)", "",
    ]  # fmt: skip
    if grid is not None and len(grid.edges) > 1:
        lines += [f"![The grid]({_GRID})"]
    lines += [f"![Predicted against {cost}]({_file_name(cost)}.png)" for cost in costs]
    return "\n".join(lines) + "\n"
