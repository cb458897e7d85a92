"""Measured records: readers for the files that benchmarks publish.

Example:
    >>> from onnx_bench import records
    >>> records.get_source("nasbench201_table").space
    'nasbench201'
"""

from onnx_bench.records.registry import find_sources, get_source, list_sources
from onnx_bench.records.source import Entry, Measurement, Source

__all__ = ["Entry", "Measurement", "Source", "find_sources", "get_source", "list_sources"]
