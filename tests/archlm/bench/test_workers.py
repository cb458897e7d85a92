"""Jobs side by side: what is told where a worker goes away."""

from __future__ import annotations

import os

import pytest

from archlm.bench import workers
from onnx_bench.errors import UserInputError


def test_a_worker_that_is_killed_is_said() -> None:
    with pytest.raises(UserInputError, match="worker processes was ended from outside"):
        list(workers.run(os._exit, [("a job", 9)], 2))
