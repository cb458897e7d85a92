"""The MnasNet space of Accel-NASBench: kernel, expansion, depth and squeeze-and-excitation of seven stages."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import prod
from typing import ClassVar, NamedTuple

from onnx_bench.spaces.base import DrawnSpace, Head
from onnx_bench.spaces.drawing import Drawing

EXPANSIONS, KERNELS = (1, 4, 6), (3, 5)
DEPTHS = ((1, 2, 3),) * 5 + ((1, 2, 3, 4), (1, 2, 3))
STRIDES = (1, 2, 2, 2, 1, 2, 1)


class Stage(NamedTuple):
    """Expansion, kernel size, number of blocks, and whether they squeeze and excite."""

    expansion: int
    kernel: int
    depth: int
    se: bool


Stages = tuple[Stage, ...]


def arch_string(stages: Stages) -> str:
    """The JSON notation of the records."""
    return json.dumps({f"block{i}_{key}": value for i, s in enumerate(stages) for key, value in zip(
        ("e", "k", "l", "se"), s, strict=True)})  # fmt: skip


def _choices(stage: int) -> Iterator[Stage]:
    for choice in product(EXPANSIONS, KERNELS, DEPTHS[stage], (False, True)):
        yield Stage(*choice)


@dataclass(frozen=True)
class MnasNet(DrawnSpace[Stages]):
    """Seven stages of inverted residual blocks (MBConv) for 224x224 images.

    The one task, `imagenet-1k`, has 1,000 classes. Squeeze-and-excitation squeezes to a quarter of the block's input
    and gates with a hard sigmoid.

    Args:
        widths: Output width of every stage.
        stem_channels: Width of the stem.
        head_channels: Width of the last 1x1 convolution.
        activation: `Relu`, or `Silu` as in the variant measured on GPUs and TPUs.
    """

    widths: tuple[int, ...] = (16, 24, 40, 80, 112, 192, 320)
    stem_channels: int = 32
    head_channels: int = 1280
    activation: str = "Relu"

    name: ClassVar[str] = "mnasnet"
    title: ClassVar[str] = "MnasNet space of Accel-NASBench: seven MBConv stages, ImageNet"
    reference: ClassVar[str] = "Ahmad et al., Accel-NASBench, DAC 2024; Tan et al., MnasNet, CVPR 2019"
    tasks: ClassVar[Mapping[str, Head]] = {"imagenet-1k": Head((1, 3, 224, 224), 1000)}
    default_task: ClassVar[str] = "imagenet-1k"

    def parse(self, arch: str) -> Stages:
        try:
            body = json.loads(arch)
            keys = set(body.keys())
        except (ValueError, AttributeError, RecursionError) as error:
            raise self.bad(arch, f"{type(error).__name__}: {error}", 'JSON {"block0_e": 6, ...}') from error
        names = [[f"block{i}_{key}" for key in ("e", "k", "l", "se")] for i in range(len(STRIDES))]
        if wrong := keys.symmetric_difference(name for stage in names for name in stage):
            raise self.bad(arch, f"unknown or missing keys {sorted(wrong)[:4]}", "block0_e, _k, _l, _se to block6_se")
        stages = []
        for i, stage_names in enumerate(names):
            allowed = (EXPANSIONS, KERNELS, DEPTHS[i], (False, True))
            for name, values in zip(stage_names, allowed, strict=True):
                if not any(body[name] is value for value in values):
                    raise self.bad(arch, f"{name} = {body[name]!r}", f"one of {values}")
            stages.append(Stage(*(body[name] for name in stage_names)))
        return tuple(stages)

    def sample(self, rng: random.Random) -> str:
        return arch_string(tuple(rng.choice(list(_choices(i))) for i in range(len(STRIDES))))

    def neighbours(self, arch: str) -> list[str]:
        """One property of one stage changed."""
        stages = self.parse(arch)
        return [
            arch_string((*stages[:i], other, *stages[i + 1 :]))
            for i, stage in enumerate(stages)
            for other in _choices(i)
            if sum(a != b for a, b in zip(stage, other, strict=True)) == 1
        ]

    def size(self) -> int:
        return prod(len(list(_choices(i))) for i in range(len(STRIDES)))

    def draw_backbone(self, pen: Drawing, parsed: Stages, head: Head) -> int:
        x = pen.input(head.input)
        x = pen.add(self.activation, pen.conv(x, self.stem_channels, 3, 2, batch_norm=True))
        for stage, width, stride in zip(parsed, self.widths, STRIDES, strict=True):
            x = self._draw_block(pen, x, stage, width, stride)
            block = partial(self._draw_block, pen, stage=stage, channels=width, stride=1)
            x = pen.repeat(block, x, stage.depth - 1)
        return pen.add(self.activation, pen.conv(x, self.head_channels, 1, batch_norm=True))

    def _draw_block(self, pen: Drawing, x: int, stage: Stage, channels: int, stride: int) -> int:
        width = pen.shape(x)[1]
        expanded = width * stage.expansion
        y = x
        if stage.expansion > 1:
            y = pen.add(self.activation, pen.conv(y, expanded, 1, batch_norm=True))
        y = pen.conv(y, expanded, stage.kernel, stride, groups=expanded, batch_norm=True)
        y = pen.add(self.activation, y)
        if stage.se:
            gate = pen.add("ReduceMean", y, axes=(2, 3), keepdims=True)
            gate = pen.add(self.activation, pen.conv(gate, width // 4, 1, bias=True))
            y = pen.add("Mul", y, pen.add("HardSigmoid", pen.conv(gate, expanded, 1, bias=True)))
        y = pen.conv(y, channels, 1, batch_norm=True)
        return pen.sum([y, x]) if stride == 1 and width == channels else y

    def draw_head(self, pen: Drawing, x: int, head: Head) -> int:
        return pen.linear(pen.global_pool(x), head.outputs)
