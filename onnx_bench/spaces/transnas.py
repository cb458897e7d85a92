"""TransNAS-Bench-101: one skeleton, varied in its cell (`transnas_micro`) or its modules (`transnas_macro`)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, NamedTuple

from onnx_bench.spaces.base import DrawnSpace, Head
from onnx_bench.spaces.drawing import Drawing

IMAGE = (1, 3, 256, 256)
TILES = (1, 9, 3, 64, 64)
HEADS = {
    "transnas/class_scene": Head(IMAGE, 63),
    "transnas/class_object": Head(IMAGE, 100),
    "transnas/room_layout": Head(IMAGE, 9),
    "transnas/jigsaw": Head(TILES, 1000),
    "transnas/segmentsemantic": Head(IMAGE, 0),
    "transnas/normal": Head(IMAGE, 0),
    "transnas/autoencoder": Head(IMAGE, 0),
}
REFERENCE = "Duan et al., TransNAS-Bench-101, CVPR 2021, arXiv:2105.11871"


class Network(NamedTuple):
    """A parsed architecture string `base-MODULES-CELL`.

    Attributes:
        modules: One digit a module: 1 plain, 2 doubles the channels, 3 halves the plane, 4 does both.
        cell: `basic` or the code of a micro cell, as in `1_02_333`.
    """

    modules: str
    cell: str


@dataclass(frozen=True)
class TransNAS(DrawnSpace[Network]):
    """Stem (two stride-2 convolutions), modules of two cells, and the head of the task.

    Every module's first cell makes its change of width and stride. Tasks:

    - `transnas/class_scene` (default), `transnas/class_object`, `transnas/room_layout`: 256x256 input, global pool and
      a linear layer with 63, 100 and 9 outputs, as in the recorded counts.
    - `transnas/jigsaw`: the input holds nine 64x64 tiles on an axis of its own, which is folded into the batch for the
      siamese backbone; the nine pooled features are laid side by side before the linear layer (1,000 outputs). Weights
      count once, MACs for all nine tiles (the recorded FLOPs count one tile).
    - `transnas/segmentsemantic`, `transnas/normal`, `transnas/autoencoder`: the backbone alone; the decoders of the
      benchmark are not drawn.

    Args:
        base_channels: Width after the stem; its first half has half of that.
        cells_per_module: Cells in a module.
    """

    base_channels: int = 64
    cells_per_module: int = 2

    reference: ClassVar[str] = REFERENCE
    tasks: ClassVar[Mapping[str, Head]] = HEADS
    default_task: ClassVar[str] = "transnas/class_scene"

    def _split(self, arch: str) -> tuple[str, str]:
        """The parts `MODULES` and `CELL` of a string of three parts."""
        parts = arch.split("-")
        if len(parts) != 3:
            raise self.bad(arch, f"{len(parts)} parts", "three, base-MODULES-CELL, e.g. 64-41414-1_02_333")
        base, modules, cell = parts
        if base != str(self.base_channels):
            raise self.bad(arch, f"base width {base!r}", f"{self.base_channels}, the skeleton's base_channels")
        return modules, cell

    @abstractmethod
    def draw_cell(self, pen: Drawing, x: int, cell: str, channels: int, stride: int) -> int:
        """Draw one cell."""

    def draw_backbone(self, pen: Drawing, parsed: Network, head: Head) -> int:
        x = pen.input(head.input)
        if len(head.input) == 5:
            _, tiles, *image = head.input
            x = pen.add("Reshape", x, shape=(tiles, *image))
            pen.settled = False  # where the reshapes stand is decided by the passes
        x = pen.conv(x, self.base_channels // 2, 3, 2, batch_norm=True)
        x = pen.relu_conv(x, self.base_channels, 3, 2)
        for kind in parsed.modules:
            channels = pen.shape(x)[1] * (2 if kind in "24" else 1)
            if kind != "1":
                x = self.draw_cell(pen, x, parsed.cell, channels, 2 if kind in "34" else 1)
            cell = partial(self.draw_cell, pen, cell=parsed.cell, channels=channels, stride=1)
            x = pen.repeat(cell, x, self.cells_per_module - (kind != "1"))
        return x

    def draw_head(self, pen: Drawing, x: int, head: Head) -> int:
        if not head.outputs:
            return x
        x = pen.global_pool(x)
        if len(head.input) == 5:
            tiles, width = pen.shape(x)
            x = pen.add("Reshape", x, shape=(1, tiles * width))
        return pen.linear(x, head.outputs)
