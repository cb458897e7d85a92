"""Fixtures and rules for the whole suite."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from onnx_bench.tasks import registry

# Threads of LightGBM that wait for one another by spinning take minutes where a second program uses the processors.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the benchmark records (parquet), which are not part of the repository.

    Found in `$ARCHLM_SHARED` (the folder itself, or one that holds `data/`), else beside the repository.
    """
    named = os.environ.get("ARCHLM_SHARED")
    roots = [Path(named)] if named else [REPOSITORY.parent / "shared"]
    folders = [folder for root in roots for folder in (root / "data", root)]
    for folder in folders:
        if (folder / "nasbench201.parquet").is_file():
            return folder
    pytest.skip(f"no benchmark records in {' or '.join(map(str, folders))}; set ARCHLM_SHARED to their folder")


@pytest.fixture(scope="session")
def export_cache(request: pytest.FixtureRequest) -> Path:
    """Framework exports, kept from one test to the next, and from one run to the next."""
    cache = request.config.cache
    assert cache is not None
    return Path(cache.mkdir("exports"))


@pytest.fixture(scope="module", autouse=True)
def own_registry() -> Iterator[None]:
    """Tasks that the tests of a file register are forgotten after it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "_TASKS", dict(registry._TASKS))
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip `gpu` tests where there is no CUDA device; torch is imported only if one was collected."""
    gpu_tests = [item for item in items if item.get_closest_marker("gpu")]
    if not gpu_tests:
        return
    import torch

    if not torch.cuda.is_available():
        for item in gpu_tests:
            item.add_marker(pytest.mark.skip(reason="no CUDA device"))
