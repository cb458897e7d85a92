"""Once-for-all ProxylessNAS: five units of two to four inverted residual blocks, and a last block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from onnx_bench.spaces.base import Head
from onnx_bench.spaces.drawing import Drawing
from onnx_bench.spaces.ofa_arch import make_divisible, resized
from onnx_bench.spaces.ofa_mobile import DEPTHS, MobileBlock, OFAMobile, Units, draw_inverted_residual, relu6

FIRST_BLOCK = MobileBlock(3, 1)
STRIDES = (2, 2, 2, 1, 2, 1)


@dataclass(frozen=True)
class OFAProxylessNAS(OFAMobile):
    """A fixed first block, five units and a unit of a single block, with ReLU6 throughout.

    The last entry of `d` belongs to the single block. All widths are rounded to multiples of 8. With the widths of
    MobileNetV2, (16, 24, 32, 64, 96, 160, 320), and multiplier 1 the space holds MobileNetV2.

    Args:
        stem_channels: Width of the stem.
        widths: Output width of the first block and of every unit.
        head_channels: Width of the last 1x1 convolution.
        width_mult: Factor on all of these widths; that of the one published supernet by default.
        resolution: Side of the input; the authors train with 128 to 224 in steps of 4.
    """

    stem_channels: int = 32
    widths: tuple[int, ...] = (16, 24, 40, 80, 96, 192, 320)
    head_channels: int = 1280
    width_mult: float = 1.3
    resolution: int = 224

    name: ClassVar[str] = "ofa_proxyless"
    title: ClassVar[str] = "Once-for-all ProxylessNAS: depth, kernel and expansion of five units, ImageNet"
    reference: ClassVar[str] = "Cai et al., Once-for-All, ICLR 2020, arXiv:1908.09791; ProxylessNAS, ICLR 2019"
    depths: ClassVar[tuple[tuple[int, ...], ...]] = (*(DEPTHS,) * 5, (1,))

    def head(self, task: str | None = None) -> Head:
        return resized(super().head(task), self.resolution)

    def draw_backbone(self, pen: Drawing, parsed: Units, head: Head) -> int:
        first, *widths = (make_divisible(width * self.width_mult) for width in self.widths)
        stem = make_divisible(self.stem_channels * self.width_mult)
        x = relu6(pen, pen.conv(pen.input(head.input), stem, 3, 2, batch_norm=True))
        x = draw_inverted_residual(pen, x, FIRST_BLOCK, first, 1, relu6, shortcut=False)
        for unit, width, stride in zip(parsed, widths, STRIDES, strict=True):
            for i, block in enumerate(unit):
                x = draw_inverted_residual(pen, x, block, width, 1 if i else stride, relu6)
        return relu6(pen, pen.conv(x, make_divisible(self.head_channels * self.width_mult), 1, batch_norm=True))

    def draw_head(self, pen: Drawing, x: int, head: Head) -> int:
        return pen.linear(pen.global_pool(x), head.outputs)
