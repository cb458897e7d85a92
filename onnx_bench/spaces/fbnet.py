"""FBNet: 22 layers with one of nine blocks each, in the forms that HW-NAS-Bench measures."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from reprlib import repr as short
from typing import ClassVar, NamedTuple

from onnx_bench.spaces.base import DrawnSpace, Head
from onnx_bench.spaces.drawing import Drawing


class Block(NamedTuple):
    """Kernel size of the depthwise convolution, expansion, groups of the 1x1 convolutions."""

    kernel: int
    expansion: int
    groups: int


SKIP = "skip"
BLOCKS = {
    "k3_e1": Block(3, 1, 1), "k3_e1_g2": Block(3, 1, 2), "k3_e3": Block(3, 3, 1), "k3_e6": Block(3, 6, 1),
    "k5_e1": Block(5, 1, 1), "k5_e1_g2": Block(5, 1, 2), "k5_e3": Block(5, 3, 1), "k5_e6": Block(5, 6, 1),
}  # fmt: skip
OPERATIONS = (*BLOCKS, SKIP)
"""In the order of HW-NAS-Bench, which numbers them from 0."""

DEPTHS = (1, 4, 4, 4, 4, 4, 1)
STRIDES = (1, 2, 2, 2, 1, 2, 1)
CIFAR_STRIDES = (1, 1, 2, 2, 1, 2, 1)
LAYERS = sum(DEPTHS)
CIFAR = 32
"""Side of a CIFAR image; such a network shrinks the plane less."""


def arch_string(operations: tuple[str, ...]) -> str:
    """The canonical notation: a JSON list of the names."""
    return json.dumps(operations)


@dataclass(frozen=True)
class FBNet(DrawnSpace[tuple[str, ...]]):
    """Seven stages of inverted residual blocks between a 3x3 and a 1x1 convolution.

    An architecture is a JSON list of 22 operations: their names (the canonical form) or, as in HW-NAS-Bench, their
    numbers. `skip` is the identity, and where a layer changes width or plane a 1x1 convolution with batch norm and
    ReLU. `_g2` groups both 1x1 convolutions and shuffles the channels between them, after the first. All blocks expand
    with a 1x1 convolution, those with expansion 1 too. In networks for CIFAR the stem and the second stage have
    stride 1.

    Args:
        stem_channels: Width of the stem.
        widths: Output width of every stage.
        head_channels: Width of the last 1x1 convolution for ImageNet.
        cifar_head_channels: The same for CIFAR.
    """

    stem_channels: int = 16
    widths: tuple[int, ...] = (16, 24, 32, 64, 112, 184, 352)
    head_channels: int = 1984
    cifar_head_channels: int = 1504

    name: ClassVar[str] = "fbnet"
    title: ClassVar[str] = "FBNet as in HW-NAS-Bench: one of nine blocks in each of 22 layers"
    reference: ClassVar[str] = "Wu et al., FBNet, CVPR 2019, arXiv:1812.03443; Li et al., HW-NAS-Bench, ICLR 2021"
    tasks: ClassVar[Mapping[str, Head]] = {
        "cifar100": Head((1, 3, CIFAR, CIFAR), 100),
        "imagenet-1k": Head((1, 3, 224, 224), 1000),
    }
    default_task: ClassVar[str] = "cifar100"

    def parse(self, arch: str) -> tuple[str, ...]:
        try:
            body = json.loads(arch)
        except (ValueError, RecursionError) as error:
            raise self.bad(arch, f"{type(error).__name__}: {error}", f"a JSON list of {LAYERS} operations") from error
        if not isinstance(body, list) or len(body) != LAYERS:
            raise self.bad(arch, short(body), f"a JSON list of {LAYERS} operations")
        return tuple(self._operation(arch, item) for item in body)

    def _operation(self, arch: str, item: object) -> str:
        if isinstance(item, str) and item in OPERATIONS:
            return item
        if type(item) is int and 0 <= item < len(OPERATIONS):
            return OPERATIONS[item]
        raise self.bad(arch, short(item), f"operations among {', '.join(OPERATIONS)}, or their numbers from 0")

    def sample(self, rng: random.Random) -> str:
        return arch_string(tuple(rng.choices(OPERATIONS, k=LAYERS)))

    def neighbours(self, arch: str) -> list[str]:
        """One layer with another operation."""
        layers = self.parse(arch)
        return [
            arch_string((*layers[:i], other, *layers[i + 1 :]))
            for i, layer in enumerate(layers)
            for other in OPERATIONS
            if other != layer
        ]

    def size(self) -> int:
        return int(len(OPERATIONS) ** LAYERS)

    def draw_backbone(self, pen: Drawing, parsed: tuple[str, ...], head: Head) -> int:
        cifar = head.input[-1] == CIFAR
        x = pen.conv(pen.input(head.input), self.stem_channels, 3, 1 if cifar else 2, batch_norm=True)
        x, layers = pen.relu(x), iter(parsed)
        for depth, width, stride in zip(DEPTHS, self.widths, CIFAR_STRIDES if cifar else STRIDES, strict=True):
            for i in range(depth):
                x = draw_layer(pen, x, next(layers), width, 1 if i else stride)
        return pen.relu(pen.conv(x, self.cifar_head_channels if cifar else self.head_channels, 1, batch_norm=True))

    def draw_head(self, pen: Drawing, x: int, head: Head) -> int:
        return pen.linear(pen.global_pool(x), head.outputs)


def draw_layer(pen: Drawing, x: int, operation: str, channels: int, stride: int) -> int:
    """Draw one layer; a block that keeps the shape has a shortcut."""
    width = pen.shape(x)[1]
    same = stride == 1 and width == channels
    if operation == SKIP:
        return x if same else pen.relu(pen.conv(x, channels, 1, stride, batch_norm=True))
    kernel, expansion, groups = BLOCKS[operation]
    middle = width * expansion
    y = pen.relu(pen.conv(x, middle, 1, groups=groups, batch_norm=True))
    if groups > 1:
        y = shuffle_channels(pen, y, groups)
    y = pen.relu(pen.conv(y, middle, kernel, stride, groups=middle, batch_norm=True))
    y = pen.conv(y, channels, 1, groups=groups, batch_norm=True)
    return pen.sum([y, x]) if same else y


def shuffle_channels(pen: Drawing, x: int, groups: int) -> int:
    """Deal the channels of the groups out in turn (Zhang et al., ShuffleNet, CVPR 2018)."""
    batch, channels, height, width = pen.shape(x)
    y = pen.add("Reshape", x, shape=(batch, groups, channels // groups, height, width))
    y = pen.add("Transpose", y, perm=(0, 2, 1, 3, 4))
    return pen.add("Reshape", y, shape=(batch, channels, height, width))
