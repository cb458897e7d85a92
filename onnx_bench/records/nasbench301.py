"""NAS-Bench-301 as published: a folder of runs, one JSON file for each training of a DARTS architecture.

A run has "optimized_hyperparamater_config" (so spelt) with the cells as ConfigSpace keys, "budget" in epochs, "info"
with the validation accuracy, and "test_accuracy". In a cell the edges are numbered (0,2) (1,2) (0,3) (1,3) (2,3) ...;
`inputs_node_normal_3: "0_2"` names the two that node 3 keeps. Source: automl/nasbench301.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from onnx_bench.errors import MalformedRecordsError, UnknownNameError
from onnx_bench.records.plain import mapping, member, number, of_kind
from onnx_bench.records.source import Entry, Measurement, Source
from onnx_bench.spaces.darts import DARTS
from onnx_bench.spaces.darts_cell import ALL, Cell, Edge, Genotype, genotype_string

MAX_BYTES = 1 << 20
SKELETON = {"layers": 8, "init_channels": 32}
_PREFIX = "NetworkSelectorDatasetInfo:darts:"
_SPACE = DARTS()


def read_nasbench301(folder: Path) -> Iterator[Entry]:
    """One entry for each run under `folder`, by path; several may be of one architecture.

    Raises:
        MalformedRecordsError: There is no run, or one is no JSON, of another form or of another skeleton than the
            benchmark's 8 cells of 32 channels.
    """
    paths = sorted(folder.rglob("results_*.json"))
    if not paths:
        raise MalformedRecordsError(f"{folder} has no files results_*.json in it or below")
    for path in paths:
        yield _read_run(path)


def _read_run(path: Path) -> Entry:
    run = _read_json(path)
    config = mapping(member(run, "optimized_hyperparamater_config", str(path)), str(path))
    for key, expected in SKELETON.items():
        if (found := member(config, _PREFIX + key, str(path))) != expected:
            raise MalformedRecordsError(f"{path}: {key} is {found!r}, NAS-Bench-301 has {expected}")
    epochs = int(number(member(run, "budget", str(path)), f"{path}: budget"))
    info = of_kind(member(run, "info", str(path)), list, f"{path}: info")
    if not info:
        raise MalformedRecordsError(f"{path}: info is empty")
    accuracy = number(member(info[-1], "val_accuracy", f"{path}: info"), f"{path}: val_accuracy")
    measurements = [Measurement("cifar10", accuracy, "validation", epochs, 1, "val_accuracy")]
    if run.get("test_accuracy") is not None:  # some runs were not tested
        tested = number(run["test_accuracy"], f"{path}: test_accuracy")
        measurements.append(Measurement("cifar10", tested, "test", epochs, 1, "test_accuracy"))
    return Entry(_genotype(config, str(path)), tuple(measurements))


def _read_json(path: Path) -> Mapping[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise MalformedRecordsError(f"{path} is larger than {MAX_BYTES:,} bytes; a run takes a few thousand")
        return mapping(json.loads(data), str(path))
    except (OSError, ValueError, RecursionError) as error:
        raise MalformedRecordsError(f"{path} cannot be read as JSON: {error}") from error


def _genotype(config: Mapping[str, Any], where: str) -> str:
    text = genotype_string(Genotype(_cell(config, "normal", where), _cell(config, "reduce", where)))
    try:
        _SPACE.parse(text)
    except UnknownNameError as error:
        raise MalformedRecordsError(f"{where}: {error}") from error
    return text


def _cell(config: Mapping[str, Any], kind: str, where: str) -> Cell:
    nodes = []
    for node in ALL:
        key = f"{_PREFIX}inputs_node_{kind}_{node}"
        inputs = "0_1" if node == ALL[0] else of_kind(member(config, key, where), str, f"{where}: {key}")
        sources = inputs.split("_")
        if len(sources) != 2 or not all(s in "01234" and len(s) == 1 and int(s) < node for s in sources):
            raise MalformedRecordsError(f"{where}: {key} is {inputs!r:.40}, expected two states before {node}, as 0_2")
        first, second = (_edge(config, kind, int(source), node, where) for source in sources)
        nodes.append((first, second))
    return Cell(tuple(nodes))


def _edge(config: Mapping[str, Any], kind: str, source: int, node: int, where: str) -> Edge:
    number_of_edge = sum(range(ALL[0], node)) + source
    op = member(config, f"{_PREFIX}edge_{kind}_{number_of_edge}", where)
    return Edge(of_kind(op, str, where), source)


NASBENCH301_SOURCE = Source(
    "nasbench301", "some 60,000 trainings of DARTS architectures for some 100 epochs", "darts",
    ("nb_301*", "nasbench301_full_data*/nb_301*"), 0, "https://github.com/automl/nasbench301", "Apache-2.0",
    "Zela et al., Surrogate NAS Benchmarks, ICLR 2022, arXiv:2008.09777", read_nasbench301,
)  # fmt: skip
