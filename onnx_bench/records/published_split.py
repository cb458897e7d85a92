"""Lists of NAS-Bench-101 cells that published predictors were trained and tested on."""

from __future__ import annotations

from pathlib import Path

from onnx_bench.records.table import read_rows
from onnx_bench.spaces.nasbench101 import from_edge_bits

FILE = "nasbench101_published_split.parquet"
_COLUMNS = ["list", "module_hash", "n_vertices", "edge_bits", "op_codes"]


def read_published_split(path: Path) -> dict[str, dict[str, str]]:
    """The lists of a table: for each its cells, from the benchmark's hash to the architecture string.

    Raises:
        MalformedRecordsError: The file is no parquet table, or lacks a column.
    """
    lists: dict[str, dict[str, str]] = {}
    for row in read_rows(path, _COLUMNS):
        cell = from_edge_bits(row["n_vertices"], row["edge_bits"], row["op_codes"])
        lists.setdefault(row["list"], {})[row["module_hash"]] = cell
    return lists
