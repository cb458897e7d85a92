"""The micro space of TransNAS-Bench-101: 4,096 cells in the modules 41414."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import ClassVar

from onnx_bench.spaces.drawing import Drawing
from onnx_bench.spaces.edge_cell import EDGES, DrawEdge, draw_edge_cell
from onnx_bench.spaces.transnas import Network, TransNAS

MODULES = "41414"
ZERO, SKIP, CONV_1X1, CONV_3X3 = OPERATIONS = "0123"

_CELL = re.compile(r"([0-3])_([0-3]{2})_([0-3]{3})")


@lru_cache
def _edge(channels: int, stride: int) -> DrawEdge:
    """Operations of a cell whose edges from node 0 lead to `channels` at `stride`."""

    def draw(pen: Drawing, x: int, op: str, first: bool) -> int:
        step = stride if first else 1
        if op in (CONV_1X1, CONV_3X3):
            return pen.relu_conv(x, channels, 1 if op == CONV_1X1 else 3, step)
        n, width, height, breadth = pen.shape(x)
        changes = step > 1 or width != channels
        if op == SKIP:
            return _draw_factorised_skip(pen, x, channels, step) if changes else x
        if changes:
            return pen.add("Constant", shape=(n, channels, -(-height // step), -(-breadth // step)), value=(0.0,))
        return pen.add("Mul", x, pen.add("Constant", shape=(), value=(0.0,)))

    return draw


def _draw_factorised_skip(pen: Drawing, x: int, channels: int, stride: int) -> int:
    """A skip that changes the shape; at stride 2 its second half sees the input shifted by one pixel."""
    if stride == 1:
        return pen.conv(x, channels, 1, batch_norm=True)
    x = pen.relu(x)
    _, _, height, breadth = pen.shape(x)
    shifted = pen.add("Pad", x, pads=(0, 0, 0, 0, 0, 0, 1, 1))
    shifted = pen.add("Slice", shifted, axis=2, start=1, end=height + 1)
    shifted = pen.add("Slice", shifted, axis=3, start=1, end=breadth + 1)
    halves = [pen.conv(x, channels // 2, 1, 2), pen.conv(shifted, channels - channels // 2, 1, 2)]
    return pen.batch_norm(pen.concat(halves))


@dataclass(frozen=True)
class TransNASMicro(TransNAS):
    """Cells `a_bc_def` of four nodes with one of four operations on each edge: none, skip, conv 1x1, conv 3x3.

    Only edges that leave node 0 carry a change of stride or width. See `TransNAS` for tasks and skeleton.
    """

    name: ClassVar[str] = "transnas_micro"
    title: ClassVar[str] = "TransNAS-Bench-101 micro: 4-node cells, 4 operations on 6 edges, seven vision tasks"

    def parse(self, arch: str) -> Network:
        modules, cell = self._split(arch)
        if modules != MODULES:
            raise self.bad(arch, f"modules {modules!r}", f"{MODULES}, which all micro architectures have")
        if not _CELL.fullmatch(cell):
            raise self.bad(arch, f"cell {cell!r}", "the form a_bc_def with digits 0 to 3")
        return Network(modules, cell)

    def _arch(self, ops: str) -> str:
        return f"{self.base_channels}-{MODULES}-{ops[0]}_{ops[1:3]}_{ops[3:]}"

    def sample(self, rng: random.Random) -> str:
        return self._arch("".join(rng.choice(OPERATIONS) for _ in EDGES))

    def neighbours(self, arch: str) -> list[str]:
        """One edge with another operation."""
        ops = self.parse(arch).cell.replace("_", "")
        return [
            self._arch(ops[:edge] + op + ops[edge + 1 :])
            for edge in range(len(ops))
            for op in OPERATIONS
            if op != ops[edge]
        ]

    def size(self) -> int:
        return int(len(OPERATIONS) ** len(EDGES))

    def architectures(self) -> Iterator[str]:
        return (self._arch("".join(ops)) for ops in product(OPERATIONS, repeat=len(EDGES)))

    def draw_cell(self, pen: Drawing, x: int, cell: str, channels: int, stride: int) -> int:
        return draw_edge_cell(pen, x, cell.replace("_", ""), ZERO, SKIP, _edge(channels, stride))
