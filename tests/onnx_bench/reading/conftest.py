"""Warm pools for all tests of the reader."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from onnx_bench.reader import ReaderPool


@pytest.fixture(scope="session")
def pool() -> Iterator[ReaderPool]:
    with ReaderPool(1, seconds=30) as shared:
        yield shared


@pytest.fixture(scope="session")
def strict_pool() -> Iterator[ReaderPool]:
    with ReaderPool(1, allow_external=False) as shared:
        yield shared
