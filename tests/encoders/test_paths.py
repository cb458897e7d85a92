"""Signal and counts along paths, against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from encoders.columns import tabulate
from encoders.paths import propagate
from onnx_bench.builder import GraphBuilder


def test_residual_block_by_hand() -> None:
    b = GraphBuilder()
    x = b.conv(b.input((1, 3, 8, 8)), 4, 3, bias=True)  # position 1
    y = b.conv(b.relu(x), 4, 3, bias=True)  # 2, 3
    z = b.sum([x, y])  # 4
    flow = propagate(tabulate([b.build(z)]))
    assert flow.moment.tolist() == [1.0, 1.0, 0.5, 1.0, 2.0]
    assert flow.paths[z] == 2
    assert (flow.longest[z], flow.shortest[z]) == (2, 1)
    assert flow.field.tolist() == [1, 3, 3, 5, 5]
    # Both terms carry half the signal, and everything passes the first convolution.
    assert flow.influence.tolist() == [1.0, 1.0, 0.5, 0.5, 1.0]
    # Gradient: 1 by the skip, and 1 through conv (divided by its moment 1/2) and Relu (times 1/2).
    assert flow.gradient[x] == pytest.approx(2.0)


def test_stride_widens_the_field() -> None:
    b = GraphBuilder()
    x = b.conv(b.conv(b.input((1, 3, 32, 32)), 4, 3, stride=2), 4, 3)
    flow = propagate(tabulate([b.build(x)]))
    assert (flow.field[x], flow.jump[x]) == (7, 2)


def test_gates_and_parameters_carry_no_path() -> None:
    b = GraphBuilder()
    x = b.input((1, 8, 4, 4))
    pooled = b.add("ReduceMean", x, axes=(2, 3), keepdims=True)
    gate = b.add("Sigmoid", b.conv(pooled, 8, 1, bias=True))
    scaled = b.add("Mul", x, gate)
    out = b.add("Add", scaled, b.add("Parameter", shape=(1, 8, 1, 1)))
    flow = propagate(tabulate([b.build(out)]))
    assert flow.influence[x] == 1.0
    assert flow.influence[gate] == 0.0
    assert flow.paths[out] == 2


def test_a_graph_that_ignores_its_input_has_no_paths() -> None:
    b = GraphBuilder()
    b.input((1, 3, 8, 8))
    out = b.linear(b.add("Constant", shape=(1, 4), value=(0.0,)), 10)
    flow = propagate(tabulate([b.build(out)]))
    assert flow.paths[out] == 0
    assert np.isfinite(np.stack(flow)).all()
