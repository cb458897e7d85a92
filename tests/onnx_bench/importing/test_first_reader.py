"""Inputs without a shape, told by who reads them."""

from __future__ import annotations

import pytest

from onnx_bench.node import Shape
from tests.onnx_bench.importing.models import imported

CONV = "y = Conv <pads = [1, 1, 1, 1]> (x, w)"
DENSE = "y = MatMul (x, w)"


@pytest.mark.parametrize(("inputs", "body", "weights", "shape"), [
    ("float[] x", CONV, "float[8,3,3,3] w", (1, 3, 224, 224)),
    ("float[] x", CONV.replace("<", "<group = 6, "), "float[6,1,3,3] w", (1, 6, 224, 224)),
    ("float[N,C,H,W] x", CONV, "float[8,1,3,3] w", (1, 1, 224, 224)),
    ("float[N,C,40,60] x", CONV, "float[8,5,3,3] w", (1, 5, 40, 60)),
    ("float[] x", DENSE, "float[20,4] w", (1, 20)),
    ("float[N,F] x", "y = Gemm <transB = 1> (x, w)", "float[4,20] w", (1, 20)),
    ("float[N,L,F] x", DENSE, "float[20,4] w", (1, 128, 20)),
])  # fmt: skip
def test_channels_are_those_of_the_weights(inputs: str, body: str, weights: str, shape: Shape) -> None:
    assert imported(body, inputs=inputs, stored=weights).nodes[0].shape == shape


@pytest.mark.parametrize(("inputs", "body", "weights", "shape"), [
    ("float[1,C] x", CONV, "float[8,3,3,3] w", (1, 128)),  # of another rank than the kernel
    ("float[1,3,8,8] x", CONV, "float[8,4,3,3] w", (1, 3, 8, 8)),
    ("float[] x", CONV.replace("<", "<group = 0, "), "float[8,3,3,3] w", None),
    ("float[] x", "y = MatMul (w, x)", "float[20,4] w", None),
    ("float[] x", "y = Relu (x)", "float[20,4] w", None),
])  # fmt: skip
def test_what_is_declared_or_not_told_stays(inputs: str, body: str, weights: str, shape: Shape | None) -> None:
    assert imported(body, inputs=inputs, stored=weights).nodes[0].shape == shape
