"""The tables of ../shared/data: their rows, their known optima, and that no column is left out unsaid."""

from __future__ import annotations

from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from onnx_bench import records, spaces
from onnx_bench.records import Entry, tables
from onnx_bench.records.table import Table
from onnx_bench.tasks import get_task

TABLES: dict[str, Table] = {
    "nasbench101": tables.NASBENCH101, "nasbench101_retrained": tables.NASBENCH101_RETRAINED,
    "nasbench101_cells": tables.NASBENCH101_CELLS, "nasbench201": tables.NASBENCH201,
    "nasbench201_latency": tables.NASBENCH201_LATENCY, "transnas101_micro": tables.TRANSNAS,
    "transnas101_macro": tables.TRANSNAS, "nasbench_graph": tables.NASBENCH_GRAPH, "mnasnet": tables.MNASNET,
    "autoformer": tables.VISION_TRANSFORMERS, "pit": tables.VISION_TRANSFORMERS, "bert": tables.BERT,
    "rnn": tables.RNN, "timm": tables.TIMM, "torchvision": tables.TORCHVISION,
}  # fmt: skip
LISTED_ALONE = {"nasbench101_retrained_table": 4974 - 2532, "nasbench201_latency_table": 341, "torchvision_table": 34}
ROWS = {
    "nasbench101_table": 30_001, "nasbench101_retrained_table": 4_974, "nasbench201_table": 15_625,
    "nasbench201_latency_table": 15_625, "transnas101_micro_table": 4_096, "transnas101_macro_table": 3_256,
    "nasbench_graph_table": 26_206, "mnasnet_table": 5_138, "autoformer_table": 200, "pit_table": 100,
    "bert_table": 500, "rnn_table": 340, "timm_graphs": 469, "torchvision_table": 138,
}  # fmt: skip


@cache
def read(folder: Path, name: str) -> list[Entry]:
    source = records.get_source(name)
    [path] = source.find(folder)
    return list(source.read(path))


def values(entries: list[Entry], task: str, split: str, epochs: int | None) -> list[float]:
    """The first measurement of every entry for that protocol."""
    found = ([m.value for m in e.measurements if (m.task, m.split, m.epochs) == (task, split, epochs)] for e in entries)
    return [measured[0] for measured in found if measured]


@pytest.mark.parametrize("name", [*TABLES, "nats_size"])
def test_the_first_column_of_a_task_is_what_its_protocol_describes(name: str) -> None:
    [space] = {source.space for source in records.list_sources() if f"{name}.parquet" in source.files}
    firsts = {column.task: column for column in reversed((TABLES | {"nats_size": tables.NATS_SIZE})[name].columns)}
    for task, column in firsts.items():
        protocol = get_task(task).protocol(space)
        assert protocol is not None
        assert (column.split, column.epochs) == (protocol.split, protocol.epochs), column
        assert column.runs == protocol.runs or isinstance(column.runs, str)  # counted row by row


@pytest.mark.data
@pytest.mark.parametrize("name", TABLES)
def test_every_column_is_read_or_left_out_with_a_reason(name: str, shared_data: Path) -> None:
    table = TABLES[name]
    columns = set(pq.read_schema(shared_data / f"{name}.parquet").names)
    used = set(table.used())
    assert used <= columns
    unsaid = {c for c in columns - used if not any(fnmatch(c, pattern) for pattern in table.unused)}
    assert not unsaid
    if name != "pit":  # no reason without a column; of the two files of vision transformers one has fewer
        assert all(any(fnmatch(c, pattern) for c in columns) for pattern in table.unused)


@pytest.mark.data
@pytest.mark.parametrize("name", ROWS)
def test_every_row_becomes_an_entry_whose_tasks_are_known(name: str, shared_data: Path) -> None:
    entries = read(shared_data, name)
    assert len(entries) == ROWS[name]
    assert sum(not e.measurements for e in entries) == LISTED_ALONE.get(name, 0)
    for task in {m.task for e in entries for m in e.measurements}:
        get_task(task)


@pytest.mark.data
@pytest.mark.parametrize("name", [name for name in ROWS if not name.startswith(("timm", "torchvision"))])
def test_architectures_are_of_the_space(name: str, shared_data: Path) -> None:
    space = spaces.get(records.get_source(name).space)
    for entry in read(shared_data, name)[::37]:
        space.parse(entry.arch)


@pytest.mark.data
def test_the_best_of_nasbench201_are_the_published_ones(shared_data: Path) -> None:
    entries = read(shared_data, "nasbench201_table")
    best = [max(values(entries, task, "test", 200)) for task in ("cifar10", "cifar100", "imagenet16-120")]
    assert [round(value, 2) for value in best] == [94.37, 73.51, 47.31]


@pytest.mark.data
def test_the_best_of_the_nasbench101_sample_is_the_published_one(shared_data: Path) -> None:
    entries = read(shared_data, "nasbench101_table")
    assert round(max(values(entries, "cifar10", "validation", 108)), 2) == 94.91


@pytest.mark.data
def test_retrained_cells_say_how_far_their_runs_differ(shared_data: Path) -> None:
    entries = read(shared_data, "nasbench101_retrained_table")
    tests = [m for e in entries for m in e.measurements if (m.split, m.epochs) == ("test", 108)]
    assert len(tests) == 772 and {m.runs for m in tests} <= set(range(1, 10))
    assert sum("std 38.7" in m.note for m in tests) == 1  # the diverged one


@pytest.mark.data
def test_fractions_become_percent(shared_data: Path) -> None:
    accuracies = values(read(shared_data, "nasbench_graph_table"), "graph/cora", "test", None)
    assert len(accuracies) == 26_206 and round(max(accuracies), 2) == 83.13


@pytest.mark.data
def test_bert_is_named_by_what_was_trained(shared_data: Path) -> None:
    entries = read(shared_data, "bert_table")
    assert len({entry.arch for entry in entries}) == 301
    assert round(max(values(entries, "glue/score", "validation", None)), 2) == 75.13


@pytest.mark.data
def test_timm_says_how_weights_were_trained_and_gives_each_once(shared_data: Path) -> None:
    graphs, rest = read(shared_data, "timm_graphs"), read(shared_data, "timm_table")
    top1 = [m for e in [*graphs, *rest] for m in e.measurements if m.task == "imagenet-1k"]
    assert len(top1) == 1056
    assert sum("pretrain_class_heuristic in1k_supervised" in m.note for m in top1) == 710
    assert all(entry.onnx and entry.measurements and entry.params for entry in graphs)
    assert not {e.arch for e in graphs} & {e.arch for e in rest}


@pytest.mark.data
@pytest.mark.slow
def test_the_complete_space_is_listed(shared_data: Path) -> None:
    entries = read(shared_data, "nasbench101_cells_table")
    assert len({entry.arch for entry in entries}) == 423_624 and not any(entry.measurements for entry in entries)
