"""The MnasNet space: seven stages of inverted residual blocks in a chain."""

from __future__ import annotations

from generators.block_graph import Block, BlockGraph, chain
from generators.layouts.layout import Layout
from generators.scores import Scores
from onnx_bench.spaces.mnasnet import DEPTHS, EXPANSIONS, KERNELS, Stage, arch_string


class MnasNetLayout(Layout):
    """A block for each stage."""

    name = "mnasnet"
    places = tuple(
        {"op": ("mbconv",), "ratio": EXPANSIONS, "kernel": KERNELS, "depth": depths, "gate": (False, True)}
        for depths in DEPTHS
    )
    fixed_edges = chain(len(DEPTHS))

    def encode(self, arch: str) -> BlockGraph:
        return self.graph(
            Block("mbconv", ratio=s.expansion, kernel=s.kernel, depth=s.depth, gate=s.se)
            for s in self.space.parse(arch)
        )

    def decode(self, scores: Scores) -> str:
        return arch_string(tuple(
            Stage(
                scores.best(i, "ratio", EXPANSIONS), scores.best(i, "kernel", KERNELS),
                scores.best(i, "depth", depths), scores.best(i, "gate", (False, True)),
            )
            for i, depths in enumerate(DEPTHS)
        ))  # fmt: skip
