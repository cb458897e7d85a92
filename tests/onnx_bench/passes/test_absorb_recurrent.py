from __future__ import annotations

from typing import Any

import pytest

from onnx_bench.draft import Draft
from onnx_bench.passes.absorb_recurrent import AbsorbRecurrent
from tests.onnx_bench.passes.drafts import Sketch, applied, only, ops


def layer(op: str, gates: int, states: bool = False, **attrs: Any) -> Draft:
    s = Sketch()
    w, r, b = s.held(1, gates * 6, 5), s.held(1, gates * 6, 6), s.held(1, 2 * gates * 6)
    state = s.held(1, 1, 6) if states else None
    y = s.op(op, s.input((7, 1, 5)), w, r, b, None, state, shape=(7, 1, 1, 6), hidden_size=6, **attrs)
    return s.done(s.op("Output", y, shape=(1, 1, 6), index=1))


@pytest.mark.parametrize(("op", "gates"), [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
def test_recurrent_layers_own_their_weights(op: str, gates: int) -> None:
    graph = applied(AbsorbRecurrent(), layer(op, gates))
    assert only(graph, op).params == gates * 6 * (5 + 6 + 2)
    assert ops(graph) == [op, "Output"]


def test_stored_initial_states_are_dropped() -> None:
    assert only(applied(AbsorbRecurrent(), layer("GRU", 3, states=True)), "GRU").inputs == (0,)


def test_unusual_cells_stay() -> None:
    step = AbsorbRecurrent()
    draft = layer("LSTM", 4, activations=("Relu", "Tanh", "Tanh"))
    assert not step(draft)
    assert not step(layer("GRU", 3, layout=1))
