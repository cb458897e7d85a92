"""NAS-Bench-Graph: four message-passing layers in a tree."""

from __future__ import annotations

from itertools import combinations

from generators.block_graph import Block, BlockGraph
from generators.layouts.layout import Layout
from generators.scores import Scores
from onnx_bench.spaces.nasbench_graph import OPERATIONS, Cell, arch_string
from onnx_bench.spaces.rooted_tree import NODES, SKIP

_NAMES = {op: "identity" if op == SKIP else f"graph_{op}" for op in OPERATIONS}
_OPERATIONS = {name: op for op, name in _NAMES.items()}


class NASBenchGraphLayout(Layout):
    """The input and a place for each layer, which reads one of those before it."""

    name = "nasbench_graph"
    places = ({"op": ("input",)}, *[{"op": tuple(_OPERATIONS)}] * NODES)
    free_edges = frozenset(combinations(range(1 + NODES), 2))

    def encode(self, arch: str) -> BlockGraph:
        cell = self.space.parse(arch)
        blocks = [Block("input"), *(Block(_NAMES[op]) for op in cell.ops)]
        return self.graph(blocks, [(source, place) for place, source in enumerate(cell.link, 1)])

    def decode(self, scores: Scores) -> str:
        """Skips alone are no architecture: then the least unlikely other operation takes a place."""
        places = range(1, 1 + NODES)
        ops = [scores.best(place, "op", tuple(_OPERATIONS)) for place in places]
        if set(ops) == {_NAMES[SKIP]}:
            others = [(place, op) for place in places for op in _OPERATIONS if op != _NAMES[SKIP]]
            place, op = max(others, key=lambda other: scores.of(other[0], "op", other[1]))
            ops[place - 1] = op
        link = tuple(scores.source(place, range(place)) for place in places)
        return arch_string(self.space.parse(arch_string(Cell(link, tuple(_OPERATIONS[op] for op in ops)))))
