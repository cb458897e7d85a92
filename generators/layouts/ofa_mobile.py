"""The mobile once-for-all spaces: units of inverted residual blocks whose number varies."""

from __future__ import annotations

from generators.block_graph import ABSENT, Block, BlockGraph, chain
from generators.layouts.layout import Layout
from generators.scores import Scores
from generators.vocabulary import maybe, place
from onnx_bench.spaces.ofa_mobile import EXPANSIONS, KERNELS, MobileBlock, arch_string


class _OFAMobile(Layout):
    """A place for every block of the largest network; a unit fills its first ones."""

    def __init__(self) -> None:
        self.depths: tuple[tuple[int, ...], ...] = self.space.depths  # type: ignore[attr-defined]  # of OFAMobile
        always = place(op=("mbconv",), kernel=KERNELS, ratio=EXPANSIONS)
        self.places = tuple(
            always if i < min(depths) else maybe(always)
            for depths in self.depths
            for i in range(max(depths))
        )
        self.fixed_edges = chain(len(self.places))

    def encode(self, arch: str) -> BlockGraph:
        blocks: list[Block] = []
        for unit, depths in zip(self.space.parse(arch), self.depths, strict=True):
            blocks += [Block("mbconv", kernel=block.kernel, ratio=block.expansion) for block in unit]
            blocks += [Block(ABSENT)] * (max(depths) - len(unit))
        return self.graph(blocks)

    def decode(self, scores: Scores) -> str:
        units, start = [], 0
        for depths in self.depths:
            places = range(start, start := start + max(depths))
            varying = places[min(depths) :]
            depth = min(depths) + scores.count(varying, [n - min(depths) for n in depths])
            units.append(tuple(
                MobileBlock(scores.best(i, "kernel", KERNELS), scores.best(i, "ratio", EXPANSIONS))
                for i in places[:depth]
            ))  # fmt: skip
        return arch_string(tuple(units))


class OFAMobileNetV3Layout(_OFAMobile):
    """The MobileNetV3 space."""

    name = "ofa_mbv3"


class OFAProxylessNASLayout(_OFAMobile):
    """The ProxylessNAS space."""

    name = "ofa_proxyless"
