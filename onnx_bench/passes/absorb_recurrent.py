"""Recurrent layers own their weights."""

from __future__ import annotations

from typing import Any

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.passes.base import Pass, on
from onnx_bench.passes.values import data, get_input, is_held, scalar

_ACTIVATIONS = {"LSTM": ("Sigmoid", "Tanh", "Tanh"), "GRU": ("Sigmoid", "Tanh")}


class AbsorbRecurrent(Pass):
    """Turns the recurrent operators of ONNX into layers that own their weights.

    1. `LSTM`, `GRU`, `RNN` with held weights read the sequence and, where they are computed, the initial states.
       Stored initial states are dropped: they are the zeros an exporter wrote down. Lengths are those of the shapes.
    2. Variants outside the canonical table (other activations, peepholes, clipping, batch first) stay as they are.
    """

    @on("LSTM", "GRU", "RNN")
    def absorb(self, draft: Draft, node: DraftNode) -> bool:
        """Rules 1 and 2."""
        if "hidden" in node.attrs or not self.is_standard(node):
            return False
        recurrent, bias = data(node, 2), get_input(node, 3)
        if recurrent.shape is None:
            return False
        direction = node.attrs.get("direction", "forward")
        attrs: dict[str, Any] = {
            "hidden": recurrent.shape[-1], "direction": direction,
            "bias": bias is not None and scalar(bias) != 0.0,
        }  # fmt: skip
        if node.op == "GRU":
            attrs["linear_before_reset"] = bool(node.attrs.get("linear_before_reset", 0))
        if node.op == "RNN":
            attrs["activation"] = str((node.attrs.get("activations") or ("Tanh",))[0])
        states = [get_input(node, 5), get_input(node, 6)] if node.op == "LSTM" else [get_input(node, 5)]
        if all(s is None or is_held(s) for s in states):
            states = []
        draft.become(node, node.op, [data(node), *states], **attrs)
        return True

    def is_standard(self, node: DraftNode) -> bool:
        """Rule 2."""
        attrs = node.attrs
        if attrs.get("layout", 0) or "clip" in attrs or attrs.get("input_forget", 0) or get_input(node, 7) is not None:
            return False
        if not all(is_held(get_input(node, i)) for i in (1, 2)) or not all(
            i is None or is_held(i) for i in (get_input(node, 3), get_input(node, 4))
        ):
            return False
        given = tuple(attrs.get("activations") or ())
        if not given:
            return True
        usual = _ACTIVATIONS.get(node.op, given[:1])
        return given == usual * (len(given) // len(usual))
