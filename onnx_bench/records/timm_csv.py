"""Results of pytorch-image-models as published: one CSV file for each set of test images, and for each device.

Source: huggingface/pytorch-image-models, folder `results`.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from onnx_bench.errors import MalformedRecordsError
from onnx_bench.records.source import Entry, Measurement, Source, Split
from onnx_bench.records.tables import sized
from onnx_bench.tasks.latency import TIMM_SETUPS

ACCURACY_FILES: dict[str, tuple[str, Split]] = {
    "results-imagenet.csv": ("imagenet-1k", "validation"),
    "results-imagenet-real.csv": ("imagenet-real", "validation"),
    "results-imagenetv2-matched-frequency.csv": ("imagenet-v2", "test"),
    "results-sketch.csv": ("imagenet-sketch", "test"),
    "results-imagenet-a.csv": ("imagenet-a", "test"),
    "results-imagenet-r.csv": ("imagenet-r", "test"),
}
BENCHMARK_FILES = {f"benchmark-infer-{key.replace('_', '-')}.csv": key for key in TIMM_SETUPS}
"""Names with `-` between all words; in the published ones some words are joined by `_`."""


def read_accuracy(path: Path) -> Iterator[Entry]:
    """One entry for each published weight: its top-1 accuracy on the images that the file is named after.

    Raises:
        MalformedRecordsError: The file is damaged, of another form or has another name.
    """
    if path.name not in ACCURACY_FILES:
        raise MalformedRecordsError(f"{path}: only {', '.join(ACCURACY_FILES)} say what they score by their names")
    task, split = ACCURACY_FILES[path.name]
    for row, where in _rows(path, ("model", "top1", "img_size")):
        value = _number(row, "top1", where)
        yield _entry(row, "img_size", where, Measurement(task, value, split, None, 1, f"top1; model {row['model']}"))


def read_benchmark(path: Path) -> Iterator[Entry]:
    """One entry for each network: milliseconds for an image in a large batch, from the throughput.

    Raises:
        MalformedRecordsError: The file is damaged, of another form or has another name.
    """
    key = BENCHMARK_FILES.get(path.name.replace("_", "-"))
    if key is None:
        raise MalformedRecordsError(f"{path}: its name is of no known device; known are {', '.join(BENCHMARK_FILES)}")
    for row, where in _rows(path, ("model", "infer_samples_per_sec", "infer_img_size")):
        rate = _number(row, "infer_samples_per_sec", where)
        if rate <= 0:
            raise MalformedRecordsError(f"{where}: {rate} images in a second")
        note = f"1000 / infer_samples_per_sec; model {row['model']}"
        measurement = Measurement(f"latency/timm_{key}", 1000 / rate, "none", None, 1, note)
        yield _entry(row, "infer_img_size", where, measurement)


def _entry(row: Mapping[str, str], size: str, where: str, measurement: Measurement) -> Entry:
    base = row["model"].partition(".")[0]  # what follows the dot names the weights
    return Entry(sized(base, int(_number(row, size, where))), (measurement,))


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[dict[str, str], str]]:
    """The rows of the file, and what an error calls each."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file, strict=True)
            found = reader.fieldnames or []
            if lacking := [name for name in columns if name not in found]:
                raise MalformedRecordsError(
                    f"{path} lacks the columns {', '.join(lacking)}; it has {', '.join(found)[:400]}"
                )
            for row in reader:
                if any(row[name] is None for name in columns):
                    raise MalformedRecordsError(f"{path}, line {reader.line_num}: it ends early")
                yield row, f"{path}, line {reader.line_num}"
    except (csv.Error, UnicodeDecodeError) as error:
        raise MalformedRecordsError(f"{path} cannot be read as CSV: {error}") from error


def _number(row: Mapping[str, str], column: str, where: str) -> float:
    try:
        value = float(row[column])
        if value - value == 0:  # neither infinite nor NaN
            return value
    except ValueError:
        pass
    raise MalformedRecordsError(f"{where}: {column} is {row[column]!r:.40}, expected a number")


def _source(
    name: str, title: str, files: tuple[str, ...], size: int, read: Callable[[Path], Iterator[Entry]]
) -> Source:  # fmt: skip
    return Source(
        name, title, "timm", files, size, "https://github.com/huggingface/pytorch-image-models/tree/main/results",
        "Apache-2.0", "Wightman, PyTorch Image Models, 2019, doi:10.5281/zenodo.4414861", read,
    )  # fmt: skip


TIMM_CSV_SOURCES = (
    _source("timm_accuracy", "accuracy of published weights on ImageNet-1k and its variants", tuple(ACCURACY_FILES),
            0, read_accuracy),
    _source("timm_benchmark", "throughput of real networks on GPUs and CPUs",
            tuple(name.replace("-", "[-_]") for name in BENCHMARK_FILES), 0, read_benchmark),
)  # fmt: skip
