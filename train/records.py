"""Labelled networks of one space: graphs encoded once, labels by task, grouped by fingerprint.

Needs the benchmark records (`--data` or `$ARCHLM_SHARED`); what is computed from them is cached under `runs/`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.progress import track

from encoders import features
from onnx_bench import spaces
from onnx_bench.graph import ArchGraph
from onnx_bench.reader import read_graph

Floats = NDArray[np.float64]

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "runs" / "encoded"
CHUNK = 250

TRANSNAS = ("class_scene", "class_object", "jigsaw", "room_layout", "segmentsemantic", "normal", "autoencoder")
_TRANSNAS_COLUMNS = {
    "transnas/class_scene": "class_scene_val_top1_final",
    "transnas/class_object": "class_object_val_top1_final",
    "transnas/jigsaw": "jigsaw_val_top1_final",
    "transnas/room_layout": "room_layout_val_neg_loss_final",
    "transnas/segmentsemantic": "segmentsemantic_val_acc_final",
    "transnas/normal": "normal_val_ssim_final",
    "transnas/autoencoder": "autoencoder_val_ssim_final",
}
LABELS: dict[str, tuple[str, dict[str, str]]] = {
    "nasbench101": ("nasbench101.parquet", {"cifar10": "cifar10_val_acc_ep108"}),
    "nasbench201": ("nasbench201.parquet", {
        "cifar10": "cifar10_test_acc_ep200", "cifar100": "cifar100_test_acc_ep200",
        "imagenet16-120": "imagenet16_120_test_acc_ep200",
    }),
    "transnas_micro": ("transnas101_micro.parquet", _TRANSNAS_COLUMNS),
    "transnas_macro": ("transnas101_macro.parquet", _TRANSNAS_COLUMNS),
    "mnasnet": ("mnasnet.parquet", {"imagenet-1k-proxy": "imagenet_val_top1_proxy"}),
    "timm": ("timm.parquet", {"imagenet-1k": "imagenet1k_val_top1_acc"}),
}  # fmt: skip
"""For each space: its file, and for each task the column that holds the measured value."""

SPACE_TASK = {
    "nasbench101": "cifar10", "nasbench201": "cifar10", "transnas_micro": "transnas/class_scene",
    "transnas_macro": "transnas/class_scene", "mnasnet": "imagenet-1k-proxy", "timm": "imagenet-1k",
}  # fmt: skip
"""The classification task by which a space enters cross-space training and protocol P2."""


@dataclass(frozen=True)
class Labelled:
    """Networks of one space with their measured values.

    Attributes:
        space: Name of the space.
        archs: [B] descriptions in the space's own language (for timm the model name).
        groups: [B] what must stay on one side of a split: fingerprints; for timm model families.
        fingerprints: [B].
        features: [B, F].
        params: [B] effective parameters.
        macs: [B].
        targets: For each task [B] values, NaN where not measured.
    """

    space: str
    archs: NDArray[np.str_]
    groups: NDArray[np.str_]
    fingerprints: NDArray[np.str_]
    features: Floats
    params: Floats
    macs: Floats
    targets: dict[str, Floats]

    def __len__(self) -> int:
        return len(self.archs)

    def take(self, rows: NDArray[Any]) -> Labelled:
        """The networks at `rows` (positions or a mask)."""
        return Labelled(
            self.space, self.archs[rows], self.groups[rows], self.fingerprints[rows], self.features[rows],
            self.params[rows], self.macs[rows], {task: values[rows] for task, values in self.targets.items()},
        )  # fmt: skip

    @property
    def values(self) -> Floats:
        """Measured values of the space's classification task. Shapes: [B]."""
        return self.targets[SPACE_TASK[self.space]]


def data_folder(data: str | None = None) -> Path:
    """Where the benchmark records are: the argument, `$ARCHLM_SHARED`/data, or `shared/data` beside the project.

    Raises:
        FileNotFoundError: They are in none of these places.
    """
    shared = Path(os.environ.get("ARCHLM_SHARED", ROOT.parent / "shared"))
    folder = Path(data) if data else shared / "data"
    if not (folder / "nasbench201.parquet").is_file():
        raise FileNotFoundError(f"no benchmark records under {folder}; pass --data or set ARCHLM_SHARED")
    return folder


Encoded = tuple[list[str], Floats, list[tuple[int, int]]]


def _encode_built(space: str, archs: list[str]) -> Encoded:
    return _encode([spaces.get(space).build(arch) for arch in archs])


def _encode_files(files: list[bytes]) -> Encoded:
    import zstandard

    plain = zstandard.ZstdDecompressor()
    return _encode([read_graph(plain.decompress(f, max_output_size=1 << 30), trusted=True) for f in files])


def _encode(graphs: list[ArchGraph]) -> Encoded:
    sizes = [(g.params, g.macs) for g in graphs]
    return [g.fingerprint() for g in graphs], features.compute_many(graphs), sizes


def _run(encode: Callable[[list[Any]], Encoded], jobs: list[list[Any]], workers: int) -> list[Encoded]:
    with ProcessPoolExecutor(workers) as pool:
        return list(track(pool.map(encode, jobs), "encoding", total=len(jobs)))


def _chunks(items: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _real_networks(folder: Path) -> pd.DataFrame:
    """`in1k_supervised` rows with a graph, the best tag of each (architecture, size)."""
    table = pd.read_parquet(folder / "timm.parquet")
    table = table[table.pretrain_class_heuristic == "in1k_supervised"]
    table = table.sort_values("imagenet1k_val_top1_acc", ascending=False).drop_duplicates(["timm_base", "img_size"])
    graphs = pd.read_parquet(folder / "timm_onnx.parquet")
    return table.drop(columns="module").merge(graphs, on=["timm_base", "img_size"]).reset_index(drop=True)


def load(space: str, *, data: str | None = None, workers: int = 2) -> Labelled:
    """All labelled networks of `space`; encodes them on first use (minutes) and caches the result under `runs/`."""
    folder = data_folder(data)
    file, columns = LABELS[space]
    if space == "timm":
        table = _real_networks(folder)
        archs = (table.timm_base + "@" + table.img_size.astype(str)).tolist()
        encode = partial(_run, _encode_files, list(_chunks(table.onnx.tolist(), 10)))
    else:
        table = pd.read_parquet(folder / file)
        archs = table.arch.tolist()
        encode = partial(_run, partial(_encode_built, space), list(_chunks(archs, CHUNK)))
    key = hashlib.sha256(json.dumps([space, archs, features.NAMES, features.VERSION]).encode()).hexdigest()[:16]
    cache = CACHE / f"{space}-{key}.npz"
    if not cache.is_file():
        parts = encode(workers)
        cache.parent.mkdir(parents=True, exist_ok=True)
        draft = cache.with_suffix(".part.npz")
        np.savez_compressed(
            draft, fingerprints=np.array([f for p in parts for f in p[0]]),
            features=np.concatenate([p[1] for p in parts]), sizes=np.array([s for p in parts for s in p[2]], float),
        )  # fmt: skip
        draft.rename(cache)
    with np.load(cache, allow_pickle=False) as stored:
        fingerprints, table_features, sizes = stored["fingerprints"], stored["features"], stored["sizes"]
    groups = table.module.to_numpy(dtype=str) if space == "timm" else fingerprints
    targets = {task: table[column].to_numpy(dtype=float) for task, column in columns.items()}
    return Labelled(space, np.array(archs), groups, fingerprints, table_features, sizes[:, 0], sizes[:, 1], targets)
