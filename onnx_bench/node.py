"""`Node` and `Graph`: the plain data that passes, writers and encoders share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

Scalar = bool | int | float | str
AttrValue = Scalar | tuple[Scalar, ...]
Attrs = tuple[tuple[str, AttrValue], ...]
Shape = tuple[int, ...]


class Node(NamedTuple):
    """One operator application. Nodes refer to their inputs by position in `Graph.nodes`.

    Attributes:
        op: Canonical operator name (see `onnx_bench.ops`) or, before normalisation, an ONNX operator name;
            `domain::name` for operators outside the ONNX standard.
        inputs: Positions of the producers, all smaller than this node's own. `-1` marks an omitted optional input.
        attrs: Attributes as pairs sorted by name; defaults are written out.
        shape: Shape of the (first) output with batch 1, or `None` where it is not known.
        params: Learned scalars this use holds. Shared weights are counted per use.
        macs: Multiply-accumulates for one example.
    """

    op: str
    inputs: tuple[int, ...] = ()
    attrs: Attrs = ()
    shape: Shape | None = None
    params: int = 0
    macs: int = 0

    def get(self, name: str, default: AttrValue | None = None) -> AttrValue | None:
        """Return attribute `name`, or `default`."""
        for key, value in self.attrs:
            if key == name:
                return value
        return default


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes in topological order and the positions of the outputs. No weights."""

    nodes: tuple[Node, ...]
    outputs: tuple[int, ...]
