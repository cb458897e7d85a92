"""The macro space of TransNAS-Bench-101: 3,256 arrangements of modules of residual cells."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import ClassVar

from onnx_bench.spaces.drawing import Drawing
from onnx_bench.spaces.transnas import Network, TransNAS

CELL = "basic"
KINDS = "1234"
MODULES, DOUBLINGS, HALVINGS = (4, 6), (1, 3), (1, 4)
"""Fewest and most modules, doublings of the width, halvings of the plane."""


def is_valid(modules: str) -> bool:
    """Whether a string of module kinds is in the space."""
    return (
        set(modules) <= set(KINDS)
        and MODULES[0] <= len(modules) <= MODULES[1]
        and DOUBLINGS[0] <= modules.count("2") + modules.count("4") <= DOUBLINGS[1]
        and HALVINGS[0] <= modules.count("3") + modules.count("4") <= HALVINGS[1]
    )


@cache
def all_modules() -> tuple[str, ...]:
    """Every string of module kinds in the space."""
    lengths = range(MODULES[0], MODULES[1] + 1)
    return tuple(m for length in lengths for m in map("".join, product(KINDS, repeat=length)) if is_valid(m))


@dataclass(frozen=True)
class TransNASMacro(TransNAS):
    """Four to six modules of `basic` cells, with one to three doublings of the width and one to four halvings.

    See `TransNAS` for tasks and skeleton.
    """

    name: ClassVar[str] = "transnas_macro"
    title: ClassVar[str] = "TransNAS-Bench-101 macro: where residual networks widen and shrink, seven vision tasks"

    def parse(self, arch: str) -> Network:
        modules, cell = self._split(arch)
        if cell != CELL:
            raise self.bad(arch, f"cell {cell!r}", f"{CELL!r}, which all macro architectures have")
        if not is_valid(modules):
            raise self.bad(
                arch, f"modules {modules!r}",
                "4 to 6 digits of 1 to 4, one to three of them 2 or 4 (wider), one to four 3 or 4 (halved plane)",
            )  # fmt: skip
        return Network(modules, cell)

    def _arch(self, modules: str) -> str:
        return f"{self.base_channels}-{modules}-{CELL}"

    def sample(self, rng: random.Random) -> str:
        return self._arch(rng.choice(all_modules()))

    def neighbours(self, arch: str) -> list[str]:
        """One module changed, inserted or removed; those in the space."""
        modules = self.parse(arch).modules
        places = range(len(modules))
        edits = [modules[:i] + kind + modules[i + 1 :] for i in places for kind in KINDS]
        edits += [modules[:i] + kind + modules[i:] for i in range(len(modules) + 1) for kind in KINDS]
        edits += [modules[:i] + modules[i + 1 :] for i in places]
        return [self._arch(m) for m in dict.fromkeys(edits) if m != modules and is_valid(m)]

    def size(self) -> int:
        return len(all_modules())

    def architectures(self) -> Iterator[str]:
        return map(self._arch, all_modules())

    def draw_cell(self, pen: Drawing, x: int, cell: str, channels: int, stride: int) -> int:
        y = pen.relu_conv(pen.relu_conv(x, channels, 3, stride), channels, 3)
        if stride > 1 or pen.shape(x)[1] != channels:
            x = pen.conv(x, channels, 1, stride, batch_norm=True)
        return pen.sum([y, x])
