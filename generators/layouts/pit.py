"""The PiT space: three stages of transformer layers whose heads never decrease."""

from __future__ import annotations

from generators.block_graph import Block, BlockGraph, chain
from generators.layouts.layout import Layout
from generators.scores import Scores
from generators.vocabulary import place
from onnx_bench.spaces.pit import BASE_DIMS, DEPTHS, MLP_RATIOS, NUM_HEADS, PoolingTransformer, arch_string

_HEADS = tuple(dict.fromkeys(heads for stages in NUM_HEADS for heads in stages))


class PiTLayout(Layout):
    """A block for the patches and one for each stage."""

    name = "pit"
    places = (
        place(op=("patches",), width=BASE_DIMS, ratio=MLP_RATIOS),
        *(place(op=("transformer",), depth=depths, heads=_HEADS) for depths in DEPTHS),
    )
    fixed_edges = chain(1 + len(DEPTHS))

    def encode(self, arch: str) -> BlockGraph:
        parsed = self.space.parse(arch)
        stages = zip(parsed.depth, parsed.num_heads, strict=True)
        return self.graph(
            [
                Block("patches", width=parsed.base_dim, ratio=parsed.mlp_ratio),
                *(Block("transformer", depth=depth, heads=heads) for depth, heads in stages),
            ]
        )

    def decode(self, scores: Scores) -> str:
        first, second, third = (scores.best(i + 1, "depth", depths) for i, depths in enumerate(DEPTHS))
        heads = max(NUM_HEADS, key=lambda stages: sum(scores.of(i + 1, "heads", n) for i, n in enumerate(stages)))
        base, ratio = scores.best(0, "width", BASE_DIMS), scores.best(0, "ratio", MLP_RATIOS)
        return arch_string(PoolingTransformer(base, ratio, (first, second, third), (heads[0], heads[1], heads[2])))
