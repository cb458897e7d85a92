"""Networks that were timed on devices: their work as they were timed and in canonical form; cached under `runs/`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from encoders import work
from onnx_bench import spaces
from onnx_bench.arrays import Floats
from onnx_bench.records.table import Table
from onnx_bench.records.tables import MNASNET, NASBENCH201_LATENCY
from train.records import ROOT, data_folder

CACHE = ROOT / "runs" / "work"
TABLES: dict[str, tuple[str, Table]] = {
    "nasbench201": ("nasbench201_latency.parquet", NASBENCH201_LATENCY), "mnasnet": ("mnasnet.parquet", MNASNET),
}  # fmt: skip
"""For each space with latencies of whole networks: its file, and what the columns measure."""


@dataclass(frozen=True)
class Timed:
    """B networks of one space, each row one description: isomorphic cells were timed apart, and differ.

    Attributes:
        fingerprints: [B].
        columns: [B, Q] work as they were trained and timed, see `encoders.work`.
        canonical: [B, Q] work in canonical form, as a file of them is read.
        latencies: For each device [B] milliseconds.
        places: [B] rows in the file of records.
    """

    fingerprints: NDArray[np.str_]
    columns: Floats
    canonical: Floats
    latencies: dict[str, Floats]
    places: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.fingerprints)

    def take(self, rows: NDArray[np.bool_]) -> Timed:
        """The networks at `rows`. Shapes: [B]."""
        return Timed(
            self.fingerprints[rows], self.columns[rows], self.canonical[rows],
            {name: values[rows] for name, values in self.latencies.items()}, self.places[rows],
        )  # fmt: skip

    def total(self, name: str) -> Floats:
        """One column of the work. Shapes: [B]."""
        return self.columns[:, work.NAMES.index(name)]


def load_timed(space: str, data: str | None = None) -> Timed:
    """All networks of `space` that were timed; their work is computed on first use, which takes minutes."""
    file, table = TABLES[space]
    frame = pd.read_parquet(data_folder(data) / file)
    archs = [table.arch(*key) for key in zip(*(frame[name] for name in table.key), strict=True)]
    fingerprints, columns, canonical = _encoded(space, archs)
    devices = {c.task.removeprefix("latency/"): c for c in table.columns if c.task.startswith("latency/")}
    values = {name: frame[c.name].to_numpy(float) * c.factor for name, c in devices.items()}
    valid = frame[table.valid].to_numpy(bool) if table.valid else np.ones(len(frame), bool)
    valid = valid & np.all([np.isfinite(v) & (v > 0) for v in values.values()], axis=0)
    return Timed(fingerprints, columns, canonical, values, np.arange(len(frame))).take(valid)


def _encoded(space: str, archs: list[str]) -> tuple[NDArray[np.str_], Floats, Floats]:
    key = hashlib.sha256(json.dumps([space, archs, work.NAMES, work.VERSION]).encode()).hexdigest()[:16]
    cache = CACHE / f"{space}-{key}.npz"
    if not cache.is_file():
        found = spaces.get(space)
        fingerprints, columns, canonical = [], [], []
        for arch in archs:
            graph = found.build(arch)
            fingerprints.append(graph.fingerprint())
            canonical.append(work.compute_many([graph])[0])
            columns.append(work.compute_many([found.build(arch, normalised=False)])[0])
        cache.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(cache, fingerprints=fingerprints, columns=columns, canonical=canonical)
    with np.load(cache, allow_pickle=False) as stored:
        return stored["fingerprints"], stored["columns"], stored["canonical"]
