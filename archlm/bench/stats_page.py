"""The statistics as a page: markdown tables and pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from archlm.bench.stats import Statistics
from archlm.writing import writing
from onnx_bench.prefixed import count

COLOUR = "#3b6ea5"
TASKS_SHOWN = 24


def write_page(statistics: Statistics, folder: Path) -> Path:
    """Write `README.md` and its pictures to `folder`; returns the page.

    Raises:
        UserInputError: The folder cannot be written.
    """
    pictures: dict[str, Callable[[Statistics], Figure]] = {
        "counts": _counts, "sizes": _sizes, "divergence": _divergence, "values": _values,
    }  # fmt: skip
    page = folder / "README.md"
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, draw in pictures.items():
            draw(statistics).savefig(folder / f"{name}.svg", metadata={"Date": None})
        page.write_text(_markdown(statistics), encoding="utf-8")
    return page


def _markdown(s: Statistics) -> str:
    m = s.manifest
    spaces = s.spaces()
    spaces["architectures"] = spaces["architectures"].map("{:,}".format)
    closest = s.divergence.where(~np.eye(len(s.divergence), dtype=bool))
    return "\n".join([
        "# ONNX-Bench in numbers",
        "",
        f"{m['architectures']:,} distinct architectures of {m['entries']:,} entries, {m['measurements']:,} "
        f"measurements on {s.values.task.nunique()} tasks; {m['skipped']:,} entries could not be built.",
        "",
        "## Spaces",
        "",
        _table(spaces.reset_index(), count),
        "",
        "![distinct architectures](counts.svg)",
        "![parameters and MACs](sizes.svg)",
        "",
        "## How far the spaces lie apart",
        "",
        "Jensen-Shannon divergence in bits between mean operator shares; 0 equal, 1 without a common operator.",
        "",
        "![operator divergence](divergence.svg)",
        "",
        _table(pd.DataFrame({
            "space": closest.index, "closest": closest.idxmin().to_numpy(), "divergence": closest.min().to_numpy()
        }) if len(closest) > 1 else pd.DataFrame(), lambda v: f"{v:.3f}"),
        "",
        "## Measurements",
        "",
        _table(s.tasks().reset_index(), lambda v: f"{v:.5g}"),
        "",
        "![values](values.svg)",
        "",
    ])  # fmt: skip


def _table(frame: pd.DataFrame, number: Callable[[float], str]) -> str:
    if frame.empty:
        return "None."
    rows = [
        [cell if isinstance(cell, str) else number(float(cell)) for cell in row] for row in frame.to_numpy().tolist()
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in [list(frame.columns), ["---"] * frame.shape[1], *rows])


def _figure(width: float, height: float) -> Figure:
    return Figure(figsize=(width, height), layout="constrained")


def _counts(s: Statistics) -> Figure:
    counts = s.sizes.space.value_counts().sort_values()
    figure = _figure(8, 1 + 0.3 * len(counts))
    axes = figure.subplots()
    bars = axes.barh(counts.index, counts.to_numpy(), color=COLOUR)
    axes.bar_label(bars, labels=[f" {n:,}" for n in counts])
    axes.set(xscale="log", xlabel="distinct architectures", xlim=(1, 10 * counts.max()))
    return figure


def _sizes(s: Statistics) -> Figure:
    groups = dict(list(s.sizes.groupby("space", sort=False)))
    figure = _figure(10, 1 + 0.3 * len(groups))
    for axes, size in zip(figure.subplots(1, 2, sharey=True), ("params", "macs"), strict=True):
        values = [np.maximum(group[size], 1) for group in groups.values()]
        axes.boxplot(values, tick_labels=list(groups), orientation="horizontal", whis=(0, 100))
        axes.set(xscale="log", xlabel={"params": "effective parameters", "macs": "MACs"}[size])
    return figure


def _divergence(s: Statistics) -> Figure:
    table = s.divergence
    figure = _figure(2 + 0.5 * len(table), 1.5 + 0.45 * len(table))
    axes = figure.subplots()
    image = axes.imshow(table.to_numpy(), vmin=0, vmax=1, cmap="viridis")
    axes.set_xticks(range(len(table)), table.columns, rotation=60, ha="right")
    axes.set_yticks(range(len(table)), table.index)
    for (i, j), value in np.ndenumerate(table.to_numpy()):
        axes.text(j, i, f"{value:.2f}", ha="center", va="center", color="white" if value < 0.6 else "black", fontsize=7)
    figure.colorbar(image, label="bits")
    return figure


def _values(s: Statistics) -> Figure:
    tasks = s.values.task.value_counts().index[:TASKS_SHOWN]
    columns = 4
    rows = max(1, -(-len(tasks) // columns))
    figure = _figure(12, 2.4 * rows)
    cells = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, task in zip(cells, tasks, strict=False):
        for space, group in s.values[s.values.task == task].groupby("space"):
            axes.hist(group["value"], bins=40, histtype="step", label=space)
        axes.set_title(task, fontsize=8)
        axes.tick_params(labelsize=6)
        axes.legend(fontsize=5)
    for axes in cells[len(tasks) :]:
        axes.set_axis_off()
    return figure
