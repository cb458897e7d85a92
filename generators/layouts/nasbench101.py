"""NAS-Bench-101: up to five operations between input and output, and up to nine edges."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

from generators.block_graph import ABSENT, Block, BlockGraph
from generators.layouts.layout import Edge, Layout
from generators.scores import Scores
from onnx_bench.spaces.nasbench101 import INPUT, MAX_EDGES, MAX_VERTICES, OPERATIONS, OUTPUT, arch_string, prune

_NAMES = dict(zip(OPERATIONS, ("conv3x3", "conv1x1", "max_pool3x3"), strict=True))
_LAST = MAX_VERTICES - 1


class NASBench101Layout(Layout):
    """A place for each vertex; the output has the last, inner vertices the first ones after the input."""

    name = "nasbench101"
    places = (
        {"op": (INPUT,)}, *[{"op": (*_NAMES.values(), ABSENT)}] * (MAX_VERTICES - 2), {"op": (OUTPUT,)},
    )  # fmt: skip
    free_edges = frozenset(combinations(range(MAX_VERTICES), 2))

    def encode(self, arch: str) -> BlockGraph:
        cell = self.space.parse(arch)
        inner = [Block(_NAMES[op]) for op in cell.ops[1:-1]]
        empty = [Block(ABSENT)] * (_LAST - 1 - len(inner))
        last = len(cell.ops) - 1
        edges = [(i, _LAST if j == last else j) for i, j in cell.edges]
        return self.graph([Block(INPUT), *inner, *empty, Block(OUTPUT)], edges)

    def decode(self, scores: Scores) -> str:
        """Keeps the likeliest way from input to output; the least likely edges go until few enough are left.

        First those without which every vertex still reads one and is read: a vertex goes where no other edge can.
        """
        names: dict[str, str] = {name: op for op, name in _NAMES.items()}
        chosen = [scores.best(i, "op", (*names, ABSENT)) for i in range(1, _LAST)]
        held = [0, *(i for i, op in enumerate(chosen, 1) if op != ABSENT), _LAST]
        ops = [INPUT, *(names.get(op, OPERATIONS[0]) for op in chosen), OUTPUT]
        way = _likeliest_way(scores, held)
        edges = _on_the_way({(i, j) for i, j in combinations(held, 2) if scores.edges[i, j] > 0} | way)
        while len(edges) > MAX_EDGES:
            read, reads = Counter(i for i, _ in edges), Counter(j for _, j in edges)
            spare = {(i, j) for i, j in edges if read[i] > 1 and reads[j] > 1}
            least = min((spare - way) or (edges - way), key=lambda edge: (float(scores.edges[edge]), edge))
            edges = _on_the_way(edges - {least})
        cell = prune(ops, [[i for i in range(j) if (i, j) in edges] for j in range(MAX_VERTICES)])
        assert cell is not None, "the likeliest way is among the edges"
        return arch_string(cell)


def _on_the_way(edges: set[Edge]) -> set[Edge]:
    """Those on a way from input to output."""
    reached, needed = {0}, {_LAST}
    for i, j in sorted(edges, key=lambda edge: edge[1]):
        if i in reached:
            reached.add(j)
    for i, j in sorted(edges, reverse=True):
        if j in needed:
            needed.add(i)
    return {(i, j) for i, j in edges if i in reached and j in needed}


def _likeliest_way(scores: Scores, held: list[int]) -> set[Edge]:
    """The way from input to output that needs the least unlikely edges."""
    cost, ways = {0: 0.0}, {0: frozenset[Edge]()}
    for j in held[1:]:
        cost[j], i = min((cost[i] + max(0.0, -float(scores.edges[i, j])), i) for i in held if i < j)
        ways[j] = ways[i] | {(i, j)}
    return set(ways[_LAST])
