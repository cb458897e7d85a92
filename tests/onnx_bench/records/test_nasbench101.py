"""NAS-Bench-101 is read from the bytes that its authors publish."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from onnx_bench.errors import MalformedRecordsError
from onnx_bench.records import Measurement, get_source
from onnx_bench.spaces.nasbench101 import NASBench101
from tests.onnx_bench.records import frames

ADJACENCY = "0110000100010000"
OPERATIONS = "input,conv3x3-bn-relu,maxpool3x3,output"
ARCH = '{"matrix":["0110","0001","0001","0000"],"ops":["input","conv3x3-bn-relu","maxpool3x3","output"]}'
SOURCE = get_source("nasbench101_full")


def metrics(validation: float = 0.9375, test: float = 0.9296875) -> bytes:
    """As published: evaluations before, halfway through and after the training."""
    course = [frames.evaluation(0, 0.1, 0.1), frames.evaluation(54, 0.5, 0.4), frames.evaluation(108, validation, test)]
    return frames.model_metrics(course, 8_555_530)


def record(*, name: Any = "aa", epochs: Any = 108, adjacency: Any = ADJACENCY, operations: Any = OPERATIONS,
           metric: bytes | None = None) -> bytes:  # fmt: skip
    body = base64.b64encode(metrics() if metric is None else metric).decode()
    return json.dumps([name, epochs, adjacency, operations, body]).encode()


def write(folder: Path, *records: bytes) -> Path:
    file = folder / "nasbench_full.tfrecord"
    file.write_bytes(b"".join(map(frames.frame, records)))
    return file


def test_the_trainings_of_a_cell_become_one_entry(tmp_path: Path) -> None:
    other = record(name="bb", adjacency="0100", operations="input,output")
    file = write(tmp_path, record(epochs=4, metric=metrics(0.25, 0.5)), record(), other, record())
    first, second, third = SOURCE.read(file)
    assert first.arch == third.arch == ARCH and second.arch == '{"matrix":["01","00"],"ops":["input","output"]}'
    assert first.measurements == (
        Measurement("cifar10", 25.0, "validation", 4, 1, "validation_accuracy"),
        Measurement("cifar10", 50.0, "test", 4, 1, "test_accuracy"),
        Measurement("cifar10", 93.75, "validation", 108, 1, "validation_accuracy"),
        Measurement("cifar10", 92.96875, "test", 108, 1, "test_accuracy"),
    )
    assert first.params == 8_555_530
    NASBench101().parse(first.arch)


@pytest.mark.parametrize(
    ("broken", "message"),
    [(b"not json", "record 1 is no JSON"),
     (b"\xff\xfe\x00", "record 1 is no JSON"),
     (b"[" * 20_000, "record 1 is no JSON"),
     (b'{"hash": 1}', "record 1 is .*expected .hash, epochs"),
     (b'["a", 108, "01"]', "record 1 is .*expected .hash, epochs"),
     (record(epochs="108"), "expected .hash, epochs"),
     (record(adjacency="0110"), "record 1: .* is no architecture"),
     (record(adjacency="0" * 16), "no path from input to output"),
     (record(operations="input,conv5x5,maxpool3x3,output"), "conv5x5"),
     (record(metric=b"\x0a\xff\xff\xff\xff\x0f"), "no ModelMetrics message"),
     (record(metric=b""), "without evaluations"),
     (record(metric=metrics(0.0)), "expected two above 0"),
     (record(metric=metrics(93.75)), "expected two above 0 and up to 1"),
     (record(metric=metrics(float("nan"))), "expected two above 0"),
     (json.dumps(["a", 108, ADJACENCY, OPERATIONS, "%%%"]).encode(), "record 1: .*base64|record 1: ")],
)  # fmt: skip
def test_a_record_of_another_form_is_named(broken: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(MalformedRecordsError, match=message):
        list(SOURCE.read(write(tmp_path, record(), broken)))


def test_base64_may_be_in_lines(tmp_path: Path) -> None:
    lines = base64.encodebytes(metrics()).decode()
    assert lines.count("\n") > 1
    [entry] = SOURCE.read(write(tmp_path, json.dumps(["aa", 108, ADJACENCY, OPERATIONS, lines]).encode()))
    assert entry.measurements[0].value == 93.75


def test_entries_before_the_damage_are_given(tmp_path: Path) -> None:
    entries = SOURCE.read(write(tmp_path, record(), record(name="bb"), b"damage"))
    assert next(entries).arch == ARCH
    with pytest.raises(MalformedRecordsError, match="record 2"):
        list(entries)
