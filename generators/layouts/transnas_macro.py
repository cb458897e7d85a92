"""The macro space of TransNAS-Bench-101: four to six modules, some wider, some at a smaller plane."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from generators.block_graph import ABSENT, Block, BlockGraph, chain
from generators.layouts.layout import Layout
from generators.scores import Scores
from onnx_bench.spaces.transnas_macro import KINDS, MODULES, all_modules

_NAMES = dict(zip(KINDS, ("plain", "widen", "halve", "widen_halve"), strict=True))


@cache
def _all_kinds() -> NDArray[np.int64]:
    """Of every architecture the kind in each place, the last one for an empty place."""
    most = MODULES[1]
    return np.array([[KINDS.index(kind) for kind in m] + [len(KINDS)] * (most - len(m)) for m in all_modules()])


class TransNASMacroLayout(Layout):
    """A place for each module.

    How many modules may widen or halve is a matter of the whole; the likeliest of the 3,256 architectures is taken.
    """

    name = "transnas_macro"
    places = (
        *[{"op": tuple(_NAMES.values())}] * MODULES[0],
        *[{"op": (*_NAMES.values(), ABSENT)}] * (MODULES[1] - MODULES[0]),
    )
    fixed_edges = chain(MODULES[1])

    def encode(self, arch: str) -> BlockGraph:
        modules = self.space.parse(arch).modules
        blocks = [Block(_NAMES[kind]) for kind in modules]
        return self.graph(blocks + [Block(ABSENT)] * (len(self.places) - len(blocks)))

    def decode(self, scores: Scores) -> str:
        columns = [scores.vocabulary.column("op", name) for name in (*_NAMES.values(), ABSENT)]
        table = scores.nodes[:, columns]
        total = table[np.arange(len(self.places)), _all_kinds()].sum(axis=1)
        return f"64-{all_modules()[int(total.argmax())]}-basic"
