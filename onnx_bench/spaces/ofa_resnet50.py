"""Once-for-all ResNet50: depth and width of four stages of bottlenecks, the width within each, and the stem."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import ClassVar, NamedTuple

from onnx_bench.spaces.base import DrawnSpace, Head
from onnx_bench.spaces.drawing import Drawing
from onnx_bench.spaces.ofa_arch import (
    check_length,
    check_values,
    edited,
    make_divisible,
    read_lists,
    resized,
    to_json,
    used_values,
)

RATIOS = (0.2, 0.25, 0.35)
EXTRA = (0, 1, 2)
STEM_DEPTHS = (0, 2)
BASE_DEPTHS = (2, 2, 4, 2)
DEPTHS = tuple(tuple(base + extra for extra in EXTRA) for base in BASE_DEPTHS)
STRIDES = (1, 2, 2, 2)


class Bottleneck(NamedTuple):
    """Width inside the block as a part of that of its output."""

    ratio: float


BLOCKS = tuple(Bottleneck(ratio) for ratio in RATIOS)


class ResNet(NamedTuple):
    """An architecture.

    Attributes:
        stem_block: Whether the stem has its residual convolution.
        widths: Which width multiplier the first and the last convolutions of the stem and the four stages have.
        stages: The bottlenecks of the stages.
    """

    stem_block: bool
    widths: tuple[int, ...]
    stages: tuple[tuple[Bottleneck, ...], ...]


def arch_string(net: ResNet) -> str:
    """The canonical notation: `d` of stem and stages, `e` of the blocks in use, `w` of stem and stages."""
    extra = [len(stage) - base for stage, base in zip(net.stages, BASE_DEPTHS, strict=True)]
    return to_json({
        "d": [STEM_DEPTHS[net.stem_block], *extra],
        "e": [block.ratio for stage in net.stages for block in stage],
        "w": net.widths,
    })  # fmt: skip


@dataclass(frozen=True)
class OFAResNet50(DrawnSpace[ResNet]):
    """Bottlenecks in the form of ResNet-D: three convolutions in the stem, shortcuts that pool before they project.

    An architecture is the authors' configuration, `{"d": [...], "e": [...], "w": [...]}`: in `d` 2 or 0 for a stem with
    or without its residual convolution, then 0 to 2 blocks more than 2, 2, 4, 2 for every stage; in `e` the width
    inside every block as a part of its output's, for the 18 blocks of the largest network or, in the canonical form,
    for those in use; in `w` which width multiplier the first two and the last convolution of the stem and the four
    stages have. All widths are rounded to multiples of 8.

    Args:
        stem_channels: Width of the stem's last convolution; its others have half of it.
        widths: Output widths of the stages.
        width_mults: The width multipliers.
        resolution: Side of the input; the authors train with 128 to 224 in steps of 4.
    """

    stem_channels: int = 64
    widths: tuple[int, ...] = (256, 512, 1024, 2048)
    width_mults: tuple[float, ...] = (0.65, 0.8, 1.0)
    resolution: int = 224

    name: ClassVar[str] = "ofa_resnet50"
    title: ClassVar[str] = "Once-for-all ResNet50: depth, width and bottleneck ratio of four stages, ImageNet"
    reference: ClassVar[str] = "Cai et al., Once-for-All, ICLR 2020, arXiv:1908.09791"
    tasks: ClassVar[Mapping[str, Head]] = {"imagenet-1k": Head((1, 3, 224, 224), 1000)}
    default_task: ClassVar[str] = "imagenet-1k"

    def head(self, task: str | None = None) -> Head:
        return resized(super().head(task), self.resolution)

    def parse(self, arch: str) -> ResNet:
        lists = read_lists(self, arch, ("d", "e", "w"))
        check_length(self, arch, "d", lists["d"], 1 + len(BASE_DEPTHS))
        check_length(self, arch, "w", lists["w"], 2 + len(BASE_DEPTHS))
        check_values(self, arch, "d (stem)", lists["d"][:1], STEM_DEPTHS)
        check_values(self, arch, "d (stages)", lists["d"][1:], EXTRA)
        check_values(self, arch, "w", lists["w"], range(len(self.width_mults)))
        depths = [base + extra for base, extra in zip(BASE_DEPTHS, lists["d"][1:], strict=True)]
        capacities = [max(choices) for choices in DEPTHS]
        ratios = used_values(self, arch, "e", lists["e"], depths, capacities, RATIOS)
        stages = tuple(tuple(map(Bottleneck, stage)) for stage in ratios)
        return ResNet(lists["d"][0] == max(STEM_DEPTHS), tuple(lists["w"]), stages)

    def sample(self, rng: random.Random) -> str:
        """Uniform depths, widths and ratios."""
        stages = tuple(tuple(rng.choices(BLOCKS, k=rng.choice(choices))) for choices in DEPTHS)
        widths = rng.choices(range(len(self.width_mults)), k=2 + len(BASE_DEPTHS))
        return arch_string(ResNet(rng.random() < 0.5, tuple(widths), stages))

    def neighbours(self, arch: str) -> list[str]:
        """The stem's other form, one width or ratio changed, or one stage a block deeper or shallower."""
        net = self.parse(arch)
        return [
            arch_string(net._replace(stem_block=not net.stem_block)),
            *(arch_string(net._replace(widths=widths)) for widths in self._other_widths(net.widths)),
            *(arch_string(net._replace(stages=stages)) for stages in edited(net.stages, BLOCKS, DEPTHS)),
        ]

    def _other_widths(self, widths: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        for i, width in enumerate(widths):
            for other in range(len(self.width_mults)):
                if other != width:
                    yield (*widths[:i], other, *widths[i + 1 :])

    def size(self) -> int:
        stages = prod(sum(len(BLOCKS) ** depth for depth in choices) for choices in DEPTHS)
        return len(STEM_DEPTHS) * len(self.width_mults) ** (2 + len(BASE_DEPTHS)) * stages

    def _width(self, base: int, choice: int) -> int:
        return make_divisible(base * self.width_mults[choice])

    def draw_backbone(self, pen: Drawing, parsed: ResNet, head: Head) -> int:
        inner, outer, *choices = parsed.widths
        x = self._draw_stem(pen, pen.input(head.input), parsed.stem_block, inner, outer)
        x = pen.max_pool(x, 3, 2, 1)
        for stage, base, choice, stride in zip(parsed.stages, self.widths, choices, STRIDES, strict=True):
            for i, block in enumerate(stage):
                x = self._draw_block(pen, x, block, self._width(base, choice), stride, first=i == 0)
        return x

    def _draw_stem(self, pen: Drawing, x: int, block: bool, inner: int, outer: int) -> int:
        width = make_divisible(self._width(self.stem_channels, inner) // 2)
        x = pen.relu(pen.conv(x, width, 3, 2, batch_norm=True))
        if block:
            x = pen.sum([pen.relu(pen.conv(x, width, 3, batch_norm=True)), x])
        return pen.relu(pen.conv(x, self._width(self.stem_channels, outer), 3, batch_norm=True))

    def _draw_block(self, pen: Drawing, x: int, block: Bottleneck, width: int, stride: int, *, first: bool) -> int:
        stride = stride if first else 1
        middle = make_divisible(round(width * block.ratio))
        y = pen.relu(pen.conv(x, middle, 1, batch_norm=True))
        y = pen.relu(pen.conv(y, middle, 3, stride, batch_norm=True))
        y = pen.conv(y, width, 1, batch_norm=True)
        shortcut = pen.conv(_pooled(pen, x, stride), width, 1, batch_norm=True) if first else x
        return pen.relu(pen.sum([y, shortcut]))

    def draw_head(self, pen: Drawing, x: int, head: Head) -> int:
        return pen.linear(pen.global_pool(x), head.outputs)


def _pooled(pen: Drawing, x: int, stride: int) -> int:
    """Mean of windows as large as the stride; an odd plane ends in smaller windows."""
    if stride == 1:
        return x
    ends = (-size % stride for size in pen.shape(x)[2:])
    return pen.add("AveragePool", x, kernel=(stride,) * 2, strides=(stride,) * 2, pads=(0, 0, *ends), dilations=(1, 1))
