"""Hypothesis strategies: random networks, and the same network written down in another order."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import strategies as st

from onnx_bench.builder import GraphBuilder
from onnx_bench.node import Graph
from onnx_bench.ops import spec

_STEPS = ("conv", "relu", "tanh", "pool", "add", "mul", "concat", "norm", "scale", "zero", "mean_gate", "transpose",
          "reshape", "slice")  # fmt: skip


def _step(b: GraphBuilder, draw: Any, step: str, pool: list[int]) -> int:
    """Append one operation on earlier maps of shape [1, 4, 8, 8] that gives such a map again."""
    x = draw(st.sampled_from(pool))
    y = draw(st.sampled_from(pool))
    if step == "conv":
        return b.conv(x, 4, draw(st.sampled_from((1, 3))), batch_norm=draw(st.booleans()))
    if step in ("relu", "tanh"):
        return b.add(step.capitalize(), x)
    if step == "pool":
        return b.avg_pool(x, 3, 1, 1)
    if step in ("add", "mul"):
        return b.add(step.capitalize(), x, y)
    if step == "concat":
        return b.conv(b.add("Concat", x, y, axis=1), 4, 1)
    if step == "norm":
        return b.add("BatchNorm", x)
    if step in ("scale", "zero"):
        value = 0.0 if step == "zero" else draw(st.sampled_from((0.5, 1.0, 2.0, -1.0)))
        return b.add("Mul", x, b.add("Constant", shape=(), value=(value,)))
    if step == "mean_gate":
        gate = b.add("ReduceMean", x, axes=(2, 3), keepdims=True)
        return b.add("Mul", y, b.add("Sigmoid", b.conv(gate, 4, 1)))
    if step == "transpose":
        return b.add("Transpose", b.add("Transpose", x, perm=(0, 2, 3, 1)), perm=(0, 3, 1, 2))
    if step == "reshape":
        return b.add("Reshape", b.add("Reshape", x, shape=(1, 4, 64)), shape=(1, 4, 8, 8))
    part = b.add("Slice", x, axis=1, start=0, end=2, step=1)
    return b.add("Concat", part, b.add("Slice", y, axis=1, start=2, end=4, step=1), axis=1)


@st.composite
def networks(draw: Any, max_steps: int = 14) -> Graph:
    """A network with batch norms, zero branches, dead branches, repeated work and layers that do nothing."""
    b = GraphBuilder()
    pool = [b.conv(b.input((1, 3, 8, 8)), 4, 3)]
    for step in draw(st.lists(st.sampled_from(_STEPS), min_size=1, max_size=max_steps)):
        pool.append(_step(b, draw, step, pool))
    return b.build(b.linear(b.global_pool(b.sum([pool[-1], draw(st.sampled_from(pool))])), 10))


def rewritten(graph: Graph, seed: int) -> Graph:
    """The same network: another topological order, operands of commutative operators swapped."""
    rng = random.Random(seed)
    waiting = {i: set(n.inputs) for i, n in enumerate(graph.nodes)}
    place: dict[int, int] = {}
    nodes = []
    while waiting:
        ready = sorted(i for i, inputs in waiting.items() if inputs <= place.keys())
        i = rng.choice(ready)
        del waiting[i]
        inputs = [place[j] for j in graph.nodes[i].inputs]
        if spec(graph.nodes[i].op).commutative:
            rng.shuffle(inputs)
        place[i] = len(nodes)
        nodes.append(graph.nodes[i]._replace(inputs=tuple(inputs)))
    return Graph(tuple(nodes), tuple(place[o] for o in graph.outputs))
