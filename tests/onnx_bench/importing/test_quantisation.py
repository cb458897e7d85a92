"""Quantised files: what their formats stand for."""

from __future__ import annotations

import pytest

from onnx_bench.importing.importer import import_model
from tests.onnx_bench.importing.models import imported, model, operators, output

LAYER = "float[4,3,3,3] w; float s = {0.1}; float six = {0.023529412}; float one = {1.0}; int8 low = {-128}; "
FORMAT = LAYER + "int8 mid = {0}; uint8 least = {0}; uint8 some = {3}"


@pytest.mark.parametrize(
    ("body", "ops"),
    [
        ("c = Conv (x, w) q = QuantizeLinear (c, s, low)", ["Conv", "Relu"]),
        ("c = Conv (x, w) q = QuantizeLinear (c, s, least)", ["Conv", "Relu"]),
        ("c = Conv (x, w) q = QuantizeLinear (c, six, low)", ["Conv", "Clip"]),
        ("c = Conv (x, w) q = QuantizeLinear (c, s)", ["Conv", "Relu"]),
        ("c = Conv (x, w) q = QuantizeLinear <output_dtype = 3> (c, s)", ["Conv"]),
        ("c = Conv (x, w) q = QuantizeLinear (c, s, mid)", ["Conv"]),
        ("c = Conv (x, w) q = QuantizeLinear (c, s, some)", ["Conv"]),
        ("c = Conv (x, w) d = Relu (c) q = QuantizeLinear (d, s, low)", ["Conv", "Relu"]),
        ("c = Conv (x, w) d = Sigmoid (c) q = QuantizeLinear (d, s, low)", ["Conv", "Sigmoid"]),
        ("c = MatMul (x, x) q = QuantizeLinear (c, s, low)", ["MatMul"]),
        ("q = QuantizeLinear (x, s, low)", []),
        ("c = Conv (x, w) d = Add (c, c) q = QuantizeLinear (d, s, low)", ["Conv", "Add", "Relu"]),
        ("c = Conv (x, w) r = Relu (c) d = Add (r, r) q = QuantizeLinear (d, s, low)", ["Conv", "Relu", "Add"]),
    ],
)
def test_a_format_that_begins_at_zero_after_a_layer_is_the_activation_it_replaced(body: str, ops: list[str]) -> None:
    graph = imported(body + " y = DequantizeLinear (q, s)", stored=FORMAT)
    assert operators(graph) == [*ops, "QuantizeLinear", "DequantizeLinear"]


def test_so_is_the_format_of_an_integer_layer() -> None:
    plain = imported("c = Conv (x, w) y = Relu (c)", stored=FORMAT)
    for zero in ("low", "least"):
        body = f"q = QuantizeLinear (x, s, some) c = QLinearConv (q, s, some, v, s, mid, s, {zero}) "
        graph = imported(body + f"y = DequantizeLinear (c, s, {zero})", stored=FORMAT + "; int8[4,3,3,3] v")
        assert graph.fingerprint() == plain.fingerprint()


def test_a_sum_of_onnxruntime_ends_with_its_activation() -> None:
    body = "c = Conv (x, w) y = com.microsoft.QLinearAdd (c, s, mid, c, s, mid, s, low)"
    graph = imported(body, stored=FORMAT, domains='"com.microsoft" : 1')
    assert operators(graph) == ["Conv", "Add", "Relu"]


def test_quantised_numbers_have_their_value() -> None:
    """Without, what they are part of is not recognised, nor are shapes that are computed with them known."""
    numbers = "float a = {0.0039215689}; uint8 k = {255}; uint8 zero = {0}"
    erf = "e = Erf (d) o = Add (e, n) m = Mul (x, o) y = Mul (m, h)"
    plain = model(f"d = Div (x, r) {erf}", stored="float r = {1.4142135}; float n = {1}; float h = {0.5}")
    body = "n = DequantizeLinear (k, a, zero) h = DequantizeLinear (k, b, zero) d = Div (x, r) "
    stored = f"{numbers}; float r = {{1.4142135}}; float b = {{0.0019607844}}"
    graph = import_model(model(body + erf, stored=stored))
    assert graph.fingerprint() == import_model(plain).fingerprint()
    numbers = "float a = {0.5}; uint8 zero = {0}"
    kept = "q = QuantizeLinear (c, a, zero) t = DequantizeLinear (q, a, zero) i = Cast <to = 7> (t) y = Tile (x, i)"
    assert output(imported(kept, stored=numbers + "; float[4] c = {1, 2, 1, 1}")).shape == (1, 6, 8, 8)


def test_rows_of_a_quantised_table_are_an_embedding() -> None:
    plain = imported("y = Gather (t, x)", inputs="int64[1,5] x", stored="float[30,8] t")
    body = "r = Gather (t, x) p = Transpose <perm = [0,2,1]> (r) d = DequantizeLinear (p, s, z) "
    body += "y = Transpose <perm = [0,2,1]> (d)"
    graph = imported(body, inputs="int64[1,5] x", stored="int8[30,8] t; float s = {0.1}; int8 z = {0}").normalise()
    assert graph.fingerprint() == plain.fingerprint()
    assert (graph.params, graph.stored_params) == (240, 240)


def test_the_bias_after_a_dynamically_quantised_product_is_a_bias() -> None:
    stored = "float[8,8] w; int8[8,8] v; float[8] b; float[8] s; int8 z = {0}"
    plain = imported("p = MatMul (x, w) l = Add (p, b) y = Add (x, l)", stored=stored)
    body = (
        "q, a, o = DynamicQuantizeLinear (x) i = MatMulInteger (q, v, o, z) f = Cast <to = 1> (i) k = Mul (a, s) "
        "p = Mul (f, k) l = Add (p, b) y = Add (x, l)"
    )
    graph = imported(body, stored=stored).normalise()
    assert graph.fingerprint() == plain.fingerprint()
    assert graph.params == plain.normalise().params
