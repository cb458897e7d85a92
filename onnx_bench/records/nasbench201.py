"""NAS-Bench-201 as published in 2020: one `.pth` file with every training of every cell.

The file is {"arch2infos": {index: {"full" | "less": {"arch_str", "all_results": {(data set, seed): training}}}}}; a
training has "epochs" and "eval_acc1es", test accuracies in percent by "<split>@<epoch from 0>". "full" is 200 epochs,
"less" 12. Source: D-X-Y/NAS-Bench-201, `nas_201_api/api.py`. The later NATS-Bench files are pickles, see `pickled`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

from onnx_bench.errors import MalformedRecordsError, UnknownNameError
from onnx_bench.records.plain import mapping, member, number, of_kind
from onnx_bench.records.source import Entry, Measurement, Source, Split
from onnx_bench.records.weights_only import load_plain
from onnx_bench.spaces.nasbench201 import NASBench201, arch_string

_SPACE = NASBench201()
BUDGETS = ("full", "less")
_HALF = "trained on half of the training images"
_EVALUATIONS: tuple[tuple[str, str, str, Split, str], ...] = (
    ("cifar10", "cifar10", "ori-test", "test", ""),
    ("cifar10", "cifar10-valid", "x-valid", "validation", _HALF),
    ("cifar10", "cifar10-valid", "ori-test", "test", _HALF),
    ("cifar100", "cifar100", "x-test", "test", ""),
    ("cifar100", "cifar100", "x-valid", "validation", ""),
    ("imagenet16-120", "ImageNet16-120", "x-test", "test", ""),
    ("imagenet16-120", "ImageNet16-120", "x-valid", "validation", ""),
)
"""Task, the benchmark's data set and evaluation, what it scores, remark."""


def read_nasbench201(path: Path) -> Iterator[Entry]:
    """One entry for each cell, in the order of the file; each measurement is the mean over the recorded seeds.

    Raises:
        MalformedRecordsError: The file is damaged or of another form.
    """
    for index, budgets in mapping(member(load_plain(path), "arch2infos", str(path)), str(path)).items():
        where = f"{path}: architecture {index}"
        measurements: list[Measurement] = []
        archs = set()
        for budget in BUDGETS:
            info = member(budgets, budget, where)
            archs.add(_arch(member(info, "arch_str", where), where))
            results = mapping(member(info, "all_results", where), where)
            measurements += _measurements(results, f"{where}, {budget}")
        if len(archs) != 1:
            raise MalformedRecordsError(f"{where} is {' and '.join(sorted(archs))} at different budgets")
        yield Entry(archs.pop(), tuple(measurements))


def _arch(text: Any, where: str) -> str:
    try:
        return arch_string(_SPACE.parse(of_kind(text, str, where)))
    except UnknownNameError as error:
        raise MalformedRecordsError(f"{where}: {error}") from error


def _measurements(results: Mapping[Any, Any], where: str) -> Iterator[Measurement]:
    for task, dataset, evaluation, split, remark in _EVALUATIONS:
        trainings = [body for key, body in results.items() if of_kind(key, tuple, where)[0] == dataset]
        if not trainings:
            continue
        epochs = {int(number(member(body, "epochs", where), where)) for body in trainings}
        if len(epochs) != 1:
            raise MalformedRecordsError(f"{where}: {dataset} was trained for {sorted(epochs)} epochs, expected one")
        [budget] = epochs
        key = f"{evaluation}@{budget - 1}"
        values = [number(member(member(body, "eval_acc1es", where), key, where), where) for body in trainings]
        note = "; ".join(filter(None, (f"{dataset} {key}", remark)))
        yield Measurement(task, fmean(values), split, budget, len(values), note)


NASBENCH201_SOURCE = Source(
    "nasbench201_v1_1", "all trainings of the 15,625 cells of NAS-Bench-201 (read whole: needs memory)", "nasbench201",
    ("NAS-Bench-201-v1_1-096897.pth", "NAS-Bench-201-v1_0-e61699.pth"), 4_700_000_000,
    "https://github.com/D-X-Y/NAS-Bench-201", "MIT", "Dong and Yang, NAS-Bench-201, ICLR 2020, arXiv:2001.00326",
    read_nasbench201,
)  # fmt: skip
