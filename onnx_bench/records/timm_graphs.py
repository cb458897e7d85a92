"""Real networks of timm: graphs from one table, measurements of their published weights from another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from onnx_bench.errors import MalformedRecordsError, MissingRecordsError
from onnx_bench.records.source import Entry, Measurement
from onnx_bench.records.table import read_rows
from onnx_bench.records.tables import TIMM, sized

MEASUREMENTS, GRAPHS = "timm.parquet", "timm_onnx.parquet"
MAX_ONNX_BYTES = 1 << 28
_KEY = ["timm_base", "img_size"]


def read_timm_graphs(path: Path) -> Iterator[Entry]:
    """One entry for each stored graph, with the measurements of all weights of that network and input size.

    Args:
        path: Table of graphs, compressed with zstandard; the table of measurements lies beside it.

    Raises:
        MissingRecordsError: There is no table of measurements beside it.
        MalformedRecordsError: A table lacks a column, or a graph cannot be decompressed.
    """
    beside = path.with_name(MEASUREMENTS)
    if not beside.is_file():
        raise MissingRecordsError(f"{path} needs the measurements of {beside}, which is not there; put it beside")
    measured: dict[str, list[Measurement]] = {}
    params: dict[str, int | None] = {}
    for entry in TIMM.read(beside):
        measured.setdefault(entry.arch, []).extend(entry.measurements)
        params[entry.arch] = entry.params
    for row in read_rows(path, [*_KEY, "onnx"], batch_rows=16):
        arch = sized(*(row[name] for name in _KEY))
        stored = _decompress(row["onnx"], arch, path)
        yield Entry(arch, tuple(measured.get(arch, ())), stored, params.get(arch))


def read_timm(path: Path) -> Iterator[Entry]:
    """One entry for each published weight whose graph does not lie in a table of graphs beside `path`.

    Those that do are given by `read_timm_graphs`, with the graph.
    """
    beside = path.with_name(GRAPHS)
    stored = {sized(*row.values()) for row in read_rows(beside, _KEY)} if beside.is_file() else set()
    for entry in TIMM.read(path):
        if entry.arch not in stored:
            yield entry


def _decompress(data: Any, arch: str, path: Path) -> bytes:
    import zstandard  # needed here alone

    try:
        if zstandard.frame_content_size(data) > MAX_ONNX_BYTES:  # else it would be allocated
            raise zstandard.ZstdError(f"it claims to be larger than {MAX_ONNX_BYTES:,} bytes")
        plain: bytes = zstandard.ZstdDecompressor().decompress(data, max_output_size=MAX_ONNX_BYTES)
    except (zstandard.ZstdError, TypeError) as error:
        raise MalformedRecordsError(f"{path}: the graph of {arch} cannot be decompressed: {error}") from error
    return plain
