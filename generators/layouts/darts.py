"""DARTS: a normal and a reduction cell of four nodes, each the sum of two operations on earlier states."""

from __future__ import annotations

from itertools import combinations

from generators.block_graph import Block, BlockGraph
from generators.layouts.layout import Edge, Layout, NotRepresentableError
from generators.scores import Scores
from generators.vocabulary import place
from onnx_bench.spaces.darts_cell import ALL, NODES, OPERATIONS, Cell, Genotype, genotype_string
from onnx_bench.spaces.darts_cell import Edge as Operation

_NAMES = dict(zip(
    OPERATIONS, ("max_pool3x3", "avg_pool3x3", "identity", "sep_conv3x3", "sep_conv5x5", "dil_conv3x3", "dil_conv5x5"),
    strict=True,
))  # fmt: skip
_OPERATIONS = {name: op for op, name in _NAMES.items()}
_BLOCKS = {op: Block(name) for op, name in _NAMES.items()}
_INPUT, _SUM, _CONCAT = Block("input"), Block("sum"), Block("concat")
_CELL = 3 + 3 * NODES
"""Places of a cell: two inputs, for each node two operations and their sum, the concatenation."""


def _operations(start: int, node: int) -> tuple[int, int]:
    """Places of the two operations of a node in the cell that begins at `start`."""
    first = start + 2 + 3 * node
    return first, first + 1


def _states(start: int, node: int) -> list[int]:
    """Places of the states that a node may read."""
    return [start, start + 1, *(start + 4 + 3 * earlier for earlier in range(node))]


def _each() -> list[tuple[int, int]]:
    return [(start, node) for start in (0, _CELL) for node in range(NODES)]


class DARTSLayout(Layout):
    """The places of the normal cell, then those of the reduction cell."""

    name = "darts"

    def __init__(self) -> None:
        operation, state = place(op=tuple(_OPERATIONS)), place(op=("input",))
        cell = [state, state, *[operation, operation, place(op=("sum",))] * NODES, place(op=("concat",))]
        self.places = (*cell, *cell)
        sums = [(i, _operations(s, n)[0] + 2) for s, n in _each() for i in _operations(s, n)]
        ends = [(_operations(s, n)[0] + 2, s + _CELL - 1) for s, n in _each()]
        self.fixed_edges = frozenset(sums + ends)
        self.free_edges = frozenset(
            (read, i) for s, n in _each() for read in _states(s, n) for i in _operations(s, n)
        )

    def encode(self, arch: str) -> BlockGraph:
        blocks: list[Block] = []
        edges: list[Edge] = []
        for cell in self.space.parse(arch):
            if cell.concat != ALL:
                raise NotRepresentableError("the generator knows DARTS cells that concatenate all four nodes")
            start = len(blocks)
            blocks += [_INPUT, _INPUT]
            for number, pair in enumerate(cell.nodes):
                blocks += [*(_BLOCKS[op.op] for op in pair), _SUM]
                states = _states(start, number)
                edges += [(states[op.source], i) for op, i in zip(pair, _operations(start, number), strict=True)]
            blocks.append(_CONCAT)
        return self.graph(blocks, edges)

    def decode(self, scores: Scores) -> str:
        cells = []
        for start in (0, _CELL):
            nodes = []
            for node in range(NODES):
                a, b = _operations(start, node)
                states = _states(start, node)
                i, j = max(
                    combinations(range(len(states)), 2),
                    key=lambda pair: float(
                        scores.edges[states[pair[0]], a] + scores.edges[states[pair[1]], b]
                    ),  # called at once
                )
                first, second = (_OPERATIONS[scores.best(i, "op", tuple(_OPERATIONS))] for i in (a, b))
                nodes.append((Operation(first, i), Operation(second, j)))
            cells.append(Cell(tuple(nodes)))
        return genotype_string(Genotype(*cells))
