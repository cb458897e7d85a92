"""Labelled networks of one space: encoded once, labels by task, grouped by fingerprint.

Needs the benchmark records (`--data` or `$ARCHLM_SHARED`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from encoders.graph_batch import GraphBatch
from onnx_bench.arrays import Floats
from onnx_bench.records import tables
from onnx_bench.records.table import Column, Table
from onnx_bench.tasks import get_task
from train.encoded import ROOT, Encoded, encode_space

__all__ = ["LABELS", "LEFT_OUT", "ROOT", "SPACE_TASK", "Distinct", "Labelled", "data_folder", "load"]


TRANSNAS = ("class_scene", "class_object", "jigsaw", "room_layout", "segmentsemantic", "normal", "autoencoder")

LABELS: dict[str, tuple[str, Table]] = {
    "nasbench101": ("nasbench101.parquet", tables.NASBENCH101),
    "nasbench201": ("nasbench201.parquet", tables.NASBENCH201),
    "transnas_micro": ("transnas101_micro.parquet", tables.TRANSNAS),
    "transnas_macro": ("transnas101_macro.parquet", tables.TRANSNAS),
    "mnasnet": ("mnasnet.parquet", tables.MNASNET),
    "autoformer": ("autoformer.parquet", tables.VISION_TRANSFORMERS),
    "pit": ("pit.parquet", tables.VISION_TRANSFORMERS),
    "timm": ("timm.parquet", tables.TIMM),
    "bert": ("bert.parquet", tables.BERT),
    "rnn": ("rnn.parquet", tables.RNN),
    "nasbench_graph": ("nasbench_graph.parquet", tables.NASBENCH_GRAPH),
}
"""For each space: its file, and what the columns measure."""

SPACE_TASK = {
    "nasbench101": "cifar10", "nasbench201": "cifar10", "transnas_micro": "transnas/class_scene",
    "transnas_macro": "transnas/class_scene", "mnasnet": "imagenet-1k-proxy", "autoformer": "cifar100-distilled",
    "pit": "cifar100-distilled", "timm": "imagenet-1k",
}  # fmt: skip
"""The classification task by which a space enters cross-space training and protocol P2."""

LEFT_OUT = {
    "nasbench101": ("nasbench101",), "nasbench201": ("nasbench201",), "transnas_micro": ("transnas_micro",),
    "transnas_macro": ("transnas_macro",), "mnasnet": ("mnasnet",), "vision_transformers": ("autoformer", "pit"),
    "timm": ("timm",),
}  # fmt: skip
"""What is left out together where a whole space is left out."""

SUPERVISED = "in1k_supervised"
"""Class of the weights of timm that learnt from ImageNet-1k alone."""


@dataclass(frozen=True)
class Drawn:
    """The G distinct networks of a space with one head, see `train.heads`.

    Attributes:
        features: [G, F].
        graphs: As arrays.
        texts: [G].
        tasks: Those that have this head, where it is not the default one.
    """

    features: Floats
    graphs: GraphBatch
    texts: NDArray[np.str_]
    tasks: tuple[str, ...] = ()

    def take(self, rows: NDArray[np.int64]) -> Drawn:
        """Those at `rows`."""
        return Drawn(self.features[rows], self.graphs.take(rows), self.texts[rows], self.tasks)


@dataclass(frozen=True)
class Distinct:
    """The G distinct networks of a space: isomorphic descriptions are one, with the mean of their values.

    Attributes:
        rows: [G] a row of `Labelled` for each.
        place: [B] the other way: which of the distinct networks each row is.
        graphs: As arrays.
        texts: [G].
        targets: For each task [G] values, NaN where not measured.
        heads: The same networks with other heads; none where they are not needed.
    """

    rows: NDArray[np.int64]
    place: NDArray[np.int64]
    graphs: GraphBatch
    texts: NDArray[np.str_]
    targets: dict[str, Floats]
    heads: tuple[Drawn, ...] = ()


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
        targets: For each task [B] values, more is better (a loss is negated), NaN where not measured.
        distinct: The same networks by fingerprint, with what the neural members read; `None` where it is not needed.
    """

    space: str
    archs: NDArray[np.str_]
    groups: NDArray[np.str_]
    fingerprints: NDArray[np.str_]
    features: Floats
    params: Floats
    macs: Floats
    targets: dict[str, Floats]
    distinct: Distinct | None = None

    def __len__(self) -> int:
        return len(self.archs)

    def take(self, rows: NDArray[Any]) -> Labelled:
        """The networks at `rows` (positions or a mask), without `distinct`."""
        return Labelled(
            self.space, self.archs[rows], self.groups[rows], self.fingerprints[rows], self.features[rows],
            self.params[rows], self.macs[rows], {task: values[rows] for task, values in self.targets.items()},
        )  # fmt: skip

    def of_distinct(self, mask: NDArray[np.bool_]) -> Labelled:
        """The chosen distinct networks alone, one row each, as if there were no others. Shapes: mask [G]."""
        some, chosen = self.known, np.flatnonzero(mask)
        targets = {task: values[chosen] for task, values in some.targets.items()}
        order = np.arange(len(chosen))
        heads = tuple(drawn.take(chosen) for drawn in some.heads)
        distinct = Distinct(order, order, some.graphs.take(chosen), some.texts[chosen], targets, heads)
        return replace(self.take(some.rows[chosen]), targets=targets, distinct=distinct)

    @property
    def known(self) -> Distinct:
        """The distinct networks.

        Raises:
            ValueError: The space was cut by rows.
        """
        if self.distinct is None:
            raise ValueError(f"{self.space} was cut by rows; its distinct networks are those of the space as loaded")
        return self.distinct

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


