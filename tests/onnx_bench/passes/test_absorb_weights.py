from __future__ import annotations

import pytest

from onnx_bench.passes.absorb_weights import AbsorbWeights
from tests.onnx_bench.passes.drafts import Sketch, applied, normal, only, ops


@pytest.mark.parametrize("bias", [False, True])
def test_conv_owns_its_weights(bias: bool) -> None:
    s = Sketch()
    inputs = [s.input(), s.held(6, 2, 3, 3)] + ([s.held(6)] if bias else [])
    graph = applied(AbsorbWeights(), s.done(s.op("Conv", *inputs, shape=(1, 6, 4, 4), kernel_shape=(3, 3), group=2,
                                                 strides=(2, 2), pads=(1, 1, 1, 1), dilations=(1, 1))))  # fmt: skip
    conv = only(graph, "Conv")
    assert len(graph.nodes) == 2
    assert conv.params == 6 * 2 * 9 + 6 * bias
    assert conv.get("channels") == 6 and conv.get("groups") == 2 and conv.get("bias") is bias
    assert conv.macs == 6 * 16 * 2 * 9


def test_conv_transpose_counts_its_weights() -> None:
    s = Sketch()
    graph = applied(AbsorbWeights(), s.done(s.op("ConvTranspose", s.input(), s.held(4, 6, 2, 2), shape=(1, 6, 16, 16),
                                                 kernel_shape=(2, 2), strides=(2, 2))))  # fmt: skip
    assert only(graph, "ConvTranspose").params == 4 * 6 * 4


def test_computed_weights_are_no_parameters() -> None:
    s = Sketch()
    graph = applied(AbsorbWeights(), s.done(s.op("Conv", s.input(), s.input((4, 4, 3, 3)), shape=(1, 4, 6, 6))))
    conv = only(graph, "Conv")
    assert len(conv.inputs) == 2 and conv.params == 0 and conv.macs == 4 * 36 * 4 * 9


def test_computed_bias_is_added() -> None:
    s = Sketch()
    graph = applied(AbsorbWeights(), s.done(s.op("Conv", s.input(), s.held(4, 4, 1, 1), s.input((4,)))))
    assert ops(graph) == ["Conv", "Reshape", "Add"]


@pytest.mark.parametrize("form", ["gemm", "gemm_transposed", "matmul_add", "batched_weights"])
def test_all_forms_of_an_affine_map_are_linear(form: str) -> None:
    s = Sketch()
    x, out = s.input((1, 4)), (1, 6)
    y = {
        "gemm": lambda: s.op("Gemm", x, s.held(4, 6), s.held(6), shape=out),
        "gemm_transposed": lambda: s.op("Gemm", x, s.held(6, 4), s.held(6), shape=out, transB=1, alpha=0.5),
        "matmul_add": lambda: s.op("Add", s.held(6), s.op("MatMul", x, s.held(4, 6), shape=out), shape=out),
        "batched_weights": lambda: s.op("Gemm", x, s.held(4, 6), s.held(1, 6), shape=out, beta=2.0),
    }[form]()
    graph = normal(s.done(y))
    assert ops(graph) == ["Linear"]
    assert only(graph, "Linear").params == 4 * 6 + 6


def test_gemm_of_computed_operands_is_a_scaled_product() -> None:
    s = Sketch()
    y = s.op("Gemm", s.input((4, 3)), s.input((5, 4)), s.input((3, 5)), shape=(3, 5), transA=1, transB=1, alpha=0.5)
    assert sorted(ops(applied(AbsorbWeights(), s.done(y)))) == ["Add", "Constant", "MatMul", "Mul", "Transpose",
                                                                "Transpose"]  # fmt: skip


def test_a_product_with_weights_on_the_left_stays() -> None:
    s = Sketch()
    assert ops(applied(AbsorbWeights(), s.done(s.op("MatMul", s.held(5, 4), s.input((4, 3)), shape=(5, 3))))) == [
        "Parameter", "MatMul"
    ]  # fmt: skip


def test_rows_of_a_table_are_an_embedding() -> None:
    s = Sketch()
    graph = applied(AbsorbWeights(), s.done(s.op("Gather", s.held(100, 16), s.input((1, 7), "int"), shape=(1, 7, 16))))
    assert only(graph, "Embedding").params == 1600


def test_slopes_are_counted() -> None:
    s = Sketch()
    assert only(applied(AbsorbWeights(), s.done(s.op("PRelu", s.input(), s.held(4, 1, 1)))), "PRelu").params == 4
