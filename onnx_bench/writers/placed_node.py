"""`PlacedNode`: what every rule that writes an operator asks about where it stands."""

from __future__ import annotations

from dataclasses import dataclass

from onnx_bench.node import Node, Shape
from onnx_bench.writers.view import View


@dataclass(frozen=True)
class PlacedNode:
    """An operator where it stands.

    Attributes:
        view: The graph.
        position: Of the node.
    """

    view: View
    position: int

    @property
    def node(self) -> Node:
        """The operator."""
        return self.view.node(self.position)

    @property
    def x(self) -> Shape:
        """Shape of the first input."""
        return self.view.shape(self.node.inputs[0])

    @property
    def out(self) -> Shape:
        """Shape of the output."""
        return self.view.shape(self.position)

    @property
    def batch(self) -> int | None:
        """The output's axis that grows with the batch."""
        return self.view.batch[self.position]

    @property
    def dtype(self) -> str:
        """Element type of the first input."""
        return self.view.dtypes[self.node.inputs[0]]
