"""DARTS: a normal and a reduction cell of four nodes, two of seven operations into each."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from math import comb, prod
from typing import ClassVar

from onnx_bench.errors import UnknownNameError
from onnx_bench.spaces.base import DrawnSpace, Head
from onnx_bench.spaces.darts_cell import (
    NODES,
    OPERATIONS,
    Cell,
    Edge,
    Genotype,
    draw_cell,
    genotype_string,
    read_genotype,
)
from onnx_bench.spaces.drawing import Drawing

STEMS = ("cifar", "imagenet")


@dataclass(frozen=True)
class DARTS(DrawnSpace[Genotype]):
    """A chain of cells, each of which reads the outputs of the two before it.

    The cells at one and two thirds of the depth reduce: they halve the plane and double the width. There is no
    auxiliary head and no drop path. An architecture is the text of a `Genotype` as the DARTS code prints it; the
    order of the two edges of a node has no meaning, and architectures are written with the lower state first.

    The defaults are the proxy network of NAS-Bench-301. Known variants: `layers=20, init_channels=36` (DARTS on
    CIFAR-10: 3,349,342 parameters for the published DARTS_V2), `layers=14, init_channels=48` with the task
    `imagenet-1k` (4,718,752).

    `concat` may list some of the nodes only, as in spaces that concatenate loose ends; such architectures are parsed
    and built, but `sample` and `size` keep to the space proper, in which all four are concatenated.

    Args:
        layers: Number of cells.
        init_channels: Width of a node before the first reduction; even.
        stem: `cifar` (a 3x3 convolution to three times the width), `imagenet` (three convolutions of stride 2), or
            empty for the one that suits the task.
    """

    layers: int = 8
    init_channels: int = 32
    stem: str = ""

    name: ClassVar[str] = "darts"
    title: ClassVar[str] = "DARTS cells (NAS-Bench-301): two cells of four nodes, 7 operations, image classification"
    reference: ClassVar[str] = (
        "Liu et al., DARTS, ICLR 2019, arXiv:1806.09055; Zela et al., NAS-Bench-301, ICLR 2022, arXiv:2008.09777"
    )
    tasks: ClassVar[Mapping[str, Head]] = {
        "cifar10": Head((1, 3, 32, 32), 10),
        "imagenet-1k": Head((1, 3, 224, 224), 1000),
    }
    default_task: ClassVar[str] = "cifar10"

    def __post_init__(self) -> None:
        if self.stem and self.stem not in STEMS:
            raise UnknownNameError(f"space darts has no stem {self.stem!r}; it has {', '.join(STEMS)}")
        if self.init_channels % 2:
            raise UnknownNameError(f"init_channels is {self.init_channels}; it must be even, for reductions halve it")

    def parse(self, arch: str) -> Genotype:
        try:
            return read_genotype(arch)
        except ValueError as error:
            raise self.bad(arch, *error.args) from error

    def sample(self, rng: random.Random) -> str:
        return genotype_string(Genotype(_sample_cell(rng), _sample_cell(rng)))

    def neighbours(self, arch: str) -> list[str]:
        """One edge with another operation, or from another state."""
        normal, reduce = self.parse(arch)
        found = [Genotype(cell, reduce) for cell in _neighbours_of_cell(normal)]
        found += [Genotype(normal, cell) for cell in _neighbours_of_cell(reduce)]
        return [genotype_string(genotype) for genotype in found]

    def size(self) -> int:
        cells = prod(comb(place + 2, 2) * len(OPERATIONS) ** 2 for place in range(NODES))
        return cells**2

    def draw_backbone(self, pen: Drawing, parsed: Genotype, head: Head) -> int:
        if not (parsed.normal.is_live and parsed.reduce.is_live):
            pen.settled = False  # dead nodes may take whole cells with them; they are left to the passes
        channels, halved = self.init_channels, self._stem_name(head) == "imagenet"
        states = self._draw_stem(pen, pen.input(head.input), halved)
        for place in range(self.layers):
            reduces = place in (self.layers // 3, 2 * self.layers // 3)
            channels *= 2 if reduces else 1
            cell = parsed.reduce if reduces else parsed.normal
            states = (states[1], draw_cell(pen, states, cell, channels, reduces, halved))
            halved = reduces
        if min(pen.shape(states[1])[2:]) < 3:
            pen.settled = False  # pools and means of so small a plane are less than they seem; the passes know
        return states[1]

    def _stem_name(self, head: Head) -> str:
        return self.stem or ("cifar" if head.input[-1] < 64 else "imagenet")

    def _draw_stem(self, pen: Drawing, x: int, halves: bool) -> tuple[int, int]:
        """The two inputs of the first cell; for ImageNet the first of them has twice the plane of the second."""
        if not halves:
            x = pen.conv(x, 3 * self.init_channels, 3, batch_norm=True)
            return x, x
        x = pen.relu(pen.conv(x, self.init_channels // 2, 3, 2, batch_norm=True))
        x = pen.conv(x, self.init_channels, 3, 2, batch_norm=True)
        return x, pen.relu_conv(x, self.init_channels, 3, 2)

    def draw_head(self, pen: Drawing, x: int, head: Head) -> int:
        return pen.linear(pen.global_pool(x), head.outputs)


def _sample_cell(rng: random.Random) -> Cell:
    nodes = []
    for place in range(NODES):
        first, second = sorted(rng.sample(range(place + 2), 2))
        nodes.append((Edge(rng.choice(OPERATIONS), first), Edge(rng.choice(OPERATIONS), second)))
    return Cell(tuple(nodes))


def _neighbours_of_cell(cell: Cell) -> list[Cell]:
    found = []
    for place, node in enumerate(cell.nodes):
        for old, kept in (node, node[::-1]):
            others = [Edge(op, old.source) for op in OPERATIONS if op != old.op]
            others += [Edge(old.op, s) for s in range(place + 2) if s not in (old.source, kept.source)]
            for new in others:
                first, second = sorted((new, kept), key=lambda edge: edge.source)
                found.append(cell._replace(nodes=(*cell.nodes[:place], (first, second), *cell.nodes[place + 1 :])))
    return found
