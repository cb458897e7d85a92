"""The PiT space: vision transformers in three stages, with pooling of the tokens between them."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import ClassVar, NamedTuple

from onnx_bench.spaces.base import DrawnSpace, Head
from onnx_bench.spaces.drawing import Drawing
from onnx_bench.spaces.json_fields import read_choice, read_fields, read_list, read_object
from onnx_bench.spaces.transformer import (
    VISION_EPSILON,
    VISION_HEADS,
    draw_pre_norm_layer,
    layer_norm,
    to_pixels,
    to_tokens,
    tokens_between,
)

BASE_DIMS, MLP_RATIOS = (16, 24, 32, 40), (2, 4, 6, 8)
DEPTHS = ((1, 2, 3), (4, 6, 8), (2, 4, 6))
NUM_HEADS = tuple(heads for heads in product((2, 4, 8), repeat=3) if heads == tuple(sorted(heads)))
"""Heads of the three stages. They never decrease, for the depthwise convolution between two stages needs an output
width that is a multiple of its input width."""
FIELDS = ("base_dim", "mlp_ratio", "depth", "num_heads")

Triple = tuple[int, int, int]


class PoolingTransformer(NamedTuple):
    """Width of a head, ratio of the feed-forward parts, and layers and heads of every stage."""

    base_dim: int
    mlp_ratio: int
    depth: Triple
    num_heads: Triple


def arch_string(parsed: PoolingTransformer) -> str:
    """The JSON notation of the records."""
    return json.dumps(parsed._asdict())


@dataclass(frozen=True)
class PiT(DrawnSpace[PoolingTransformer]):
    """Pooling-based vision transformers as trained by Auto-Prox on 224x224 images.

    Overlapping patches with learned positions, a class token; stages are base_dim x heads wide. Between stages a
    depthwise 3x3 convolution of stride 2 pools the patch tokens and a linear layer widens the class token, which the
    classifier reads after a last norm. Tasks differ in their classes. The second classifier of distilled networks is
    not drawn.

    Args:
        patch: Side of a patch in pixels.
        stride: Distance of neighbouring patches in pixels.
    """

    patch: int = 16
    stride: int = 8

    name: ClassVar[str] = "pit"
    title: ClassVar[str] = "PiT: vision transformers with pooling between three stages, 224x224 images"
    reference: ClassVar[str] = "Heo et al., PiT, ICCV 2021, arXiv:2103.16302; Wei et al., Auto-Prox, AAAI 2024"
    tasks: ClassVar[Mapping[str, Head]] = VISION_HEADS
    default_task: ClassVar[str] = "cifar100"

    def parse(self, arch: str) -> PoolingTransformer:
        base, ratio, depths, heads = read_fields(self, arch, read_object(self, arch), FIELDS)
        base = read_choice(self, arch, "base_dim", base, BASE_DIMS)
        ratio = read_choice(self, arch, "mlp_ratio", ratio, MLP_RATIOS)
        depths = read_list(self, arch, "depth", depths, [len(DEPTHS)])
        first, second, third = (
            read_choice(self, arch, f"depth of stage {i}", depth, choices)
            for i, (depth, choices) in enumerate(zip(depths, DEPTHS, strict=True))
        )
        listed = read_list(self, arch, "num_heads", heads, [len(DEPTHS)])
        chosen = read_choice(self, arch, "num_heads", listed, [list(choice) for choice in NUM_HEADS])
        return PoolingTransformer(base, ratio, (first, second, third), (chosen[0], chosen[1], chosen[2]))

    def _all(self) -> Iterator[PoolingTransformer]:
        for choice in product(BASE_DIMS, MLP_RATIOS, product(*DEPTHS), NUM_HEADS):
            yield PoolingTransformer(*choice)  # type: ignore[arg-type]  # product does not know its lengths

    def architectures(self) -> Iterator[str]:
        return map(arch_string, self._all())

    def sample(self, rng: random.Random) -> str:
        depth = tuple(rng.choice(choices) for choices in DEPTHS)
        choice = rng.choice(BASE_DIMS), rng.choice(MLP_RATIOS), depth, rng.choice(NUM_HEADS)
        return arch_string(PoolingTransformer(*choice))  # type: ignore[arg-type]

    def neighbours(self, arch: str) -> list[str]:
        """One number changed."""
        at = self.parse(arch)
        others = [at._replace(base_dim=base) for base in BASE_DIMS if base != at.base_dim]
        others += [at._replace(mlp_ratio=ratio) for ratio in MLP_RATIOS if ratio != at.mlp_ratio]
        for stage, choices in enumerate(DEPTHS):
            for depth in choices:
                if depth != at.depth[stage]:
                    depths = (*at.depth[:stage], depth, *at.depth[stage + 1 :])
                    others.append(at._replace(depth=depths))  # type: ignore[arg-type]  # slices do not know their lengths
        changed = [heads for heads in NUM_HEADS if sum(a != b for a, b in zip(heads, at.num_heads, strict=True)) == 1]
        others += [at._replace(num_heads=heads) for heads in changed]  # type: ignore[arg-type]  # nor does product
        return [*map(arch_string, others)]

    def size(self) -> int:
        stages = 1
        for choices in DEPTHS:
            stages *= len(choices)
        return len(BASE_DIMS) * len(MLP_RATIOS) * stages * len(NUM_HEADS)

    def draw_backbone(self, pen: Drawing, parsed: PoolingTransformer, head: Head) -> int:
        base, ratio, depths, heads = parsed
        x = pen.conv(pen.input(head.input), base * heads[0], self.patch, self.stride, bias=True, padding=0)
        x = pen.sum([x, pen.add("Parameter", shape=pen.shape(x))])
        token = pen.add("Parameter", shape=(1, 1, base * heads[0]))
        for stage, (depth, count) in enumerate(zip(depths, heads, strict=True)):
            if stage:
                x = pen.conv(x, base * count, 3, 2, groups=base * heads[stage - 1], bias=True)
                token = pen.linear(token, base * count)
            rows = pen.shape(x)[2]
            tokens = pen.concat([token, to_tokens(pen, x)])
            tokens = pen.repeat(partial(draw_pre_norm_layer, pen, heads=count, mlp_ratio=ratio), tokens, depth)
            token = tokens_between(pen, tokens, 0, 1)
            if stage < len(depths) - 1:
                x = to_pixels(pen, tokens_between(pen, tokens, 1, pen.shape(tokens)[1]), rows)
        return layer_norm(pen, token, VISION_EPSILON)

    def draw_head(self, pen: Drawing, x: int, head: Head) -> int:
        return pen.add("Reshape", pen.linear(x, head.outputs), shape=(1, head.outputs))
