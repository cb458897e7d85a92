"""What the tests of several parts of onnx_bench share."""

from __future__ import annotations

import warnings
from typing import Any

import pytest


@pytest.fixture(scope="session")
def node_cases() -> list[Any]:
    """The node cases of the ONNX standard. Making them takes ten seconds, so they are made once."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases

        return list(collect_testcases(None))
