"""The mobile once-for-all spaces: units of inverted residual blocks, each with its own kernel size and expansion.

Source: Cai et al., "Once-for-All: Train One Network and Specialize it for Efficient Deployment", ICLR 2020.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import ClassVar, NamedTuple

from onnx_bench.spaces.base import DrawnSpace, Head
from onnx_bench.spaces.drawing import Drawing
from onnx_bench.spaces.ofa_arch import check_length, check_values, edited, make_divisible, read_lists, to_json
from onnx_bench.spaces.ofa_arch import used_values as used

KERNELS, EXPANSIONS, DEPTHS = (3, 5, 7), (3, 4, 6), (2, 3, 4)


class MobileBlock(NamedTuple):
    """Kernel size of the depthwise convolution, and how much wider than the block's input it is."""

    kernel: int
    expansion: int


Activation = Callable[[Drawing, int], int]
Units = tuple[tuple[MobileBlock, ...], ...]
BLOCKS = tuple(MobileBlock(*choice) for choice in product(KERNELS, EXPANSIONS))


def arch_string(units: Units) -> str:
    """The canonical notation: `ks` and `e` of the blocks in use, `d` of the units."""
    blocks = [block for unit in units for block in unit]
    return to_json({
        "ks": [block.kernel for block in blocks],
        "e": [block.expansion for block in blocks],
        "d": [len(unit) for unit in units],
    })  # fmt: skip


def hard_swish(pen: Drawing, x: int) -> int:
    return pen.add("HardSwish", x)


def relu6(pen: Drawing, x: int) -> int:
    return pen.add("Clip", x, min=0.0, max=6.0)


def draw_inverted_residual(
    pen: Drawing, x: int, block: MobileBlock, channels: int, stride: int, activate: Activation,
    se: bool = False, shortcut: bool = True,
) -> int:  # fmt: skip
    """Expand, depthwise convolution, project; a shortcut where the shape stays.

    Args:
        pen: Where to draw.
        x: Input of the block.
        block: Kernel size and expansion; without expansion there is no convolution before the depthwise one.
        channels: Width of the output.
        stride: Stride of the depthwise convolution.
        activate: Draws the activation.
        se: Whether to squeeze to a quarter (a multiple of 8) and excite with a hard sigmoid, after the depthwise part.
        shortcut: Whether there may be one.
    """
    width = pen.shape(x)[1]
    middle = make_divisible(width * block.expansion) if block.expansion > 1 else width
    y = x
    if block.expansion > 1:
        y = activate(pen, pen.conv(y, middle, 1, batch_norm=True))
    y = activate(pen, pen.conv(y, middle, block.kernel, stride, groups=middle, batch_norm=True))
    if se:
        gate = pen.add("ReduceMean", y, axes=(2, 3), keepdims=True)
        gate = pen.relu(pen.conv(gate, make_divisible(middle // 4), 1, bias=True))
        y = pen.add("Mul", y, pen.add("HardSigmoid", pen.conv(gate, middle, 1, bias=True)))
    y = pen.conv(y, channels, 1, batch_norm=True)
    return pen.sum([y, x]) if shortcut and stride == 1 and width == channels else y


@dataclass(frozen=True)
class OFAMobile(DrawnSpace[Units]):
    """Units of blocks with kernel 3, 5 or 7 and expansion 3, 4 or 6, five of them two to four blocks deep.

    An architecture is the authors' configuration, `{"ks": [...], "e": [...], "d": [...]}`, with an entry of `ks` and
    `e` for every block of the largest network or, in the canonical form, for those in use.
    """

    tasks: ClassVar[Mapping[str, Head]] = {"imagenet-1k": Head((1, 3, 224, 224), 1000)}
    default_task: ClassVar[str] = "imagenet-1k"
    depths: ClassVar[tuple[tuple[int, ...], ...]]
    """For every unit the numbers of blocks it may have."""

    def parse(self, arch: str) -> Units:
        lists = read_lists(self, arch, ("ks", "e", "d"))
        capacities = [max(choices) for choices in self.depths]
        check_length(self, arch, "d", lists["d"], len(self.depths))
        for depth, choices in zip(lists["d"], self.depths, strict=True):
            # The authors' encoder draws a depth for the single last block of ProxylessNAS too; it has no effect.
            check_values(self, arch, "d", [depth], tuple(sorted({*choices, *DEPTHS})))
        depths = [min(depth, capacity) for depth, capacity in zip(lists["d"], capacities, strict=True)]
        kernels = used(self, arch, "ks", lists["ks"], depths, capacities, KERNELS)
        expansions = used(self, arch, "e", lists["e"], depths, capacities, EXPANSIONS)
        return tuple(tuple(map(MobileBlock, k, e)) for k, e in zip(kernels, expansions, strict=True))

    def sample(self, rng: random.Random) -> str:
        """Uniform depths and, as in the authors' code, uniform properties of every block."""
        return arch_string(tuple(tuple(rng.choices(BLOCKS, k=rng.choice(choices))) for choices in self.depths))

    def neighbours(self, arch: str) -> list[str]:
        """One property of one block changed, or one unit a block deeper or shallower."""
        return [arch_string(units) for units in edited(self.parse(arch), BLOCKS, self.depths)]

    def size(self) -> int:
        return prod(sum(len(BLOCKS) ** depth for depth in choices) for choices in self.depths)
