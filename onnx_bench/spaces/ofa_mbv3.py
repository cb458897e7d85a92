"""Once-for-all MobileNetV3: five units of two to four inverted residual blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnx_bench.spaces.base import Head
from onnx_bench.spaces.drawing import Drawing
from onnx_bench.spaces.ofa_arch import make_divisible, resized
from onnx_bench.spaces.ofa_mobile import DEPTHS, MobileBlock, OFAMobile, Units, draw_inverted_residual, hard_swish

FIRST_BLOCK = MobileBlock(3, 1)
STRIDES = (2, 2, 2, 1, 2)
ACTIVATIONS = (Drawing.relu, Drawing.relu, hard_swish, hard_swish, hard_swish)
SQUEEZE_AND_EXCITE = (False, True, False, True, True)


@dataclass(frozen=True)
class OFAMobileNetV3(OFAMobile):
    """A fixed first block, then five units whose activation and squeeze-and-excitation their place decides.

    The published supernets have width multipliers 1.0 and 1.2. All widths are rounded to multiples of 8.

    Args:
        stem_channels: Width of the stem.
        widths: Output width of the first block and of every unit.
        head_channels: Widths of the 1x1 convolutions before and behind the global pool.
        width_mult: Factor on all of these widths.
        resolution: Side of the input; the authors train with 128 to 224 in steps of 4.
    """

    stem_channels: int = 16
    widths: tuple[int, ...] = (16, 24, 40, 80, 112, 160)
    head_channels: tuple[int, int] = (960, 1280)
    width_mult: float = 1.0
    resolution: int = 224

    name: ClassVar[str] = "ofa_mbv3"
    title: ClassVar[str] = "Once-for-all MobileNetV3: depth, kernel and expansion of five units, ImageNet"
    reference: ClassVar[str] = "Cai et al., Once-for-All, ICLR 2020, arXiv:1908.09791"
    depths: ClassVar[tuple[tuple[int, ...], ...]] = (DEPTHS,) * 5

    def head(self, task: str | None = None) -> Head:
        return resized(super().head(task), self.resolution)

    def draw_backbone(self, pen: Drawing, parsed: Units, head: Head) -> int:
        first, *widths = (make_divisible(width * self.width_mult) for width in self.widths)
        stem = make_divisible(self.stem_channels * self.width_mult)
        x = hard_swish(pen, pen.conv(pen.input(head.input), stem, 3, 2, batch_norm=True))
        x = draw_inverted_residual(pen, x, FIRST_BLOCK, first, 1, Drawing.relu)
        for unit, width, stride, activate, se in zip(
            parsed, widths, STRIDES, ACTIVATIONS, SQUEEZE_AND_EXCITE, strict=True
        ):  # fmt: skip
            for i, block in enumerate(unit):
                x = draw_inverted_residual(pen, x, block, width, 1 if i else stride, activate, se)
        x = pen.conv(x, make_divisible(self.head_channels[0] * self.width_mult), 1, batch_norm=True)
        return hard_swish(pen, x)

    def draw_head(self, pen: Drawing, x: int, head: Head) -> int:
        """The feature mixer is a convolution without batch norm and bias on the pooled plane."""
        x = pen.add("ReduceMean", x, axes=(2, 3), keepdims=True)
        x = hard_swish(pen, pen.conv(x, make_divisible(self.head_channels[1] * self.width_mult), 1))
        return pen.linear(pen.add("Reshape", x, shape=(1, pen.shape(x)[1])), head.outputs)
