"""The BERT space: the width of the tokens, and two or four layers."""

from __future__ import annotations

from generators.block_graph import ABSENT, Block, BlockGraph, chain
from generators.layouts.layout import Layout
from generators.scores import Scores
from generators.vocabulary import maybe, place
from onnx_bench.spaces.bert import DEPTHS, FFN_DIMS, HIDDEN_SIZES, NUM_HEADS, Encoder, Layer, arch_string

_STACKS = {dims: "transformer_" + "_".join(map(str, dims)) for dims in FFN_DIMS}
"""Feed-forward stacks, which are what kinds of layers there are."""
_LAYER = place(op=tuple(_STACKS.values()), heads=NUM_HEADS)


class BertLayout(Layout):
    """A block for the embeddings, then a place for each layer."""

    name = "bert"
    places = (
        place(op=("embedding",), width=HIDDEN_SIZES), *[_LAYER] * min(DEPTHS),
        *[maybe(_LAYER)] * (max(DEPTHS) - min(DEPTHS)),
    )  # fmt: skip
    fixed_edges = chain(1 + max(DEPTHS))

    def encode(self, arch: str) -> BlockGraph:
        parsed = self.space.parse(arch)
        blocks = [Block(_STACKS[layer.ffn_dims], heads=layer.heads) for layer in parsed.layers]
        empty = [Block(ABSENT)] * (max(DEPTHS) - len(blocks))
        return self.graph([Block("embedding", width=parsed.hidden_size), *blocks, *empty])

    def decode(self, scores: Scores) -> str:
        base = min(DEPTHS)
        depth = base + scores.count(range(1 + base, len(self.places)), [n - base for n in DEPTHS])
        stacks = {name: dims for dims, name in _STACKS.items()}
        layers = tuple(
            Layer(scores.best(i, "heads", NUM_HEADS), stacks[scores.best(i, "op", tuple(stacks))])
            for i in range(1, 1 + depth)
        )
        return arch_string(Encoder(scores.best(0, "width", HIDDEN_SIZES), layers))
