"""NAS-Bench-101: 423,624 cells of up to seven vertices and nine edges, the operations on the vertices."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, NamedTuple

from onnx_bench.spaces.base import DrawnSpace, Head
from onnx_bench.spaces.drawing import Drawing

OPERATIONS = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")
INPUT, OUTPUT = "input", "output"
MAX_VERTICES, MAX_EDGES = 7, 9


class Cell(NamedTuple):
    """A cell without vertices off the way from input to output.

    Attributes:
        ops: Label of every vertex; the first is the input, the last the output.
        sources: For every vertex the vertices it reads, in ascending order.
    """

    ops: tuple[str, ...]
    sources: tuple[tuple[int, ...], ...]

    @property
    def edges(self) -> list[tuple[int, int]]:
        return [(i, j) for j, sources in enumerate(self.sources) for i in sources]


def prune(ops: Sequence[str], sources: Sequence[Sequence[int]]) -> Cell | None:
    """Drop every vertex that is not on a path from input to output; `None` if there is no path."""
    last = len(ops) - 1
    reached = {0}
    for j in range(1, last + 1):
        if not reached.isdisjoint(sources[j]):
            reached.add(j)
    if last not in reached:
        return None
    needed = {last}
    for j in range(last, 0, -1):
        if j in needed:
            needed.update(sources[j])
    kept = sorted(reached & needed)
    place = {v: i for i, v in enumerate(kept)}
    kept_sources = [tuple([place[i] for i in sources[v] if i in place]) for v in kept]
    return Cell(tuple([ops[v] for v in kept]), tuple(kept_sources))


def arch_string(cell: Cell) -> str:
    """The JSON notation of the records: rows of the upper-triangular matrix as strings, and the labels."""
    size = len(cell.ops)
    rows = ["".join("1" if i in cell.sources[j] else "0" for j in range(size)) for i in range(size)]
    return json.dumps({"matrix": rows, "ops": list(cell.ops)}, separators=(",", ":"))


def from_edge_bits(vertices: int, edge_bits: int, op_codes: str) -> str:
    """The architecture string of a row of the enumerated space.

    Args:
        vertices: Number of vertices, input and output included.
        edge_bits: Bit x + y(y-1)/2 set means an edge from x to y.
        op_codes: Position in `OPERATIONS` of every inner vertex, as digits.
    """
    sources = tuple(
        tuple(x for x in range(y) if edge_bits >> (x + y * (y - 1) // 2) & 1) for y in range(vertices)
    )  # fmt: skip
    return arch_string(Cell((INPUT, *(OPERATIONS[int(c)] for c in op_codes), OUTPUT), sources))


def vertex_channels(cell: Cell, channels: int) -> list[int]:
    """Width of every vertex but the input, in a module that is `channels` wide at its output.

    The width is split over the vertices that feed the output, the remainder one each to the first; every other vertex
    is as wide as the widest it feeds.
    """
    last = len(cell.ops) - 1
    feeding = [i for i in cell.sources[last] if i]
    widths = [0] * last + [channels]
    for rank, vertex in enumerate(feeding):
        widths[vertex] = channels // len(feeding) + (rank < channels % len(feeding))
    for vertex in range(last - 1, 0, -1):
        for source in cell.sources[vertex]:
            if source and source not in feeding:
                widths[source] = max(widths[source], widths[vertex])
    return widths


def draw_module(pen: Drawing, x: int, cell: Cell, channels: int) -> int:
    """Draw a module, `channels` wide at its output."""

    def conv(source: int, width: int, kernel: int) -> int:
        return pen.relu(pen.conv(source, width, kernel, batch_norm=True))

    widths = vertex_channels(cell, channels)
    last = len(cell.ops) - 1
    values = [x]
    for vertex in range(1, last):
        width = widths[vertex]
        terms = []
        for source in cell.sources[vertex]:
            if source == 0:
                terms.append(conv(x, width, 1))
            elif widths[source] == width:
                terms.append(values[source])
            else:
                terms.append(pen.add("Slice", values[source], axis=1, start=0, end=width))
        y = pen.sum(terms)
        op = cell.ops[vertex]
        values.append(pen.max_pool(y, 3, 1, 1) if op == "maxpool3x3" else conv(y, width, 3 if op[4] == "3" else 1))
    feeding = [values[i] for i in cell.sources[last] if i]
    terms = [pen.concat(feeding)] if feeding else []
    if 0 in cell.sources[last]:
        terms.append(conv(x, channels, 1))
    return pen.sum(terms)


@dataclass(frozen=True)
class NASBench101(DrawnSpace[Cell]):
    """Stacks of modules with a halving max-pool and doubled width between stacks; global pool and classifier.

    The one task, `cifar10`, has a 32x32 input and ten classes. As in the benchmark's own code, vertices off the way
    from input to output are dropped before anything is built, so a cell always has a path.

    Args:
        stem_channels: Width of the stem and the first stack.
        stacks: Number of stacks.
        modules_per_stack: Modules in a stack.
    """

    stem_channels: int = 128
    stacks: int = 3
    modules_per_stack: int = 3

    name: ClassVar[str] = "nasbench101"
    title: ClassVar[str] = "NAS-Bench-101: cells of up to 7 vertices and 9 edges, CIFAR-10"
    reference: ClassVar[str] = "Ying et al., NAS-Bench-101, ICML 2019, arXiv:1902.09635"
    tasks: ClassVar[Mapping[str, Head]] = {"cifar10": Head((1, 3, 32, 32), 10)}
    default_task: ClassVar[str] = "cifar10"

    def parse(self, arch: str) -> Cell:
        """Read `{"matrix": [...], "ops": [...]}`; rows are strings or lists of 0 and 1."""
        ops, rows = self._read(arch)
        size = len(ops)
        sources = tuple([tuple([i for i in range(j) if rows[i][j] == "1"]) for j in range(size)])
        for i, row in enumerate(rows):
            if "1" in row[: i + 1]:
                raise self.bad(arch, f"an edge from vertex {i} back", "an upper-triangular matrix")
        cell = prune(ops, sources)
        if cell is None:
            raise self.bad(arch, "no path from input to output", "a connected cell")
        if len(cell.edges) > MAX_EDGES:
            raise self.bad(arch, f"{len(cell.edges)} edges", f"at most {MAX_EDGES}")
        return cell

    def _read(self, arch: str) -> tuple[list[str], list[str]]:
        form = '{"matrix": rows of 0 and 1, "ops": labels}'
        try:
            body = json.loads(arch)
            ops, matrix = list(body["ops"]), list(body["matrix"])
            rows = [row if isinstance(row, str) else "".join(str(int(bit)) for bit in row) for row in matrix]
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise self.bad(arch, f"{type(error).__name__}: {error}", form) from error
        size = len(ops)
        if not 2 <= size <= MAX_VERTICES:
            raise self.bad(arch, f"{size} vertices", f"2 to {MAX_VERTICES}")
        if len(rows) != size or any(len(row) != size or row.strip("01") for row in rows):
            raise self.bad(arch, f"the matrix {rows}", f"{size} rows of {size} times 0 or 1, one for each label")
        labels = [INPUT, *ops[1:-1], OUTPUT]
        if ops != labels or any(op not in OPERATIONS for op in ops[1:-1]):
            raise self.bad(arch, f"the labels {ops}", f"{INPUT}, then any of {', '.join(OPERATIONS)}, then {OUTPUT}")
        return labels, rows

    def sample(self, rng: random.Random) -> str:
        """Random labelled 7-vertex matrices until one is valid, as in the paper: uniform before isomorphism."""
        while True:
            ops = [INPUT, *(rng.choice(OPERATIONS) for _ in range(MAX_VERTICES - 2)), OUTPUT]
            cell = prune(ops, [[i for i in range(j) if rng.getrandbits(1)] for j in range(MAX_VERTICES)])
            if cell is not None and len(cell.edges) <= MAX_EDGES:
                return arch_string(cell)

    def neighbours(self, arch: str) -> list[str]:
        """One operation changed, one edge added or removed, or one edge split by a new vertex; valid cells only."""
        cell = self.parse(arch)
        found = {
            arch_string(other): None
            for other in _edits(cell)
            if other is not None and len(other.edges) <= MAX_EDGES
        }  # fmt: skip
        found.pop(arch_string(cell), None)
        return list(found)

    def size(self) -> int:
        """Cells up to isomorphism, the number the paper gives."""
        return 423_624

    def draw_backbone(self, pen: Drawing, parsed: Cell, head: Head) -> int:
        x = pen.relu(pen.conv(pen.input(head.input), self.stem_channels, 3, batch_norm=True))
        for stack in range(self.stacks):
            channels = self.stem_channels << stack
            if stack:
                x = pen.max_pool(x, 2, 2)
                x = draw_module(pen, x, parsed, channels)
            module = partial(draw_module, pen, cell=parsed, channels=channels)
            x = pen.repeat(module, x, self.modules_per_stack - (stack > 0))
        return x

    def draw_head(self, pen: Drawing, x: int, head: Head) -> int:
        return pen.linear(pen.global_pool(x), head.outputs)


def _edits(cell: Cell) -> Iterator[Cell | None]:
    ops, sources, size = list(cell.ops), cell.sources, len(cell.ops)
    for vertex in range(1, size - 1):
        for op in OPERATIONS:
            yield Cell((*ops[:vertex], op, *ops[vertex + 1 :]), sources)
    for j in range(1, size):
        for i in range(j):
            flipped = tuple(sorted(set(sources[j]) ^ {i}))
            yield prune(ops, [*sources[:j], flipped, *sources[j + 1 :]])
    if size < MAX_VERTICES:
        for i, j in cell.edges:
            # The new vertex takes position j; everything from j on moves up by one.
            moved = [tuple(s + (s >= j) for s in sources[v]) for v in range(size)]
            moved[j] = tuple(sorted(set(moved[j]) - {i} | {j}))
            for op in OPERATIONS:
                yield Cell((*ops[:j], op, *ops[j:]), (*moved[:j], (i,), *moved[j:]))
