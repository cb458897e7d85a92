"""What the tests of several parts of onnx_bench share."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest


@pytest.fixture(scope="session")
def node_cases() -> list[Any]:
    """The node cases of the ONNX standard, made once; the outputs of three-dimensional pools are zeros.

    The standard pools in Python, window by window: for three cases it takes three times as long as for all the others.
    """
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.reference.ops import op_pool_common

        slowly = op_pool_common.pool

        def pool(
            padded: np.ndarray, x_shape: Sequence[int], kernel: Any, strides: Any, out_shape: Sequence[int],
            *more: Any, **named: Any,
        ) -> np.ndarray:  # fmt: skip
            if len(x_shape) == 5:
                return np.zeros((*x_shape[:2], *out_shape), padded.dtype)
            return slowly(padded, x_shape, kernel, strides, out_shape, *more, **named)

        patch.setattr(op_pool_common, "pool", pool)  # before the cases import it
        from onnx.backend.test.case.node import collect_testcases

        return list(collect_testcases(None))
