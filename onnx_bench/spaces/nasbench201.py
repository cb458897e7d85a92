"""NAS-Bench-201: 15,625 cells of four nodes with one of five operations on each of six edges."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import ClassVar

from onnx_bench.spaces.base import DrawnSpace, Head
from onnx_bench.spaces.drawing import Drawing
from onnx_bench.spaces.edge_cell import EDGES, draw_edge_cell

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
HEADS = {
    "cifar10": Head((1, 3, 32, 32), 10),
    "cifar100": Head((1, 3, 32, 32), 100),
    "imagenet16-120": Head((1, 3, 16, 16), 120),
}
Cell = tuple[str, ...]
"""The operation of every edge, in the order of `edge_cell.EDGES`."""

_ARCH = re.compile(r"\|(\w+)~0\|\+\|(\w+)~0\|(\w+)~1\|\+\|(\w+)~0\|(\w+)~1\|(\w+)~2\|")


def arch_string(cell: Cell) -> str:
    """The benchmark's notation, e.g. `|a~0|+|b~0|c~1|+|d~0|e~1|f~2|`."""
    a, b, c, d, e, f = cell
    return f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|"


def draw_edge(pen: Drawing, x: int, op: str, first: bool) -> int:
    """Draw one operation; width and resolution stay."""
    match op:
        case "skip_connect":
            return x
        case "avg_pool_3x3":
            return pen.avg_pool(x, 3, 1, 1)
        case "nor_conv_1x1":
            return pen.relu_conv(x, pen.shape(x)[1], 1)
        case "nor_conv_3x3":
            return pen.relu_conv(x, pen.shape(x)[1], 3)
        case _:
            return pen.add("Mul", x, pen.add("Constant", shape=(), value=(0.0,)))


def draw_cell(pen: Drawing, x: int, cell: Cell) -> int:
    """Draw the cell at constant width."""
    return draw_edge_cell(pen, x, cell, "none", "skip_connect", draw_edge)


def draw_reduction(pen: Drawing, x: int, channels: int) -> int:
    """The residual block between stages: two convolutions, beside them an average pool and a 1x1 convolution."""
    y = pen.relu_conv(x, channels, 3, 2)
    y = pen.relu_conv(y, channels, 3)
    return pen.sum([y, pen.conv(pen.avg_pool(x, 2, 2), channels, 1)])


def draw_classifier(pen: Drawing, x: int, outputs: int) -> int:
    """Batch norm, ReLU, mean over the plane, linear classifier."""
    return pen.linear(pen.global_pool(pen.relu(pen.batch_norm(x))), outputs)


@dataclass(frozen=True)
class NASBench201(DrawnSpace[Cell]):
    """Cells between residual reduction blocks; each stage halves the plane and doubles the width.

    The task decides the input plane (32x32, for `imagenet16-120` 16x16) and the number of classes. A zero operation
    is a product with 0 in the network as trained.

    Args:
        stem_channels: Width of the stem and the first stage.
        cells_per_stage: Repetitions of the cell in a stage.
        stages: Number of stages.
    """

    stem_channels: int = 16
    cells_per_stage: int = 5
    stages: int = 3

    name: ClassVar[str] = "nasbench201"
    title: ClassVar[str] = "NAS-Bench-201: 4-node cells, 5 operations on 6 edges, small image classification"
    reference: ClassVar[str] = "Dong and Yang, NAS-Bench-201, ICLR 2020, arXiv:2001.00326"
    tasks: ClassVar[Mapping[str, Head]] = HEADS
    default_task: ClassVar[str] = "cifar10"

    def parse(self, arch: str) -> Cell:
        match = _ARCH.fullmatch(arch)
        if match is None:
            raise self.bad(arch, "another form", "|op~0|+|op~0|op~1|+|op~0|op~1|op~2|")
        for op in match.groups():
            if op not in OPERATIONS:
                raise self.bad(arch, f"operation {op!r}", f"operations among {', '.join(OPERATIONS)}")
        return match.groups()

    def sample(self, rng: random.Random) -> str:
        return arch_string(tuple(rng.choice(OPERATIONS) for _ in EDGES))

    def neighbours(self, arch: str) -> list[str]:
        """One edge with another operation."""
        cell = self.parse(arch)
        return [
            arch_string((*cell[:edge], op, *cell[edge + 1 :]))
            for edge in range(len(cell))
            for op in OPERATIONS
            if op != cell[edge]
        ]

    def size(self) -> int:
        return int(len(OPERATIONS) ** len(EDGES))

    def architectures(self) -> Iterator[str]:
        return map(arch_string, product(OPERATIONS, repeat=len(EDGES)))

    def draw_backbone(self, pen: Drawing, parsed: Cell, head: Head) -> int:
        x = pen.conv(pen.input(head.input), self.stem_channels, 3, batch_norm=True)
        for stage in range(self.stages):
            if stage:
                x = draw_reduction(pen, x, self.stem_channels << stage)
            x = pen.repeat(partial(draw_cell, pen, cell=parsed), x, self.cells_per_stage)
        return x

    def draw_head(self, pen: Drawing, x: int, head: Head) -> int:
        return draw_classifier(pen, x, head.outputs)
