"""Networks that were timed on devices: their work as they were timed and in canonical form; cached under `runs/`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from encoders import work
from onnx_bench import spaces
from onnx_bench.arrays import Floats
from onnx_bench.graph import ArchGraph
from onnx_bench.reader import read_graph
from onnx_bench.records.table import Table
from onnx_bench.records.tables import MNASNET, NASBENCH201_LATENCY, TIMM
from train.encoded import unpacked
from train.records import ROOT, SUPERVISED, data_folder, described

CACHE = ROOT / "runs" / "work"
TABLES: dict[str, tuple[str, Table]] = {
    "nasbench201": ("nasbench201_latency.parquet", NASBENCH201_LATENCY), "mnasnet": ("mnasnet.parquet", MNASNET),
    "timm": ("timm.parquet", TIMM),
}  # fmt: skip
"""For each space with latencies of whole networks: its file, and what the columns measure."""


@dataclass(frozen=True)
class Timed:
    """B networks of one space, each row one description: isomorphic cells were timed apart, and differ.

    Attributes:
        fingerprints: [B].
        groups: [B] what must not be on both sides: fingerprints, of real networks families.
        columns: [B, Q] work as they were trained and timed, see `encoders.work`.
        canonical: [B, Q] work in canonical form, as a file of them is read.
        latencies: For each device [B] milliseconds; NaN where a network was not timed.
        places: [B] rows in the file of records.
    """

    fingerprints: NDArray[np.str_]
    groups: NDArray[np.str_]
    columns: Floats
    canonical: Floats
    latencies: dict[str, Floats]
    places: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.fingerprints)

    def take(self, rows: NDArray[np.bool_]) -> Timed:
        """The networks at `rows`. Shapes: [B]."""
        return Timed(
            self.fingerprints[rows], self.groups[rows], self.columns[rows], self.canonical[rows],
            {name: values[rows] for name, values in self.latencies.items()}, self.places[rows],
        )  # fmt: skip

    def total(self, name: str) -> Floats:
        """One column of the work. Shapes: [B]."""
        return self.columns[:, work.NAMES.index(name)]


def load_timed(space: str, data: str | None = None) -> Timed:
    """All networks of `space` that were timed; their work is computed on first use, which takes minutes."""
    folder = data_folder(data)
    file, table = TABLES[space]
    frame = _real_networks(folder) if space == "timm" else pd.read_parquet(folder / file)
    archs = described(frame, table)
    files = frame.onnx.tolist() if space == "timm" else [None] * len(frame)
    fingerprints, columns, canonical = _encoded(space, archs, files)
    devices = {c.task.removeprefix("latency/"): c for c in table.columns if c.task.startswith("latency/")}
    values = {name: frame[c.name].to_numpy(float) * c.factor for name, c in devices.items()}
    valid = frame[table.valid].to_numpy(bool) if table.valid else np.ones(len(frame), bool)
    measured = [np.isfinite(v) & (v > 0) for v in values.values()]
    valid = valid & (np.any if space == "timm" else np.all)(measured, axis=0)
    groups = frame.module.to_numpy(dtype=str) if space == "timm" else fingerprints
    return Timed(fingerprints, groups, columns, canonical, values, np.arange(len(frame))).take(valid)


def _real_networks(folder: Path) -> pd.DataFrame:
    """Networks of timm that the records have a graph of, and those that `train.zoos` builds; any weights will do."""
    table = pd.read_parquet(folder / "timm.parquet")
    table = table.sort_values("pretrain_class_heuristic", key=lambda c: c != SUPERVISED, kind="stable")
    table = table.drop_duplicates(["timm_base", "img_size"])
    graphs = pd.read_parquet(folder / "timm_onnx.parquet", columns=["timm_base", "img_size", "onnx"])
    table = table.merge(graphs, how="left", on=["timm_base", "img_size"])
    return table[table.onnx.notna() | (table.pretrain_class_heuristic == SUPERVISED)].reset_index(drop=True)


def _encoded(space: str, archs: list[str], files: list[bytes | None]) -> tuple[NDArray[np.str_], Floats, Floats]:
    """Fingerprints [B], work [B, Q] as trained and in canonical form, which is the only one of real networks."""
    key = hashlib.sha256(json.dumps([space, archs, work.NAMES, work.VERSION]).encode()).hexdigest()[:16]
    cache = CACHE / f"{space}-{key}.npz"
    if not cache.is_file():
        fingerprints, columns, canonical = [], [], []
        for arch, file in zip(archs, files, strict=True):
            graph = _graph(space, arch, file)
            fingerprints.append(graph.fingerprint())
            canonical.append(work.compute_many([graph])[0])
            trained = graph if space == "timm" else spaces.get(space).build(arch, normalised=False)
            columns.append(work.compute_many([trained])[0])
        cache.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(cache, fingerprints=fingerprints, columns=columns, canonical=canonical)
    with np.load(cache, allow_pickle=False) as stored:
        return stored["fingerprints"], stored["columns"], stored["canonical"]


def _graph(space: str, arch: str, file: bytes | None) -> ArchGraph:
    return read_graph(unpacked(file), trusted=True) if isinstance(file, bytes) else spaces.get(space).build(arch)
