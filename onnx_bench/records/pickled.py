"""Benchmarks published as pickles, which run code when they are read: refused, with the way to a table.

A user exports such a file once, with the benchmark's own tools and wherever its authors are trusted, to CSV or parquet.
"""

from __future__ import annotations

from onnx_bench.records import tables
from onnx_bench.records.source import Refusal, Source
from onnx_bench.records.table import Table


def _source(
    name: str, title: str, space: str, files: tuple[str, ...], size: int, url: str, licence: str, paper: str,
    table: str, columns: Table,
) -> Source:  # fmt: skip
    title = f"{title} (a pickle: not read, export it to {table}.csv)"
    refusal = Refusal(
        "published as a pickle; reading one could run code, so nothing here does. Export the records once with the "
        f"benchmark's own tools to {table}.csv or {table}.parquet with the columns {', '.join(columns.used())}, then "
        "move the pickle away"
    )
    return Source(name, title, space, files, size, url, licence, paper, refusal)


_NATS = ("https://github.com/D-X-Y/NATS-Bench", "MIT", "Dong et al., NATS-Bench, TPAMI 2021, arXiv:2009.00437")

PICKLED_SOURCES = (
    _source("nats_topology_pickle", "NATS-Bench, topology space", "nasbench201",
            ("NATS-tss-v1_0-*",), 0, *_NATS, "nasbench201", tables.NASBENCH201),
    _source("nats_size_pickle", "NATS-Bench, size space", "nats_size",
            ("NATS-sss-v1_0-*",), 0, *_NATS, "nats_size", tables.NATS_SIZE),
    _source("nasbench_graph_pickle", "NAS-Bench-Graph", "nasbench_graph",
            (*(f"{name}.bench" for name in tables.GRAPH_DATA), *(f"light/{name}.bench" for name in tables.GRAPH_DATA)),
            0, "https://github.com/THUMNLab/NAS-Bench-Graph", "Apache-2.0",
            "Qin et al., NAS-Bench-Graph, NeurIPS 2022, arXiv:2206.09166", "nasbench_graph", tables.NASBENCH_GRAPH),
    _source("hw_nas_bench_pickle", "HW-NAS-Bench, hardware costs", "nasbench201",
            ("HW-NAS-Bench-v1_0.pickle",), 0, "https://github.com/GATECH-EIC/HW-NAS-Bench", "MIT",
            "Li et al., HW-NAS-Bench, ICLR 2021, arXiv:2103.10584", "nasbench201_latency", tables.NASBENCH201_LATENCY),
)  # fmt: skip
