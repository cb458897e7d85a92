"""Training-free proxies against the published ones: rank correlation with the accuracy of the same cells.

    python -m train.protocols.proxies

Cells of NAS-Bench-201, drawn at random among the rows of nasbench201_zero_cost.parquet (NAS-Bench-Suite-Zero), and
their CIFAR-10 test accuracy after 200 epochs. The published values were computed on real images; ours need none.
Values are kept under `runs/proxies`, so an interrupted run goes on where it was.
"""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import torch
import typer
from rich.progress import track

from encoders import proxies
from onnx_bench import spaces
from onnx_bench.arrays import Floats
from train.common import spearman, write_results
from train.records import ROOT, data_folder

CACHE = ROOT / "runs" / "proxies"
CHUNK = 10
TIMED = 15
"""Cells on which processor time is taken."""
ACCURACY = "cifar10_test_acc_ep200"
PUBLISHED = {
    "params": "params", "macs": "flops", "naswot": "nwot", "synflow": "synflow", "jacov": "jacov",
    "grad_norm": "grad_norm", "zen": "zen",
}  # fmt: skip
"""Each proxy's name in the published table, behind `zc_cifar10_`."""


def cells(folder: Path, count: int, seed: int) -> pd.DataFrame:
    """`count` random cells with the published proxies and the accuracy."""
    table = pd.read_parquet(folder / "nasbench201_zero_cost.parquet")
    table = table.merge(pd.read_parquet(folder / "nasbench201.parquet")[["arch", ACCURACY]], on="arch")
    rows = np.random.default_rng(seed).choice(len(table), min(count, len(table)), replace=False)
    return table.iloc[rows]


def measure(archs: list[str], names: list[str], batch: int, seed: int) -> list[dict[str, proxies.Measurement]]:
    """Our proxies of some cells."""
    torch.set_num_threads(1)
    space, store = spaces.get("nasbench201"), proxies.Store(CACHE)
    return [proxies.measure(space.build(arch), names, batch=batch, seed=seed, cache=store) for arch in archs]


def cpu_milliseconds(archs: list[str], name: str, batch: int, seed: int) -> float:
    """Median processor time of one proxy on one core, module building included, graph building not; nothing cached.

    Processor time, because the machine may be busy with something else.
    """
    torch.set_num_threads(1)
    graphs = [spaces.get("nasbench201").build(arch) for arch in archs]
    taken = []
    for graph in graphs:
        start = time.process_time()
        proxies.compute(graph, [name], batch=batch, seed=seed)
        taken.append(time.process_time() - start)
    return median(taken) * 1e3


def compare(name: str, values: Floats, table: pd.DataFrame) -> dict[str, Any]:
    """One row of the result. A cell on which a proxy is not defined ranks lowest, as in the published table."""
    ours = np.asarray(pd.Series(values).rank(na_option="top"), dtype=np.float64)
    published = table[f"zc_cifar10_{PUBLISHED[name]}"].to_numpy(dtype=np.float64)
    accuracy = table[ACCURACY].to_numpy(dtype=np.float64)
    rho, theirs = spearman(ours, accuracy), spearman(published, accuracy)
    return {
        "proxy": name, "cells": len(values), "defined": int(np.isfinite(values).sum()), "rho": rho,
        "rho_published": theirs, "difference": rho - theirs, "rho_with_published": spearman(ours, published),
    }  # fmt: skip


def main(
    count: int = 2000, proxy: list[str] | None = None, batch: int = proxies.BATCH, seed: int = 0, workers: int = 2,
    data: str | None = None,
) -> None:  # fmt: skip
    """Measure and write train/results/proxies.csv; all proxies, or those named by --proxy."""
    names = proxy or list(proxies.NAMES)
    table = cells(data_folder(data), count, seed)
    archs = table.arch.tolist()
    jobs = [archs[start : start + CHUNK] for start in range(0, len(archs), CHUNK)]
    with ProcessPoolExecutor(workers) as pool:
        work = pool.map(partial(measure, names=names, batch=batch, seed=seed), jobs)
        chunks = list(track(work, "measuring", total=len(jobs)))
    rows = []
    for name in names:
        values = np.array([measured[name].value for chunk in chunks for measured in chunk])
        milliseconds = cpu_milliseconds(archs[:TIMED], name, batch, seed)
        rows.append({**compare(name, values, table), "milliseconds": milliseconds, "batch": batch, "seed": seed})
    write_results("proxies", rows)


if __name__ == "__main__":
    typer.run(main)
