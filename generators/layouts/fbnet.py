"""The FBNet space: one of nine blocks in each of 22 layers."""

from __future__ import annotations

from generators.block_graph import Block, BlockGraph, chain
from generators.layouts.layout import Layout
from generators.scores import Scores
from onnx_bench.spaces.fbnet import LAYERS, OPERATIONS, SKIP, arch_string

_NAMES = {operation: "identity" if operation == SKIP else f"mbconv_{operation}" for operation in OPERATIONS}
_BLOCKS = {operation: Block(name) for operation, name in _NAMES.items()}


class FBNetLayout(Layout):
    """A block for each layer."""

    name = "fbnet"
    places = ({"op": tuple(_NAMES.values())},) * LAYERS
    fixed_edges = chain(LAYERS)

    def encode(self, arch: str) -> BlockGraph:
        return self.graph(_BLOCKS[operation] for operation in self.space.parse(arch))

    def decode(self, scores: Scores) -> str:
        operations = {name: operation for operation, name in _NAMES.items()}
        return arch_string(tuple(operations[scores.best(i, "op", tuple(operations))] for i in range(LAYERS)))
