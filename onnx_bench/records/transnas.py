"""TransNAS-Bench-101 as published: one `.pth` file with the course of every training.

The file is {"data": {"micro" | "macro": {architecture: {task: {"metrics": {metric: [value of each epoch]}}}}}}.
Source: yawen-d/TransNASBench, `api/api.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from onnx_bench.errors import MalformedRecordsError, UnknownNameError
from onnx_bench.records.plain import mapping, member, number, of_kind
from onnx_bench.records.source import Entry, Measurement, Source, Split
from onnx_bench.records.weights_only import load_plain
from onnx_bench.spaces.transnas_macro import TransNASMacro
from onnx_bench.spaces.transnas_micro import TransNASMicro

METRICS = {
    "class_scene": "top1", "class_object": "top1", "jigsaw": "top1", "room_layout": "neg_loss",
    "segmentsemantic": "acc", "normal": "ssim", "autoencoder": "ssim",
}  # fmt: skip
"""The metric of every task; the file has it as `valid_<metric>` and `test_<metric>`."""

_SPLITS: tuple[tuple[str, Split], ...] = (("valid", "validation"), ("test", "test"))
_SPACES = {"micro": TransNASMicro(), "macro": TransNASMacro()}


def read_transnas(half: str, path: Path) -> Iterator[Entry]:
    """The entries of one half of the benchmark, `micro` or `macro`, with values of the last epoch.

    Raises:
        MalformedRecordsError: The file is damaged or of another form.
    """
    archs = member(member(load_plain(path), "data", str(path)), half, str(path))
    for arch, tasks in mapping(archs, str(path)).items():
        where = f"{path}: {arch}"
        try:
            _SPACES[half].parse(of_kind(arch, str, where))
        except UnknownNameError as error:
            raise MalformedRecordsError(f"{where}: {error}") from error
        yield Entry(arch, tuple(m for task in METRICS for m in _measurements(task, member(tasks, task, where), where)))


def _measurements(task: str, body: Any, where: str) -> Iterator[Measurement]:
    metrics = mapping(member(body, "metrics", f"{where}, {task}"), f"{where}, {task}")
    for prefix, split in _SPLITS:
        name = f"{prefix}_{METRICS[task]}"
        values = of_kind(member(metrics, name, f"{where}, {task}"), list, f"{where}, {task}, {name}")
        if not values:
            raise MalformedRecordsError(f"{where}, {task}, {name}: no epochs")
        last = number(values[-1], f"{where}, {task}, {name}")
        yield Measurement(f"transnas/{task}", last, split, len(values), 1, f"{name}; value of the last epoch")


TRANSNAS_SOURCES = tuple(
    Source(
        f"transnas101_{half}", f"every epoch of the networks of TransNAS-Bench-101 {half} on seven tasks",
        f"transnas_{half}", ("transnas-bench_v10141024.pth",), 0,
        "https://www.noahlab.com.hk/opensource/vega/page/doc.html?path=datasets/transnasbench101", "MIT",
        "Duan et al., TransNAS-Bench-101, CVPR 2021, arXiv:2105.11871", partial(read_transnas, half),
    )
    for half in _SPACES
)  # fmt: skip
