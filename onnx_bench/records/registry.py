"""Look sources up by name, or by the files in a folder."""

from __future__ import annotations

from pathlib import Path

from onnx_bench.errors import MissingRecordsError, UnknownNameError
from onnx_bench.records.help_latency import HELP_SOURCE
from onnx_bench.records.nasbench101 import NASBENCH101_SOURCES
from onnx_bench.records.nasbench201 import NASBENCH201_SOURCE
from onnx_bench.records.nasbench301 import NASBENCH301_SOURCE
from onnx_bench.records.pickled import PICKLED_SOURCES
from onnx_bench.records.source import Source
from onnx_bench.records.table_sources import TABLE_SOURCES
from onnx_bench.records.timm_csv import TIMM_CSV_SOURCES
from onnx_bench.records.transnas import TRANSNAS_SOURCES

_SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        *NASBENCH101_SOURCES, NASBENCH201_SOURCE, HELP_SOURCE, NASBENCH301_SOURCE, *TRANSNAS_SOURCES, *TIMM_CSV_SOURCES,
        *TABLE_SOURCES, *PICKLED_SOURCES,
    )
}  # fmt: skip


def list_sources() -> tuple[Source, ...]:
    """Every kind of records: files as published, tables, and last the pickles that are refused with advice."""
    return tuple(_SOURCES.values())


def get_source(name: str) -> Source:
    """The source called `name`.

    Raises:
        UnknownNameError: No source has that name; the message lists those that there are.
    """
    if name not in _SOURCES:
        raise UnknownNameError(f"no source of records is called {name!r}; there are {', '.join(_SOURCES)}")
    return _SOURCES[name]


def find_sources(folder: Path) -> list[tuple[Source, Path]]:
    """The records in `folder`: every source with each of its files, in the order of `list_sources`.

    Raises:
        MissingRecordsError: There is no such folder.
    """
    if not folder.is_dir():
        raise MissingRecordsError(f"{folder} is no folder; give the one that holds the published records")
    return [(source, path) for source in list_sources() for path in source.find(folder)]
