"""The batch axis is followed, or the reason is given why it cannot be."""

from __future__ import annotations

import pytest

from onnx_bench.builder import GraphBuilder
from onnx_bench.node import Graph
from onnx_bench.writers.batch import batch_axes
from tests.onnx_bench.writers.graphs import GRAPHS


def last_axis(name: str) -> int | None:
    graph = GRAPHS[name]()
    return batch_axes(graph)[0][graph.outputs[0]]


@pytest.mark.parametrize(("name", "axis"), [("class_token", 0), ("windows", 0), ("initial_state", 2), ("layout", 0)])
def test_axis_of_the_output(name: str, axis: int) -> None:
    assert last_axis(name) == axis


def test_windows_carry_the_batch_in_a_longer_axis() -> None:
    graph = GRAPHS["windows"]()
    axes, reason = batch_axes(graph)
    window = next(i for i, n in enumerate(graph.nodes) if n.shape == (4, 4, 6))
    assert axes[window] == 0 and not reason


def mixing(kind: str) -> Graph:
    b = GraphBuilder()
    x = b.input((1, 6))
    match kind:
        case "reduces":
            y = b.add("ReduceMean", x, axes=(0,))
        case "concatenates":
            y = b.add("Concat", x, x, axis=0)
        case "works along":
            y = b.add("Softmax", x, axis=0)
        case "multiplies along":
            y = b.add("MatMul", b.add("Transpose", x, perm=(1, 0)), x)
        case "splits":
            y = b.add("Reshape", b.add("Transpose", x, perm=(1, 0)), shape=(2, 3))
        case _:
            y = b.add("Add", x, b.add("Parameter", shape=(5, 6)))
    return b.build(y)


@pytest.mark.parametrize(
    "kind", ["reduces", "concatenates", "works along", "multiplies along", "splits", "adds something"]
)  # fmt: skip
def test_operators_that_mix_examples_fix_the_batch(kind: str) -> None:
    axes, reason = batch_axes(mixing(kind))
    assert kind in reason
    assert set(axes) == {None}


def test_input_without_batch_axis() -> None:
    b = GraphBuilder()
    assert batch_axes(b.build(b.linear(b.input((40, 6)), 3)))[1] == "no input has a leading axis of length 1"
