"""`OnnxSite`: an operator where it stands, as the rules that write ONNX see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from onnx_bench.writers.onnx_file import OnnxFile
from onnx_bench.writers.placed_node import PlacedNode
from onnx_bench.writers.view import View
from onnx_bench.writers.weights import node_weights


@dataclass(frozen=True)
class OnnxSite(PlacedNode):
    """An operator where it stands: what a rule sees.

    Attributes:
        file: Where to write.
        ins: Names of the inputs' values; empty where omitted.
        weights: The node's weights, by suffix without punctuation (`weight`, `bias`, ...).
        name: What the output is to be called.
    """

    file: OnnxFile
    ins: tuple[str, ...]
    weights: dict[str, str]
    name: str

    @property
    def attrs(self) -> dict[str, Any]:
        return dict(self.node.attrs)

    def emit(self, op: str, *inputs: str, **attrs: Any) -> None:
        """Write the node that gives the output."""
        self.file.op(op, inputs, self.name, **attrs)

    def held(self, *names: str) -> list[str]:
        """Value names of those of these weights that the node has."""
        return [self.weights[name] for name in names if name in self.weights]


Rule = Callable[[OnnxSite], None]


def hold_weights(file: OnnxFile, view: View, position: int, name: str) -> dict[str, str]:
    """Write the weights of a node and return their value names by suffix."""
    held: dict[str, str] = {}
    for weight in node_weights(view, position):
        held[weight.suffix.lstrip("._") or "tensor"] = file.weight(name + weight.suffix, weight)
    return held
