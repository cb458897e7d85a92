from __future__ import annotations

from typing import Any

import pytest

from onnx_bench.passes.canonicalise_pools import CanonicalisePools
from tests.onnx_bench.passes.drafts import IMAGE, Sketch, applied, normal, only, ops

POOLED = (1, 4, 4, 4)


def pool(op: str, shape: tuple[int, ...] = POOLED, **attrs: Any) -> Any:
    s = Sketch()
    return applied(CanonicalisePools(), s.done(s.op(op, s.input(), shape=shape, **attrs)))


def test_attributes_are_written_out() -> None:
    node = only(pool("MaxPool", kernel_shape=(2, 2), strides=(2, 2)), "MaxPool")
    assert dict(node.attrs) == {"kernel": (2, 2), "strides": (2, 2), "pads": (0,) * 4, "dilations": (1, 1),
                                "ceil_mode": False}  # fmt: skip


@pytest.mark.parametrize(("pads", "counted"), [((0,) * 4, False), ((1,) * 4, True)])
def test_padding_that_is_not_there_is_not_counted(pads: tuple[int, ...], counted: bool) -> None:
    graph = pool("AveragePool", IMAGE[:2] + (8 - 2 + sum(pads) // 2,) * 2, kernel_shape=(3, 3), pads=pads,
                 count_include_pad=1)  # fmt: skip
    assert only(graph, "AveragePool").get("count_include_pad") is counted


@pytest.mark.parametrize("op", ["MaxPool", "AveragePool"])
def test_ceil_mode_is_padding_at_the_end(op: str) -> None:
    node = only(pool(op, kernel_shape=(3, 3), strides=(2, 2), ceil_mode=1), op)
    assert node.get("ceil_mode") is False and node.get("pads") == (0, 0, 1, 1)


@pytest.mark.parametrize(
    ("op", "attrs", "reduction"),
    [
        ("GlobalAveragePool", {}, "ReduceMean"), ("AveragePool", {"kernel_shape": (8, 8)}, "ReduceMean"),
        ("GlobalMaxPool", {}, "ReduceMax"), ("MaxPool", {"kernel_shape": (8, 8), "strides": (8, 8)}, "ReduceMax"),
        ("GlobalLpPool", {"p": 2}, "ReduceL2"),
    ],
)  # fmt: skip
def test_pools_over_the_plane_are_reductions(op: str, attrs: dict[str, Any], reduction: str) -> None:
    node = only(pool(op, (1, 4, 1, 1), **attrs), reduction)
    assert node.get("axes") == (2, 3) and node.get("keepdims") is True


def test_windows_of_one_element_do_nothing() -> None:
    assert ops(pool("AveragePool", IMAGE, kernel_shape=(1, 1))) == []


@pytest.mark.parametrize(("before", "value", "folds"), [
    ("Relu", 0.0, True), ("Tanh", 0.0, False), ("Tanh", float("-inf"), True),
])  # fmt: skip
def test_padding_before_a_maximum_folds_where_it_cannot_win(before: str, value: float, folds: bool) -> None:
    s = Sketch()
    pads = (0, 0, 1, 1, 0, 0, 1, 1)
    padded = s.op("Pad", s.op(before, s.input()), shape=(1, 4, 10, 10), pads=pads, mode="constant", value=value)
    graph = normal(s.done(s.op("MaxPool", padded, shape=POOLED, kernel_shape=(3, 3), strides=(2, 2))))
    assert ("Pad" not in ops(graph)) is folds
    if folds:
        assert only(graph, "MaxPool").get("pads") == (1, 1, 1, 1)


def test_padding_before_a_mean_is_counted() -> None:
    s = Sketch()
    padded = s.op("Pad", s.input(), shape=(1, 4, 10, 10), pads=(0, 0, 1, 1, 0, 0, 1, 1), mode="constant", value=0.0)
    graph = normal(s.done(s.op("AveragePool", padded, kernel_shape=(3, 3))))
    assert only(graph, "AveragePool").get("count_include_pad") is True
