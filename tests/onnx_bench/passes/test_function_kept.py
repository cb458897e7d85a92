"""Normalisation keeps the function of graphs without learned weights, and is idempotent on them."""

from __future__ import annotations

from math import prod

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from onnx_bench.builder import GraphBuilder
from onnx_bench.fingerprint import fingerprint
from onnx_bench.node import Graph, Shape
from onnx_bench.normalise import normalise
from tests.onnx_bench.passes.interpreter import evaluate

SHAPES = [(1, 4, 6), (1, 2, 3, 4), (6, 4), (4, 1, 6), (1, 12, 2, 2), (1, 24), (2, 3, 8)]
STEPS = (
    "reshape", "merge", "split", "transpose", "transpose", "slice", "slice", "relu", "scale", "softmax", "norm",
    "double", "meet", "mean", "join", "attend", "gelu",
)  # fmt: skip


def factorisations(size: int) -> list[Shape]:
    """Shapes of `size` elements, some with axes of size 1."""
    found = [(size,), (1, size), (size, 1)]
    for a in range(2, size):
        if size % a == 0:
            found += [(a, size // a), (1, a, size // a), (a, 1, size // a)]
            found += [(1, a, b, size // a // b) for b in range(2, size // a) if size // a % b == 0]
    return found


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """A random chain of layout operators, activations and norms, with branches that meet again."""
    b = GraphBuilder()
    x = b.input(draw(st.sampled_from(SHAPES)))
    seen = [x]
    for step in draw(st.lists(st.sampled_from(STEPS), min_size=3, max_size=10)):
        shape = b.shape(x)
        rank = len(shape)
        if step == "reshape":
            x = b.add("Reshape", x, shape=draw(st.sampled_from(factorisations(prod(shape)))))
        elif step == "merge" and rank > 1:
            axis = draw(st.integers(0, rank - 2))
            merged = (*shape[:axis], shape[axis] * shape[axis + 1], *shape[axis + 2 :])
            x = b.add("Reshape", x, shape=merged)
        elif step == "split":
            axis = draw(st.integers(0, rank - 1))
            part = draw(st.sampled_from([d for d in range(1, shape[axis] + 1) if shape[axis] % d == 0]))
            x = b.add("Reshape", x, shape=(*shape[:axis], part, shape[axis] // part, *shape[axis + 1 :]))
        elif step == "meet":
            turned = b.add("Transpose", x, perm=tuple(draw(st.permutations(range(rank)))))
            target = draw(st.sampled_from(factorisations(prod(shape))))
            x = b.add("Sub", b.add("Reshape", x, shape=target), b.add("Reshape", turned, shape=target))
        elif step == "transpose":
            x = b.add("Transpose", x, perm=tuple(draw(st.permutations(range(rank)))))
        elif step == "slice":
            axis = draw(st.integers(0, rank - 1))
            start = draw(st.integers(0, shape[axis] - 1))
            x = b.add("Slice", x, axis=axis, start=start, end=draw(st.integers(start + 1, shape[axis])))
        elif step == "relu":
            x = b.relu(x)
        elif step == "scale":
            x = b.add("Mul", x, b.add("Constant", shape=(), value=(0.5,)))
        elif step == "softmax":
            x = b.add("Softmax", x, axis=draw(st.integers(0, rank - 1)))
        elif step == "norm":
            mean = b.add("ReduceMean", x, axes=(rank - 1,), keepdims=True)
            centred = b.add("Sub", x, mean)
            variance = b.add("ReduceMean", b.add("Mul", centred, centred), axes=(rank - 1,), keepdims=True)
            shifted = b.add("Add", variance, b.add("Constant", shape=(), value=(1e-5,)))
            x = b.add("Div", centred, b.add("Sqrt", shifted))
        elif step == "double":
            alike = [y for y in seen if b.shape(y) == shape]
            x = b.add("Add", x, draw(st.sampled_from([x, *alike])))
        elif step == "mean" and rank > 1:
            axis = draw(st.integers(0, rank - 1))
            x = b.add("ReduceMean", x, axes=(axis,), keepdims=draw(st.booleans()))
        elif step == "join":
            alike = [y for y in seen if b.shape(y) == shape]
            x = b.concat([x, draw(st.sampled_from([x, *alike]))], draw(st.integers(0, rank - 1)))
        elif step == "attend" and rank > 1:
            turned = b.add("Transpose", x, perm=(*range(rank - 2), rank - 1, rank - 2))
            scores = b.add("Mul", b.add("MatMul", x, turned), b.add("Constant", shape=(), value=(0.3,)))
            x = b.add("MatMul", b.add("Softmax", scores, axis=rank - 1), x)
        elif step == "gelu":
            inner = b.add("Erf", b.add("Mul", x, b.add("Constant", shape=(), value=(0.707107,))))
            one = b.add("Add", inner, b.add("Constant", shape=(), value=(1.0,)))
            x = b.add("Mul", b.add("Mul", x, one), b.add("Constant", shape=(), value=(0.5,)))
        seen.append(x)
    return b.build(x)


@settings(max_examples=200, deadline=None)
@given(graphs())
def test_function_is_kept(graph: Graph) -> None:
    normal, _ = normalise(graph)
    x = np.random.default_rng(0).normal(size=graph.nodes[0].shape)
    np.testing.assert_allclose(evaluate(normal, [x])[0], evaluate(graph, [x])[0], rtol=1e-3, atol=1e-4)


@settings(max_examples=100, deadline=None)
@given(graphs())
def test_normal_form_is_normal(graph: Graph) -> None:
    normal, _ = normalise(graph)
    assert fingerprint(normalise(normal)[0]) == fingerprint(normal)
