"""Cells with an operation on each of six edges: NAS-Bench-201 and the micro space of TransNAS-Bench-101.

The operations are the blocks; an operation reads those whose edge ends where its own begins.
"""

from __future__ import annotations

from generators.block_graph import Block, BlockGraph
from generators.layouts.layout import Layout
from generators.scores import Scores
from onnx_bench.spaces.edge_cell import EDGES

_OPERATIONS = {"none": "zero", "skip_connect": "identity", "nor_conv_1x1": "conv1x1", "nor_conv_3x3": "conv3x3",
               "avg_pool_3x3": "avg_pool3x3"}  # fmt: skip
_DIGITS = {"0": "zero", "1": "identity", "2": "conv1x1", "3": "conv3x3"}
_LAST = len(EDGES) + 1
_READS = frozenset(
    [(0, j + 1) for j, edge in enumerate(EDGES) if edge[0] == 0]
    + [(i + 1, _LAST) for i, edge in enumerate(EDGES) if edge[1] == 3]
    + [(i + 1, j + 1) for i, a in enumerate(EDGES) for j, b in enumerate(EDGES) if a[1] == b[0]]
)


class _EdgeCell(Layout):
    """Input, six operations, output.

    `none` is the operation `zero` here, since the place is there.
    """

    names: dict[str, str]
    fixed_edges = _READS

    def __init__(self) -> None:
        ends = ({"op": ("input",)}, {"op": ("output",)})
        self.places = (ends[0], *[{"op": tuple(self.names.values())}] * len(EDGES), ends[1])

    def _encode(self, cell: tuple[str, ...]) -> BlockGraph:
        return self.graph([Block("input"), *(Block(self.names[op]) for op in cell), Block("output")])

    def _decode(self, scores: Scores) -> tuple[str, ...]:
        names = {block: name for name, block in self.names.items()}
        return tuple(names[scores.best(place + 1, "op", tuple(names))] for place in range(len(EDGES)))


class NASBench201Layout(_EdgeCell):
    """NAS-Bench-201."""

    name = "nasbench201"
    names = _OPERATIONS

    def encode(self, arch: str) -> BlockGraph:
        return self._encode(self.space.parse(arch))

    def decode(self, scores: Scores) -> str:
        from onnx_bench.spaces.nasbench201 import arch_string

        return arch_string(self._decode(scores))


class TransNASMicroLayout(_EdgeCell):
    """The micro space of TransNAS-Bench-101."""

    name = "transnas_micro"
    names = _DIGITS

    def encode(self, arch: str) -> BlockGraph:
        return self._encode(tuple(self.space.parse(arch).cell.replace("_", "")))

    def decode(self, scores: Scores) -> str:
        a, b, c, d, e, f = self._decode(scores)
        return f"64-41414-{a}_{b}{c}_{d}{e}{f}"
