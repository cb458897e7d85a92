"""Helpers for tests of passes: small drafts in ONNX vocabulary, and what a pass makes of them."""

from __future__ import annotations

from typing import Any

from onnx_bench.canonical_order import canonical_order
from onnx_bench.draft import Draft, DraftNode
from onnx_bench.node import Graph, Node, Shape
from onnx_bench.normalise import PIPELINE
from onnx_bench.passes.base import Pass

IMAGE = (1, 4, 8, 8)


class Sketch:
    """A draft under construction, in the vocabulary that the importer leaves."""

    def __init__(self) -> None:
        self.draft = Draft()

    def input(self, shape: Shape = IMAGE, dtype: str = "float") -> DraftNode:
        return self.draft.add("Input", (), shape, dtype=dtype)

    def held(self, *shape: int) -> DraftNode:
        """A learned tensor."""
        return self.draft.add("Parameter", (), shape, dtype="float")

    def number(self, *values: Any, shape: Shape = (), dtype: str = "float") -> DraftNode:
        return self.draft.add("Constant", (), shape, value=values, dtype=dtype)

    def op(self, op: str, *inputs: DraftNode | None, shape: Shape | None = IMAGE, **attrs: Any) -> DraftNode:
        return self.draft.add(op, inputs, shape, **attrs)

    def conv(self, x: DraftNode, channels: int = 4, kernel: int = 3) -> DraftNode:
        """A canonical convolution that keeps the size of the plane."""
        pad, two = (kernel // 2,) * 4, (1, 1)
        return self.op("Conv", x, shape=None, channels=channels, kernel=(kernel,) * 2, strides=two, pads=pad,
                       dilations=two)  # fmt: skip

    def done(self, *outputs: DraftNode) -> Draft:
        self.draft.outputs = outputs
        self.draft.sort()
        return self.draft


def applied(step: Pass, draft: Draft) -> Graph:
    """What `step` makes of `draft`; it must have nothing left to do on its own result."""
    step(draft)
    draft.sort()
    assert not step(draft), f"{step.name} is not idempotent"
    return draft.freeze()


def normal(draft: Draft) -> Graph:
    """What all passes make of `draft`."""
    draft.sort()
    PIPELINE(draft)
    return canonical_order(draft.freeze())


def ops(graph: Graph) -> list[str]:
    """Operators in order, graph inputs left out."""
    return [n.op for n in graph.nodes if n.op != "Input"]


def only(graph: Graph, op: str) -> Node:
    """The one node of that operator."""
    (found,) = (n for n in graph.nodes if n.op == op)
    return found