def real_networks(folder: Path) -> pd.DataFrame:
    """`in1k_supervised` rows of timm, the best tag of each (architecture, size); `onnx` is null where no graph is."""
    table = pd.read_parquet(folder / "timm.parquet")
    table = table[table.pretrain_class_heuristic == SUPERVISED]
    table = table.sort_values("imagenet1k_val_top1_acc", ascending=False).drop_duplicates(["timm_base", "img_size"])
    graphs = pd.read_parquet(folder / "timm_onnx.parquet", columns=["timm_base", "img_size", "onnx"])
    return table.merge(graphs, how="left", on=["timm_base", "img_size"]).reset_index(drop=True)


def quality_columns(table: Table) -> dict[str, Column]:
    """For each task of quality (costs such as latency are left out) the column that its protocol describes."""
    first: dict[str, Column] = {}
    for column in table.columns:
        if not get_task(column.task).device:
            first.setdefault(column.task, column)
    return first


def targets(frame: pd.DataFrame, table: Table) -> dict[str, Floats]:
    """For each task of quality [B] values of the rows, more is better, NaN where not measured."""
    valid = frame[table.valid].to_numpy(bool) if table.valid else np.ones(len(frame), bool)
    found = {}
    for task, column in quality_columns(table).items():
        sign = 1 if get_task(task).direction == "max" else -1
        values = frame[column.name].to_numpy(dtype=float) * column.factor * sign
        found[task] = np.where(valid, values, np.nan)
    return found


def load(space: str, *, data: str | None = None, workers: int = 2) -> Labelled:
    """All labelled networks of `space`; encodes them on first use (minutes) and caches the result under `runs/`."""
    folder = data_folder(data)
    file, table = LABELS[space]
    files = None
    if space == "timm":
        frame = real_networks(folder).dropna(subset="onnx")
        files = frame.onnx.tolist()
    else:
        frame = pd.read_parquet(folder / file)
    archs = described(frame, table)
    encoded = encode_space(space, archs, files=files, workers=workers)
    groups = frame.module.to_numpy(dtype=str) if space == "timm" else encoded.fingerprints
    return labelled(space, archs, encoded, targets(frame, table), groups)


def described(frame: pd.DataFrame, table: Table) -> list[str]:
    """The rows' networks in the language of their space. Shapes: [B]."""
    return [table.arch(*key) for key in zip(*(frame[name] for name in table.key), strict=True)]


def labelled(
    space: str, archs: Sequence[str], encoded: Encoded, measured: dict[str, Floats], groups: NDArray[np.str_]
) -> Labelled:
    """Networks with their measured values; the arguments are those of `Labelled`."""
    count = len(encoded.texts)
    _, rows = np.unique(encoded.place, return_index=True)
    distinct = Distinct(
        rows, encoded.place, encoded.graphs, np.array(encoded.texts, dtype=object),
        {task: _group_means(values, encoded.place, count) for task, values in measured.items()},
    )  # fmt: skip
    return Labelled(
        space, np.array(archs), groups, encoded.fingerprints, encoded.features, encoded.sizes[:, 0],
        encoded.sizes[:, 1], measured, distinct,
    )  # fmt: skip


def _group_means(values: Floats, place: NDArray[np.int64], count: int) -> Floats:
    """Mean of the measured values of each group, NaN where there are none. Shapes: [B], [B] -> [count]."""
    known = np.isfinite(values)
    number = np.bincount(place[known], minlength=count)
    total = np.bincount(place[known], weights=values[known], minlength=count)
    return np.divide(total, number, out=np.full(count, np.nan), where=number > 0)
