"""Activations in the arithmetic that exporters write."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from onnx_bench.builder import GraphBuilder
from onnx_bench.node import Node
from onnx_bench.normalise import normalise

Form = Callable[[GraphBuilder, int], int]


def number(b: GraphBuilder, value: float) -> int:
    return b.add("Constant", shape=(), value=(value,))


def plus(b: GraphBuilder, x: int, value: float) -> int:
    return b.add("Add", x, number(b, value))


def times(b: GraphBuilder, x: int, value: float) -> int:
    return b.add("Mul", x, number(b, value))


def gelu_erf(b: GraphBuilder, x: int) -> int:
    erf = b.add("Erf", b.add("Div", x, number(b, 1.41421)))
    return times(b, b.add("Mul", x, plus(b, erf, 1)), 0.5)


def gelu_erf_half_first(b: GraphBuilder, x: int) -> int:
    return b.add("Mul", times(b, x, 0.5), plus(b, b.add("Erf", times(b, x, 0.7071)), 1))


def gelu_erf_as_sum(b: GraphBuilder, x: int) -> int:
    half = times(b, x, 0.5)
    return b.add("Add", half, b.add("Mul", half, b.add("Erf", times(b, x, 0.707107))))


def tanh_argument(b: GraphBuilder, x: int) -> int:
    cube = b.add("Pow", x, number(b, 3))
    return times(b, b.add("Add", x, times(b, cube, 0.044715)), 0.797885)


def gelu_tanh(b: GraphBuilder, x: int) -> int:
    return b.add("Mul", times(b, x, 0.5), plus(b, b.add("Tanh", tanh_argument(b, x)), 1))


def gelu_tanh_as_sigmoid(b: GraphBuilder, x: int) -> int:
    return b.add("Mul", x, b.add("Sigmoid", times(b, tanh_argument(b, x), 2)))


def silu(b: GraphBuilder, x: int) -> int:
    return b.add("Mul", b.add("Sigmoid", x), x)


def silu_quotient(b: GraphBuilder, x: int) -> int:
    return b.add("Div", x, plus(b, b.add("Exp", b.add("Neg", x)), 1))


def mish(b: GraphBuilder, x: int) -> int:
    return b.add("Mul", x, b.add("Tanh", b.add("Log", plus(b, b.add("Exp", x), 1))))


def hard_swish(b: GraphBuilder, x: int) -> int:
    clipped = b.add("Clip", plus(b, x, 3), min=0.0, max=6.0)
    return b.add("Div", b.add("Mul", x, clipped), number(b, 6))


def hard_swish_of_hard_sigmoid(b: GraphBuilder, x: int) -> int:
    return b.add("Mul", x, b.add("HardSigmoid", x, alpha=0.16666667, beta=0.5))


def hard_sigmoid(b: GraphBuilder, x: int) -> int:
    return b.add("Div", b.add("Clip", plus(b, x, 3), min=0.0, max=6.0), number(b, 6))


def hard_sigmoid_of_minimum(b: GraphBuilder, x: int) -> int:
    return b.add("Max", b.add("Min", plus(b, times(b, x, 1 / 6), 0.5), number(b, 1)), number(b, 0))


def softplus(b: GraphBuilder, x: int) -> int:
    return b.add("Log", plus(b, b.add("Exp", x), 1))


def softplus_with_threshold(b: GraphBuilder, x: int) -> int:
    return b.add("Where", b.add("Greater", x, number(b, 20)), x, softplus(b, x))


def sigmoid(b: GraphBuilder, x: int) -> int:
    return b.add("Reciprocal", plus(b, b.add("Exp", times(b, x, -1)), 1))


def relu6(b: GraphBuilder, x: int) -> int:
    return b.add("Min", b.relu(x), number(b, 6))


FORMS: dict[Form, tuple[str, dict[str, object]]] = {
    gelu_erf: ("Gelu", {"approximate": "none"}), gelu_erf_half_first: ("Gelu", {"approximate": "none"}),
    gelu_erf_as_sum: ("Gelu", {"approximate": "none"}), gelu_tanh: ("Gelu", {"approximate": "tanh"}),
    gelu_tanh_as_sigmoid: ("Gelu", {"approximate": "tanh"}), silu: ("Silu", {}), silu_quotient: ("Silu", {}),
    mish: ("Mish", {}), hard_swish: ("HardSwish", {}), hard_swish_of_hard_sigmoid: ("HardSwish", {}),
    hard_sigmoid: ("HardSigmoid", {"alpha": 0.166667, "beta": 0.5}),
    hard_sigmoid_of_minimum: ("HardSigmoid", {"alpha": 0.166667, "beta": 0.5}),
    softplus: ("Softplus", {}), softplus_with_threshold: ("Softplus", {}), sigmoid: ("Sigmoid", {}),
    relu6: ("Clip", {"min": 0.0, "max": 6.0}),
}  # fmt: skip


def normalised(form: Form, gated: bool = False) -> list[Node]:
    """The canonical nodes of a network around `form`, without its inputs."""
    b = GraphBuilder()
    x = b.conv(b.input((1, 3, 8, 8)), 4, 3)
    y = form(b, x)
    if gated:
        y = b.add("Mul", b.input((1, 4, 8, 8)), y)
    graph, _ = normalise(b.build(y))
    return [n for n in graph.nodes if n.op not in ("Input", "Conv")]


@pytest.mark.parametrize("form", FORMS, ids=lambda f: f.__name__)
def test_form_is_one_operator(form: Form) -> None:
    op, attrs = FORMS[form]
    (node,) = normalised(form)
    assert (node.op, dict(node.attrs)) == (op, attrs)


@pytest.mark.parametrize("form", FORMS, ids=lambda f: f.__name__)
def test_form_is_found_inside_a_product(form: Form) -> None:
    assert [n.op for n in normalised(form, gated=True)] == [FORMS[form][0], "Mul"]


@pytest.mark.parametrize("form", [gelu_erf, gelu_erf_half_first, gelu_tanh])
def test_gelu_keeps_its_form_beside_a_factor(form: Form) -> None:
    """Normaliser-free networks scale their activations; exporters write GELU out up to opset 19."""
    nodes = normalised(lambda b, x: times(b, form(b, x), 1.7))
    assert [(n.op, n.get("value")) for n in nodes] == [("Gelu", None), ("Constant", (1.7,)), ("Mul", None)]


def test_gate_narrower_than_the_product_is_found() -> None:
    b = GraphBuilder()
    x = b.input((1, 4, 8, 8))
    pooled = b.add("ReduceMean", x, axes=(2, 3), keepdims=True)
    clipped = b.add("Clip", plus(b, b.conv(pooled, 4, 1), 3), min=0.0, max=6.0)
    graph, _ = normalise(b.build(times(b, b.add("Mul", x, clipped), 1 / 6)))
    assert [n.op for n in graph.nodes if n.op not in ("Input", "Conv", "ReduceMean")] == ["HardSigmoid", "Mul"]


@pytest.mark.parametrize("factor", [1.702, 0.9])
def test_other_functions_stay(factor: float) -> None:
    nodes = normalised(lambda b, x: b.add("Mul", x, b.add("Sigmoid", times(b, x, factor))))
    assert [n.op for n in nodes if n.op != "Constant"] == ["Mul", "Sigmoid", "Mul"]


def test_shared_part_is_not_taken() -> None:
    b = GraphBuilder()
    x = b.input((1, 4, 8, 8))
    inner = plus(b, x, 3)
    clipped = b.add("Clip", inner, min=0.0, max=6.0)
    graph, _ = normalise(b.build(times(b, clipped, 1 / 6), b.conv(clipped, 4, 1)))
    assert "HardSigmoid" not in {n.op for n in graph.nodes}


def gelu_doubled(b: GraphBuilder, x: int) -> int:
    """What simplifiers leave of GELU where they move its half into the weights behind it."""
    return b.add("Mul", x, plus(b, b.add("Erf", times(b, x, 0.707107)), 1))


def test_gelu_whose_half_is_in_the_weights_behind_it() -> None:
    assert [n.op for n in normalised(lambda b, x: b.conv(gelu_doubled(b, x), 4, 1))] == ["Gelu"]


def test_twice_gelu_stays_where_no_layer_can_hold_its_half() -> None:
    assert "Gelu" not in [n.op for n in normalised(lambda b, x: b.add("Add", x, gelu_doubled(b, x)))]
