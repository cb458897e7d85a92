"""The result tables of the generator for README and model card."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from train.common import RESULTS

FIRST = ("best of first 1", "best of first 2", "best of first 10")


def generation() -> tuple[str, pd.DataFrame]:
    """P7: heading and table."""
    table = pd.read_csv(RESULTS / "p7_generation.csv", dtype={"labels": str})
    is_free = table.method.isin(["unguided", "uniform"])
    loose: list[Any] = list(table[is_free].itertuples())
    free = {(row.space, row.task, row.method): row for row in loose}
    rows = []
    for keys, group in table[~is_free].groupby(["space", "task", "labels", "method"], sort=False):
        space, task, labels, method = map(str, keys)
        bars = free[space, task, "unguided"]
        rows.append({
            "space": space, "task": task, "labels seen": labels, "method": method, "seeds": group.seed.nunique(),
            **{name.replace("best of first", "best of"): _shown(group[name].median()) for name in FIRST},
            "mean of 1,000": f"{group['guided mean'].mean():.2f} ± {group['guided mean'].std(ddof=0):.2f}",
            "distinct": f"{group.distinct.median():.0f}",
            "85th / 95th percentile": f"{bars.p85:.2f} / {bars.p95:.2f}",
            "optimum": f"{bars.optimum:.2f}",
        })  # fmt: skip
    unique = ", ".join(
        f"{space} {row.unique / row.generated:.1%} (uniform {free[space, task, 'uniform'].unique / row.generated:.1%}; "
        f"{row.new / row.generated:.0%} new)"
        for (space, task, method), row in free.items()
        if method == "unguided" and task in ("cifar10", "transnas/class_scene")
    )
    heading = (
        "**Generation, truth by look-up** (medians over seeds of the best measured accuracy of the first networks of a "
        "pass, by rank; mean over the networks of one pass of 1,000; random "
        "sampling and evolution with the same predictor and as many calls of it, their best 1,000 by the predictor; "
        "in NAS-Bench-101 7 % of what is drawn was measured, `random of the measured` draws that alone; `look-up`: "
        "predictor and score saw the whole table; published on NAS-Bench-201, CIFAR-10 / 100, networks "
        "trained in brackets: DiffusionNAG 94.37 (1) / 73.51 (2), DiNAS 94.37 (192) / 73.51 (192). Every network is "
        "valid. Not blind: the strengths of guidance to choose from, and the variety that they must leave, were set "
        "with some seeds of NAS-Bench-101, NAS-Bench-201 and TransNAS-Bench-101 micro in view; in the rows of 16 and "
        "100 labels of the last they are found by halving, after ten scales to choose from had left the median of the "
        "same ten seeds with 16 labels .01 below the 95th percentile: now it is 54.075, with the mean below; all other "
        "rows are of earlier rules, that of the whole table of NAS-Bench-101 of before its cells were kept to nine "
        "edges. "
        f"Unguided networks that are unique: {unique})"
    )
    return heading, pd.DataFrame(rows)


def _shown(value: float) -> str:
    """Two decimals, nothing where fewer were measured."""
    return "" if np.isnan(value) else f"{value:.2f}"


def budgets() -> tuple[str, pd.DataFrame]:
    """P8: heading and table."""
    table = pd.read_csv(RESULTS / "p8_budgets.csv")
    rows = []
    for space, group in table.groupby("space", sort=False):
        judged = group[group.reference.notna()]
        rows.append({
            "space": space, "budgets": len(group), "networks": group.n.sum(),
            "meet all budgets": f"{group.met.sum() / group.n.sum():.1%}",
            "mean of four / mean of best four": f"{judged['mean / reference of four'].mean():.4f}",
            "mean of four / best": f"{judged['mean / reference'].mean():.4f}",
            "best of four / best": f"{(judged.best / judged.reference).mean():.4f}",
            "budgets judged": len(judged), "calls for the best": f"{int(judged['reference calls'].max()):,}",
            "seconds a budget": f"{group.seconds.median():.1f}",
        })  # fmt: skip
    heading = (
        "**Budgets** (random feasible limits of parameters, multiply-accumulates, depth and latency, four networks for "
        "each, fewer where no more that differ fit, counted on the written ONNX files; beside them the best "
        "predictions within the budgets: of all "
        "architectures where the space can be listed, else found by regularised evolution with 10,000 calls)"
    )
    return heading, pd.DataFrame(rows)


def generation_speed() -> tuple[str, pd.DataFrame]:
    """P9 of the generator: heading and table."""
    table = pd.read_csv(RESULTS / "p9_generation.csv")
    shown = table[["what", "seconds", "seconds each", "distinct"]].assign(
        **{"seconds": table.seconds.round(1), "seconds each": table["seconds each"].round(4)}
    )
    return "**Speed of generation** (two cores, one run)", shown
