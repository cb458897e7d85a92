"""The size space of NATS-Bench: 32,768 choices of five widths for one fixed cell."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import ClassVar

from onnx_bench.spaces.base import DrawnSpace, Head
from onnx_bench.spaces.drawing import Drawing
from onnx_bench.spaces.edge_cell import DrawEdge, draw_edge_cell
from onnx_bench.spaces.nasbench201 import HEADS, draw_classifier, draw_edge, draw_reduction

WIDTHS = (8, 16, 24, 32, 40, 48, 56, 64)
CELL = ("nor_conv_3x3", "nor_conv_3x3", "nor_conv_3x3", "skip_connect", "nor_conv_3x3", "nor_conv_3x3")
Widths = tuple[int, ...]

_ARCH = re.compile(r"\d{1,2}(:\d{1,2}){4}")


@lru_cache
def _widening_edge(channels: int) -> DrawEdge:
    """Operations of a cell whose edges from node 0 change the width to `channels`."""

    def draw(pen: Drawing, x: int, op: str, first: bool) -> int:
        if pen.shape(x)[1] == channels:
            return draw_edge(pen, x, op, first)
        if op == "skip_connect":
            return pen.conv(x, channels, 1, batch_norm=True)
        return pen.relu_conv(x, channels, 3)

    return draw


@dataclass(frozen=True)
class NATSSize(DrawnSpace[Widths]):
    """The widths `c1:c2:c3:c4:c5` of stem, reductions and cells in the macro skeleton of NAS-Bench-201.

    c1 is the width of the stem and the first stage, c2 and c4 those of the reductions, c3 and c5 those of the second
    and third stage. The task decides input plane and classes as in NAS-Bench-201. The records at hand hold no labels.

    Args:
        cells_per_stage: Repetitions of the cell in a stage.
    """

    cells_per_stage: int = 1

    name: ClassVar[str] = "nats_size"
    title: ClassVar[str] = "NATS-Bench size space: five widths of a fixed 4-node cell, small image classification"
    reference: ClassVar[str] = "Dong et al., NATS-Bench, TPAMI 2021, arXiv:2009.00437"
    tasks: ClassVar[Mapping[str, Head]] = HEADS
    default_task: ClassVar[str] = "cifar10"

    def parse(self, arch: str) -> Widths:
        if not _ARCH.fullmatch(arch):
            raise self.bad(arch, "another form", "five widths c1:c2:c3:c4:c5")
        widths = tuple(int(c) for c in arch.split(":"))
        if wrong := [c for c in widths if c not in WIDTHS]:
            raise self.bad(arch, f"width {wrong[0]}", f"widths among {', '.join(map(str, WIDTHS))}")
        return widths

    def sample(self, rng: random.Random) -> str:
        return ":".join(str(rng.choice(WIDTHS)) for _ in range(5))

    def neighbours(self, arch: str) -> list[str]:
        """One width changed."""
        widths = self.parse(arch)
        return [
            ":".join(map(str, (*widths[:place], width, *widths[place + 1 :])))
            for place in range(len(widths))
            for width in WIDTHS
            if width != widths[place]
        ]

    def size(self) -> int:
        return len(WIDTHS) ** 5

    def architectures(self) -> Iterator[str]:
        for widths in product(WIDTHS, repeat=5):
            yield ":".join(map(str, widths))

    def draw_backbone(self, pen: Drawing, parsed: Widths, head: Head) -> int:
        x = pen.conv(pen.input(head.input), parsed[0], 3, batch_norm=True)
        for stage, channels in enumerate(parsed[::2]):
            if stage:
                x = draw_reduction(pen, x, parsed[2 * stage - 1])
            for _ in range(self.cells_per_stage):
                x = draw_edge_cell(pen, x, CELL, "none", "skip_connect", _widening_edge(channels))
        return x

    def draw_head(self, pen: Drawing, x: int, head: Head) -> int:
        return draw_classifier(pen, x, head.outputs)
