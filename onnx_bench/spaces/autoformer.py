"""The AutoFormer space: vision transformers whose layers differ in heads and width."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
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
    to_tokens,
    tokens_between,
)

HIDDEN_DIMS, DEPTHS = (192, 216, 240), (12, 13, 14)
MLP_RATIOS, NUM_HEADS = (3.5, 4.0), (3, 4)
FIELDS = ("hidden_dim", "mlp_ratio", "depth", "num_heads")


class Layer(NamedTuple):
    """Width of the feed-forward part in units of the hidden dimension, and attention heads."""

    mlp_ratio: float
    num_heads: int


class VisionTransformer(NamedTuple):
    """Width of the tokens, and the layers."""

    hidden_dim: int
    layers: tuple[Layer, ...]


LAYERS = tuple(Layer(*choice) for choice in product(MLP_RATIOS, NUM_HEADS))
"""The four layers to choose from."""


def arch_string(parsed: VisionTransformer) -> str:
    """The JSON notation of the records."""
    ratios, heads = [layer.mlp_ratio for layer in parsed.layers], [layer.num_heads for layer in parsed.layers]
    return json.dumps(dict(zip(FIELDS, (parsed.hidden_dim, ratios, len(ratios), heads), strict=True)))


@dataclass(frozen=True)
class AutoFormer(DrawnSpace[VisionTransformer]):
    """AutoFormer-Tiny as trained by Auto-Prox: 12 to 14 pre-norm layers over 16x16 patches of 224x224 images.

    A class token and learned positions; a head is hidden_dim / num_heads wide (AutoFormer's supernet has heads of 64
    and relative positions); the classifier reads the mean of the patch tokens after the last norm. Tasks differ in
    their classes. Distillation, where a record has it, adds a second classifier, which is not drawn.

    Args:
        patch: Side of a patch in pixels.
    """

    patch: int = 16

    name: ClassVar[str] = "autoformer"
    title: ClassVar[str] = "AutoFormer-Tiny: vision transformers with heads and MLP ratio per layer, 224x224 images"
    reference: ClassVar[str] = "Chen et al., AutoFormer, ICCV 2021, arXiv:2107.00651; Wei et al., Auto-Prox, AAAI 2024"
    tasks: ClassVar[Mapping[str, Head]] = VISION_HEADS
    default_task: ClassVar[str] = "cifar100"

    def parse(self, arch: str) -> VisionTransformer:
        hidden, ratios, depth, heads = read_fields(self, arch, read_object(self, arch), FIELDS)
        hidden = read_choice(self, arch, "hidden_dim", hidden, HIDDEN_DIMS)
        depth = read_choice(self, arch, "depth", depth, DEPTHS)
        ratios = read_list(self, arch, "mlp_ratio", ratios, [depth])
        heads = read_list(self, arch, "num_heads", heads, [depth])
        ratios = [read_choice(self, arch, "mlp_ratio", ratio, MLP_RATIOS) for ratio in ratios]
        heads = [read_choice(self, arch, "num_heads", number, NUM_HEADS) for number in heads]
        return VisionTransformer(hidden, tuple(map(Layer, ratios, heads)))

    def sample(self, rng: random.Random) -> str:
        hidden, depth = rng.choice(HIDDEN_DIMS), rng.choice(DEPTHS)
        return arch_string(VisionTransformer(hidden, tuple(rng.choice(LAYERS) for _ in range(depth))))

    def neighbours(self, arch: str) -> list[str]:
        """Another hidden dimension, one property of one layer changed, or one layer more or fewer at the end."""
        hidden, layers = self.parse(arch)
        found = [VisionTransformer(other, layers) for other in HIDDEN_DIMS if other != hidden]
        for i, layer in enumerate(layers):
            for other in LAYERS:
                if sum(a != b for a, b in zip(layer, other, strict=True)) == 1:
                    found.append(VisionTransformer(hidden, (*layers[:i], other, *layers[i + 1 :])))
        if len(layers) - 1 in DEPTHS:
            found.append(VisionTransformer(hidden, layers[:-1]))
        if len(layers) + 1 in DEPTHS:
            found += [VisionTransformer(hidden, (*layers, last)) for last in LAYERS]
        return [arch_string(neighbour) for neighbour in found]

    def size(self) -> int:
        return len(HIDDEN_DIMS) * sum(len(LAYERS) ** depth for depth in DEPTHS)

    def draw_backbone(self, pen: Drawing, parsed: VisionTransformer, head: Head) -> int:
        x = pen.conv(pen.input(head.input), parsed.hidden_dim, self.patch, self.patch, bias=True, padding=0)
        token = pen.add("Parameter", shape=(1, 1, parsed.hidden_dim))
        x = pen.concat([token, to_tokens(pen, x)])
        x = pen.sum([x, pen.add("Parameter", shape=pen.shape(x))])
        for mlp_ratio, heads in parsed.layers:
            x = draw_pre_norm_layer(pen, x, heads, mlp_ratio)
        return layer_norm(pen, x, VISION_EPSILON)

    def draw_head(self, pen: Drawing, x: int, head: Head) -> int:
        patches = tokens_between(pen, x, 1, pen.shape(x)[1])
        return pen.linear(pen.add("ReduceMean", patches, axes=(1,), keepdims=False), head.outputs)
