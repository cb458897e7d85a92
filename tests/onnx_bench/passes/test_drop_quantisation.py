from __future__ import annotations

from onnx_bench.passes.drop_quantisation import DropQuantisation
from tests.onnx_bench.passes.drafts import Sketch, applied, normal, only, ops


def test_pairs_of_quantisation_vanish() -> None:
    s = Sketch()
    scale, zero = s.number(0.1), s.number(0, dtype="int")
    q = s.op("DequantizeLinear", s.op("QuantizeLinear", s.input(), scale, zero), scale, zero)
    assert ops(applied(DropQuantisation(), s.done(s.op("Relu", q)))) == ["Relu"]


def test_casts_inside_a_class_vanish_and_others_name_their_class() -> None:
    s = Sketch()
    half = s.op("Cast", s.input(), to=10)
    whole = s.op("Cast", s.op("Cast", half, to=7), to=6)
    graph = applied(DropQuantisation(), s.done(whole))
    assert only(graph, "Cast").get("to") == "int"


def test_integer_convolution_is_a_convolution() -> None:
    s = Sketch()
    n = s.number(0.1)
    y = s.op("QLinearConv", s.input(), n, n, s.held(4, 4, 1, 1), n, n, n, n, s.held(4), kernel_shape=(1, 1))
    assert only(normal(s.done(y)), "Conv").get("bias") is True


def test_dynamic_quantisation_leaves_a_linear_map() -> None:
    s = Sketch()
    x = s.input((1, 4))
    q = s.op("DynamicQuantizeLinear", x, shape=(1, 4))
    scale, zero = s.op("Output", q, shape=(), index=1), s.op("Output", q, shape=(), index=2)
    product = s.op("MatMulInteger", q, s.held(4, 6), zero, s.number(0, dtype="int"), shape=(1, 6))
    both = s.op("Mul", scale, s.number(0.02), shape=())
    y = s.op("Mul", s.op("Cast", product, shape=(1, 6), to=1), both, shape=(1, 6))
    assert ops(normal(s.done(y))) == ["Linear"]
