"""The AutoFormer space: the width of the tokens, and up to fourteen layers."""

from __future__ import annotations

from generators.block_graph import ABSENT, Block, BlockGraph, chain
from generators.layouts.layout import Layout
from generators.scores import Scores
from generators.vocabulary import maybe, place
from onnx_bench.spaces.autoformer import (
    DEPTHS,
    HIDDEN_DIMS,
    MLP_RATIOS,
    NUM_HEADS,
    Layer,
    VisionTransformer,
    arch_string,
)

_LAYER = place(op=("transformer",), ratio=MLP_RATIOS, heads=NUM_HEADS)


class AutoFormerLayout(Layout):
    """A block for the patches, then a place for each layer."""

    name = "autoformer"
    places = (
        place(op=("patches",), width=HIDDEN_DIMS), *[_LAYER] * min(DEPTHS),
        *[maybe(_LAYER)] * (max(DEPTHS) - min(DEPTHS)),
    )  # fmt: skip
    fixed_edges = chain(1 + max(DEPTHS))

    def encode(self, arch: str) -> BlockGraph:
        parsed = self.space.parse(arch)
        blocks = [Block("transformer", ratio=layer.mlp_ratio, heads=layer.num_heads) for layer in parsed.layers]
        empty = [Block(ABSENT)] * (max(DEPTHS) - len(blocks))
        return self.graph([Block("patches", width=parsed.hidden_dim), *blocks, *empty])

    def decode(self, scores: Scores) -> str:
        base = min(DEPTHS)
        depth = base + scores.count(range(1 + base, len(self.places)), [n - base for n in DEPTHS])
        layers = tuple(
            Layer(scores.best(i, "ratio", MLP_RATIOS), scores.best(i, "heads", NUM_HEADS)) for i in range(1, 1 + depth)
        )
        return arch_string(VisionTransformer(scores.best(0, "width", HIDDEN_DIMS), layers))
