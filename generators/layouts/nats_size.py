"""The size space of NATS-Bench: five widths in a chain."""

from __future__ import annotations

from generators.block_graph import Block, BlockGraph, chain
from generators.layouts.layout import Layout
from generators.scores import Scores
from generators.vocabulary import place
from onnx_bench.spaces.nats_size import WIDTHS

_PLACES = 5


class NATSSizeLayout(Layout):
    """A block for each width."""

    name = "nats_size"
    places = (place(op=("stage",), width=WIDTHS),) * _PLACES
    fixed_edges = chain(_PLACES)

    def encode(self, arch: str) -> BlockGraph:
        return self.graph(Block("stage", width=width) for width in self.space.parse(arch))

    def decode(self, scores: Scores) -> str:
        return ":".join(str(scores.best(i, "width", WIDTHS)) for i in range(_PLACES))
