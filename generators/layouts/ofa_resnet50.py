"""The ResNet50 space of once-for-all: widths and depths of stages, ratios of bottlenecks."""

from __future__ import annotations

from generators.block_graph import ABSENT, Block, BlockGraph, chain
from generators.layouts.layout import Layout
from generators.scores import Scores
from generators.vocabulary import maybe, place
from onnx_bench.spaces.ofa_resnet50 import BASE_DEPTHS, DEPTHS, EXTRA, RATIOS, Bottleneck, ResNet, arch_string

_WIDTHS = ("narrow", "medium", "wide")
"""Which of the space's three width multipliers."""
_STEM = ("stem", "stem_block")


class OFAResNet50Layout(Layout):
    """Two blocks for the stem, then for each stage one with its width and a place for every bottleneck."""

    name = "ofa_resnet50"

    def __init__(self) -> None:
        stage, block = place(op=("stage",), width=_WIDTHS), place(op=("bottleneck",), ratio=RATIOS)
        places = [place(op=_STEM, width=_WIDTHS), place(op=("stem",), width=_WIDTHS)]
        for base in BASE_DEPTHS:
            places += [stage, *[block] * base, *[maybe(block)] * max(EXTRA)]
        self.places = tuple(places)
        self.fixed_edges = chain(len(places))

    def encode(self, arch: str) -> BlockGraph:
        net = self.space.parse(arch)
        first, last, *widths = (_WIDTHS[width] for width in net.widths)
        blocks = [Block(_STEM[net.stem_block], width=first), Block("stem", width=last)]
        for width, stage, depths in zip(widths, net.stages, DEPTHS, strict=True):
            blocks += [Block("stage", width=width), *(Block("bottleneck", ratio=block.ratio) for block in stage)]
            blocks += [Block(ABSENT)] * (max(depths) - len(stage))
        return self.graph(blocks)

    def decode(self, scores: Scores) -> str:
        def width(at: int) -> int:
            return _WIDTHS.index(scores.best(at, "width", _WIDTHS))

        widths, stages, at = [width(0), width(1)], [], 2
        for base in BASE_DEPTHS:
            widths.append(width(at))
            places = range(at + 1, at := at + 1 + base + max(EXTRA))
            depth = base + scores.count(places[base:], EXTRA)
            stages.append(tuple(Bottleneck(scores.best(i, "ratio", RATIOS)) for i in places[:depth]))
        stem = scores.best(0, "op", _STEM) == _STEM[True]
        return arch_string(ResNet(stem, tuple(widths), tuple(stages)))
