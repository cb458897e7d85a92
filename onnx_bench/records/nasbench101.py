"""NAS-Bench-101 as published: a TFRecord file with one record for each training of a cell.

A record is the JSON list [hash, epochs, adjacency, operations, metrics]: the matrix as a string of 0 and 1, the labels
joined by commas, a `ModelMetrics` message in base64. Source: google-research/nasbench, `nasbench/api.py`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from onnx_bench.errors import MalformedRecordsError, UnknownNameError
from onnx_bench.records.model_metrics import FinalMetrics, read_final_metrics
from onnx_bench.records.source import Entry, Measurement, Source
from onnx_bench.records.tfrecord import read_tfrecord
from onnx_bench.spaces.nasbench101 import NASBench101, arch_string

_SPACE = NASBench101()


class Training(NamedTuple):
    """One training of one cell."""

    hash: str
    epochs: int
    arch: str
    final: FinalMetrics


def read_nasbench101(path: Path) -> Iterator[Entry]:
    """One entry for each run of records of the same cell, with the validation and test accuracy of every training.

    Raises:
        MalformedRecordsError: A record is damaged or of another form; the message counts from 0.
    """
    trainings = (_read_training(data, f"{path}: record {i}") for i, data in enumerate(read_tfrecord(path)))
    for _, group in groupby(trainings, key=lambda training: training.hash):
        cell = list(group)
        measurements = tuple(m for training in cell for m in _measurements(training))
        yield Entry(cell[0].arch, measurements, params=cell[0].final.params)


def _measurements(training: Training) -> Iterator[Measurement]:
    final = training.final
    yield Measurement("cifar10", 100 * final.validation_accuracy, "validation", training.epochs, 1,
                      "validation_accuracy")  # fmt: skip
    yield Measurement("cifar10", 100 * final.test_accuracy, "test", training.epochs, 1, "test_accuracy")


def _read_training(data: bytes, where: str) -> Training:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise MalformedRecordsError(f"{where} is no JSON: {error}") from error
    kinds = (str, int, str, str, str)
    if not isinstance(body, list) or len(body) != 5 or not all(map(isinstance, body, kinds)):
        form = "[hash, epochs, adjacency, operations, metrics]"
        raise MalformedRecordsError(f"{where} is {data[:80]!r}, expected {form}")
    name, epochs, adjacency, operations, metrics = body
    try:
        final = read_final_metrics(base64.b64decode("".join(metrics.split()), validate=True))
        return Training(name, epochs, _arch(adjacency, operations), final)
    except (MalformedRecordsError, UnknownNameError, ValueError) as error:
        raise MalformedRecordsError(f"{where}: {error}") from error


def _arch(adjacency: str, operations: str) -> str:
    labels = operations.split(",")
    size = len(labels)
    body: dict[str, Any] = {"matrix": [adjacency[i : i + size] for i in range(0, len(adjacency), size)], "ops": labels}
    return arch_string(_SPACE.parse(json.dumps(body)))


def _source(name: str, budgets: str, file: str, size: int) -> Source:
    return Source(
        name, f"three trainings of all 423,624 cells of NAS-Bench-101 for {budgets} epochs", "nasbench101", (file,),
        size, f"https://storage.googleapis.com/nasbench/{file}", "Apache-2.0",
        "Ying et al., NAS-Bench-101, ICML 2019, arXiv:1902.09635", read_nasbench101,
    )  # fmt: skip


NASBENCH101_SOURCES = (
    _source("nasbench101_full", "4, 12, 36 and 108", "nasbench_full.tfrecord", 1_950_000_000),
    _source("nasbench101_only108", "108", "nasbench_only108.tfrecord", 499_000_000),
)
