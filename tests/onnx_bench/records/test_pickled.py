"""Pickles are recognised and refused with the way to a table; the table is then read."""

from __future__ import annotations

from pathlib import Path

import pytest

from onnx_bench.errors import MalformedRecordsError
from onnx_bench.records import find_sources, get_source
from onnx_bench.spaces import get


@pytest.mark.parametrize(
    ("file", "source", "table"),
    [("NATS-tss-v1_0-3ffb9.pickle.pbz2", "nats_topology_pickle", "nasbench201"),
     ("NATS-sss-v1_0-50262.pickle.pbz2", "nats_size_pickle", "nats_size"),
     ("cora.bench", "nasbench_graph_pickle", "nasbench_graph"),
     ("light/arxiv.bench", "nasbench_graph_pickle", "nasbench_graph"),
     ("HW-NAS-Bench-v1_0.pickle", "hw_nas_bench_pickle", "nasbench201_latency")],
)  # fmt: skip
def test_a_pickle_is_refused_with_advice(file: str, source: str, table: str, tmp_path: Path) -> None:
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"\x80\x04cos\nsystem\n(S'exit 1'\ntR.")
    [(found, found_path)] = find_sources(tmp_path)
    assert (found.name, found_path) == (source, path)
    with pytest.raises(MalformedRecordsError, match=f"a pickle; .* to {table}.csv or {table}.parquet with the columns"):
        found.read(path)
    assert found.refusal is not None and get_source(f"{table}_table").refusal is None
    assert f"{table}.csv" in get_source(f"{table}_table").files


def test_the_advised_table_of_the_size_space_is_read(tmp_path: Path) -> None:
    columns = "arch,cifar10_test_acc_ep90,cifar100_test_acc_ep90,imagenet16_120_test_acc_ep90,cifar10_test_acc_ep12"
    file = tmp_path / "nats_size.csv"
    file.write_text(
        f"{columns},cifar100_test_acc_ep12,imagenet16_120_test_acc_ep12\n8:64:16:8:24,90.5,60.25,30,80,50,20\n"
    )
    [(source, path)] = find_sources(tmp_path)
    [entry] = source.read(path)
    get(source.space).parse(entry.arch)
    assert [(m.task, m.value, m.epochs) for m in entry.measurements] == [
        ("cifar10", 90.5, 90), ("cifar100", 60.25, 90), ("imagenet16-120", 30.0, 90),
        ("cifar10", 80.0, 12), ("cifar100", 50.0, 12), ("imagenet16-120", 20.0, 12),
    ]  # fmt: skip
