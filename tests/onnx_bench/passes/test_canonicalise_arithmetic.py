"""Arithmetic with constants, sums and products of many operands, activations."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from onnx_bench.draft import DraftNode
from onnx_bench.passes.canonicalise_activations import CanonicaliseActivations
from onnx_bench.passes.canonicalise_arithmetic import CanonicaliseArithmetic
from onnx_bench.passes.flatten_nary import FlattenNary
from onnx_bench.passes.fold_scalars import FoldScalars
from tests.onnx_bench.passes.drafts import Sketch, applied, normal, only, ops


def value_of(graph: Any) -> float:
    values = only(graph, "Constant").get("value")
    assert isinstance(values, tuple)
    return float(values[0])


@pytest.mark.parametrize(("op", "constant", "expected", "value"), [
    ("Sub", 3.0, "Add", -3.0), ("Div", 8.0, "Mul", 0.125), ("Mul", 8.0, "Mul", 8.0), ("Add", 8.0, "Add", 8.0),
])  # fmt: skip
def test_constants_on_the_right(op: str, constant: float, expected: str, value: float) -> None:
    s = Sketch()
    graph = normal(s.done(s.op(op, s.input(), s.number(constant, shape=(1, 1, 1, 1)))))
    assert ops(graph) == ["Constant", expected] and value_of(graph) == value
    assert only(graph, "Constant").shape == ()


def test_constants_on_the_left() -> None:
    s = Sketch()
    x = s.input()
    graph = applied(CanonicaliseArithmetic(), s.done(s.op("Sub", s.number(1.0), x), s.op("Div", s.number(1.0), x)))
    assert sorted(ops(graph)) == ["Add", "Constant", "Constant", "Mul", "Reciprocal"]


def test_integer_division_rounds_and_stays() -> None:
    s = Sketch()
    half = s.op("Div", s.input((4,), "int"), s.number(2, dtype="int"), shape=(4,))
    graph = applied(CanonicaliseArithmetic(), s.done(half))
    assert "Div" in ops(graph)


@pytest.mark.parametrize(("exponent", "expected"), [
    (1.0, []), (2.0, ["Mul"]), (3.0, ["Mul"]), (-1.0, ["Reciprocal"]), (0.5, ["Sqrt"]), (-0.5, ["Sqrt", "Reciprocal"]),
    (1.7, ["Constant", "Pow"]),
])  # fmt: skip
def test_powers(exponent: float, expected: list[str]) -> None:
    s = Sketch()
    assert ops(applied(CanonicaliseArithmetic(), s.done(s.op("Pow", s.input(), s.number(exponent))))) == expected


def test_sums_and_means_of_many() -> None:
    s = Sketch()
    x = s.input()
    y = s.op("Tanh", x)
    graph = normal(s.done(s.op("Mean", x, y), s.op("Sum", x, y, s.op("Sin", x)), s.op("Max", x)))
    assert ops(graph).count("Add") >= 2 and value_of(graph) == 0.5
    assert not {"Mean", "Sum", "Max"} & set(ops(graph))


def test_nested_sums_are_written_out_where_nothing_else_reads_them() -> None:
    s = Sketch()
    x = s.input()
    a, b, c = (s.op(f, x) for f in ("Tanh", "Sin", "Cos"))
    inner = s.op("Add", a, b)
    graph = applied(FlattenNary(), s.done(s.op("Add", inner, c)))
    assert len(only(graph, "Add").inputs) == 3
    s = Sketch()
    x = s.input()
    inner = s.op("Add", s.op("Tanh", x), x)
    outer = s.op("Add", inner, s.op("Sin", inner))
    assert ops(applied(FlattenNary(), s.done(outer))).count("Add") == 2


def test_constants_meet_and_vanish() -> None:
    s = Sketch()
    x = s.op("Mul", s.number(0.5), s.op("Mul", s.input(), s.number(6.0)))
    graph = applied(FlattenNary(), s.done(x))
    assert value_of(graph) == 3.0 and graph.nodes[-1].inputs[-1] == ops(graph).index("Constant") + 1
    s = Sketch()
    x = s.op("Mul", s.number(0.5), s.op("Mul", s.input(), s.number(2.0)))
    assert ops(applied(FlattenNary(), s.done(s.op("Add", x, s.number(0.0))))) == []


def test_a_constant_that_widens_stays() -> None:
    s = Sketch()
    y = s.op("Add", s.input((1, 1)), s.number(0.0, shape=(1, 5)), shape=(1, 5))
    assert ops(applied(FlattenNary(), s.done(y))) == ["Constant", "Add"]


def test_a_product_with_zero_is_zero() -> None:
    s = Sketch()
    graph = applied(FlattenNary(), s.done(s.op("Mul", s.input(), s.number(0.0))))
    assert ops(graph) == ["Constant"] and graph.nodes[-1].shape == (1, 4, 8, 8)


def test_concatenations_are_written_out() -> None:
    s = Sketch()
    x = s.input()
    inner = s.op("Concat", x, s.op("Tanh", x), shape=(1, 8, 8, 8), axis=1)
    outer = s.op("Concat", inner, s.op("Sin", x), shape=(1, 12, 8, 8), axis=1)
    graph = applied(FlattenNary(), s.done(s.op("Concat", outer, shape=(1, 12, 8, 8), axis=1)))
    assert len(only(graph, "Concat").inputs) == 3


def clip(s: Sketch, x: DraftNode, low: float | None, high: float | None) -> DraftNode:
    bounds = {"min": low, "max": high}
    return s.op("Clip", x, **{k: v for k, v in bounds.items() if v is not None})


@pytest.mark.parametrize(("low", "high", "expected"), [
    (0.0, None, "Relu"), (None, None, None), (-3.4028235e38, 6.0, "Clip"), (0.0, 6.0, "Clip"), (0.0, 3.4e38, "Relu"),
])  # fmt: skip
def test_clips(low: float | None, high: float | None, expected: str | None) -> None:
    s = Sketch()
    graph = applied(CanonicaliseActivations(), s.done(clip(s, s.input(), low, high)))
    assert ops(graph) == ([expected] if expected else [])
    if expected == "Clip":
        assert only(graph, "Clip").get("min") == (-inf if low != 0 else 0.0)


@pytest.mark.parametrize("form", ["clip", "relu_clip", "min_relu", "clip_relu", "max_min"])
def test_forms_of_relu6(form: str) -> None:
    s = Sketch()
    x, six, zero = s.input(), s.number(6.0), s.number(0.0)
    y = {
        "clip": lambda: s.op("Clip", x, min=0.0, max=6.0),
        "relu_clip": lambda: s.op("Clip", s.op("Relu", x), max=6.0),
        "min_relu": lambda: s.op("Min", s.op("Relu", x), six),
        "clip_relu": lambda: s.op("Relu", s.op("Clip", x, min=-1.0, max=6.0)),
        "max_min": lambda: s.op("Min", six, s.op("Max", zero, x)),
    }[form]()
    graph = normal(s.done(y))
    assert ops(graph) == ["Clip"] and dict(only(graph, "Clip").attrs) == {"min": 0.0, "max": 6.0}


def test_computed_bounds_are_maxima_and_minima() -> None:
    s = Sketch()
    graph = applied(CanonicaliseActivations(), s.done(s.op("Clip", s.input(), s.input(()), s.input(()))))
    assert ops(graph) == ["Max", "Min"]


def test_relu_of_relu() -> None:
    s = Sketch()
    assert ops(applied(CanonicaliseActivations(), s.done(s.op("Relu", s.op("Relu", s.input()))))) == ["Relu"]


def test_onnx_defaults_of_hard_sigmoid_and_swish() -> None:
    s = Sketch()
    graph = applied(CanonicaliseActivations(), s.done(s.op("HardSigmoid", s.op("Swish", s.input()))))
    assert only(graph, "HardSigmoid").get("alpha") == 0.2 and "Silu" in ops(graph)


def test_layers_absorb_constants() -> None:
    s = Sketch()
    y = s.op("Mul", s.op("Add", s.conv(s.input()), s.number(0.5)), s.number(2.0))
    graph = applied(FoldScalars(), s.done(y))
    assert ops(graph) == ["Conv"] and only(graph, "Conv").get("bias") is True


@pytest.mark.parametrize("op", ["Mul", "Add"])
@pytest.mark.parametrize("first", [True, False])
def test_layers_absorb_one_learned_number(op: str, first: bool) -> None:
    """A file that holds the number does not tell that it was learned; one without its value, or one that computes it,
    does."""
    graphs = []
    for learned in (True, False):
        s = Sketch()
        layer, number = s.conv(s.input()), s.held() if learned else s.number(0.5)
        graphs.append(normal(s.done(s.op(op, *((number, layer) if first else (layer, number))))))
    assert graphs[0] == graphs[1] and ops(graphs[0]) == ["Conv"]


def test_where_by_a_negated_condition_is_one_by_the_condition() -> None:
    graphs = []
    for negated in (True, False):
        s = Sketch()
        x, condition = s.input(), s.input((1, 4, 8, 8), dtype="bool")
        kept, other = (s.number(-1e9), x) if negated else (x, s.number(-1e9))
        graphs.append(normal(s.done(s.op("Where", s.op("Not", condition) if negated else condition, kept, other))))
    assert graphs[0] == graphs[1]
