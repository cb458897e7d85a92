"""Lowering to ONNX: LSTM, GRU and RNN, whose gates PyTorch orders differently."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from onnx_bench.writers.onnx_site import OnnxSite

_GATE_ORDER = {"LSTM": (0, 3, 1, 2), "GRU": (1, 0, 2), "RNN": (0,)}
"""Positions in PyTorch's order (input forget cell output; reset update new) of ONNX's gates."""


def recurrent(site: OnnxSite, further: Sequence[str]) -> None:
    """Write a recurrent layer; `further` are the names of its outputs 1 (and 2), the final states."""
    a, op, file = site.attrs, site.node.op, site.file
    order = _GATE_ORDER[op]
    hidden, width = a["hidden"], site.x[2]
    ends = ("", "_reverse") if a["direction"] == "bidirectional" else ("",)

    def gates(names: Sequence[str], columns: int, copies: int = 1) -> str:
        """Stored [directions * copies * gates * hidden, columns], gates put in order; a vector where columns is 0."""
        tail = (columns,) if columns else ()
        stored = [site.weights[name] for name in names]
        stacked = file.op("Concat", stored, axis=0) if len(stored) > 1 else stored[0]
        split = file.op("Reshape", [stacked, file.ints((len(ends), copies * len(order), hidden, *tail))])
        index = [gate + copy * len(order) for copy in range(copies) for gate in order]
        if index != list(range(len(index))):
            split = file.op("Gather", [split, file.ints(index)], axis=1)
        return file.op("Reshape", [split, file.ints((len(ends), copies * len(order) * hidden, *tail))])

    weights = gates([f"weight_ih_l0{end}" for end in ends], width)
    recurrence = gates([f"weight_hh_l0{end}" for end in ends], hidden)
    bias = gates([f"bias_{kind}_l0{end}" for end in ends for kind in ("ih", "hh")], 0, 2) if a["bias"] else ""
    inputs = [site.ins[0], weights, recurrence, bias, "", *site.ins[1:]]
    while not inputs[-1]:
        inputs.pop()
    extra: dict[str, Any] = {"linear_before_reset": int(a["linear_before_reset"])} if op == "GRU" else {}
    if op == "RNN":
        extra["activations"] = [a["activation"]] * len(ends)
    file.multi(op, inputs, [site.name, *further], hidden_size=hidden, direction=a["direction"], **extra)
