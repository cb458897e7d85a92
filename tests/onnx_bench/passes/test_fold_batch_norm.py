from __future__ import annotations

import pytest

from onnx_bench.passes.fold_batch_norm import FoldBatchNorm
from tests.onnx_bench.passes.drafts import Sketch, applied, normal, only, ops


@pytest.mark.parametrize("form", ["BatchNorm", "affine", "two norms"])
def test_scale_and_shift_after_a_convolution_are_its_bias(form: str) -> None:
    s = Sketch()
    x = s.conv(s.input())
    if form == "affine":
        y = s.op("Add", s.held(4, 1, 1), s.op("Mul", x, s.held(1, 4, 1, 1)))
    else:
        y = s.op("BatchNorm", x)
        y = s.op("BatchNorm", y) if form == "two norms" else y
    graph = applied(FoldBatchNorm(), s.done(y))
    assert ops(graph) == ["Conv"] and only(graph, "Conv").params == 4 * 4 * 9 + 4


def test_a_scale_alone_gives_no_bias() -> None:
    s = Sketch()
    graph = applied(FoldBatchNorm(), s.done(s.op("Mul", s.conv(s.input()), s.held(4, 1, 1))))
    assert ops(graph) == ["Conv"] and only(graph, "Conv").get("bias") is False


def test_a_layer_that_something_else_reads_is_left_alone() -> None:
    s = Sketch()
    x = s.conv(s.input())
    graph = applied(FoldBatchNorm(), s.done(s.op("Add", s.op("BatchNorm", x), x)))
    assert "BatchNorm" in ops(graph)
    s = Sketch()
    x = s.conv(s.input())
    assert "BatchNorm" in ops(applied(FoldBatchNorm(), s.done(s.op("BatchNorm", x), x)))


def test_linear_maps_fold_only_on_their_own_axis() -> None:
    s = Sketch()
    vector = s.op("BatchNorm", s.op("Linear", s.input((1, 4)), shape=(1, 6), features=6), shape=(1, 6))
    assert ops(applied(FoldBatchNorm(), s.done(vector))) == ["Linear"]
    s = Sketch()
    tokens = s.op("BatchNorm", s.op("Linear", s.input((1, 7, 4)), shape=(1, 7, 6), features=6), shape=(1, 7, 6))
    assert ops(applied(FoldBatchNorm(), s.done(tokens))) == ["Linear", "BatchNorm"]


def test_scale_and_shift_with_nothing_to_fold_into_are_a_norm() -> None:
    s = Sketch()
    y = s.op("Add", s.op("Mul", s.input(), s.held(4, 1, 1)), s.held(4, 1, 1))
    graph = normal(s.done(y))
    assert ops(graph) == ["BatchNorm"] and only(graph, "BatchNorm").params == 8


def test_tensors_that_are_not_per_channel_stay() -> None:
    s = Sketch()
    graph = applied(FoldBatchNorm(), s.done(s.op("Add", s.conv(s.input()), s.held(1, 4, 8, 8))))
    assert ops(graph).count("Add") == 1
