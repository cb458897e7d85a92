"""NAS-Bench-Graph: 26,206 cells of at most four message-passing layers for node classification."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import ClassVar, NamedTuple

from onnx_bench.spaces import rooted_tree
from onnx_bench.spaces.base import DrawnSpace, Head
from onnx_bench.spaces.drawing import Drawing
from onnx_bench.spaces.message_passing import MessagePassing
from onnx_bench.spaces.rooted_tree import LINKS, NODES, SKIP, Forest

OPERATIONS = ("gat", "gcn", "gin", "cheb", "sage", "arma", "graph", "fc", SKIP)
_RANKS = {op: rank for rank, op in enumerate(OPERATIONS)}
_GRAPH_NODES = 128


class Cell(NamedTuple):
    """Four operations and the node each reads, 0 being the input."""

    link: tuple[int, ...]
    ops: tuple[str, ...]

    @property
    def leaves(self) -> list[int]:
        """The nodes that no other reads, from 1; the cell's output is their concatenation."""
        return [node for node in range(1, NODES + 1) if node not in self.link]


@dataclass(frozen=True)
class NodeHead(Head):
    """A data set, and the network around the cell that the benchmark found best for it.

    Attributes:
        width: Features of every node of the cell.
        before: Whether a linear layer maps the data set's features to `width`.
        after: Whether the cell ends with a linear layer to `width`, another one makes the classes.
        self_loops: See `MessagePassing`.
    """

    width: int = 256
    before: bool = False
    after: bool = False
    self_loops: bool = True


def _head(features: int, classes: int, width: int, before: bool, after: bool, self_loops: bool = True) -> NodeHead:
    square = (_GRAPH_NODES, _GRAPH_NODES)
    return NodeHead((_GRAPH_NODES, features), classes, "float", (square,), width, before, after, self_loops)


HEADS = {
    "graph/cora": _head(1433, 7, 256, False, True),
    "graph/citeseer": _head(3703, 6, 256, False, True),
    "graph/pubmed": _head(500, 3, 128, False, False),
    "graph/cs": _head(6805, 15, 128, True, False),
    "graph/physics": _head(8415, 5, 256, True, False),
    "graph/photo": _head(745, 8, 128, False, False),
    "graph/computers": _head(767, 10, 64, True, True),
    "graph/arxiv": _head(128, 40, 128, False, True),
    "graph/proteins": _head(8, 112, 256, True, True, self_loops=False),
}


def arch_string(cell: Cell) -> str:
    """The JSON notation of the records."""
    return json.dumps({"link": list(cell.link), "ops": list(cell.ops)})


def cell_of(forest: Forest) -> Cell:
    """The published form of a simple tree."""
    return Cell(*rooted_tree.numbered(forest, _RANKS))


def _is_published(cell: Cell) -> bool:
    """Whether the benchmark names the architecture by this very cell."""
    forest = rooted_tree.simplify(rooted_tree.forest_of(*cell))
    return bool(forest) and cell_of(forest) == cell


@dataclass(frozen=True)
class NASBenchGraph(DrawnSpace[Cell]):
    """Cells of four nodes, each of which applies an operation to the input or to an earlier node.

    A node reads its source through batch norm and ReLU, unless that is the data set itself; the nodes that no other
    reads are concatenated, and ReLU and linear layers follow. A skip passes on what it reads.

    The published space is the nine trees of `rooted_tree.LINKS` with nine operations each, where architectures that
    differ by the order of nodes or by idle skips are one: 26,206 of 59,049. `sample` draws evenly from these and
    `size` counts them. `parse` takes any tree of four nodes (each reads an earlier one) and reads it as the published
    architecture it is equal to; skips alone are no architecture. Neighbours differ by one operation, or by one leaf
    that is added, removed or hung elsewhere.

    Inputs are node features [N, F] and the adjacency matrix [N, N] without self-loops. The data sets have 2,485 to
    169,343 nodes and sparse matrices; a dense matrix of that size would be nothing but its products. N is therefore
    128 for all: parameters do not depend on it, linear layers cost what they cost per node, and a propagation costs
    128 multiply-adds per node and feature, where Cora's edges ask for 5 and those of proteins for 600. MACs divided
    by N compare architectures, not running times.

    Operations and counts are those of PyTorch Geometric at the time: `gat` has four heads, `cheb` two terms, `arma`
    one stack and one layer, but holds unread weights for a second one; batch norms of nodes that read the data set
    are held and not used either. All recorded parameter counts agree, except 1,567 of `graph/physics`: 1,478 of
    these are the mean of two runs of the network and one of a network 128 wide without the linear layer before the
    cell; what the other 89 are means of is not known.

    Args:
        width_factor: Multiplies the hidden width of every data set.
        nodes: Number of nodes N of the graph.
    """

    width_factor: int = 1
    nodes: int = _GRAPH_NODES

    name: ClassVar[str] = "nasbench_graph"
    title: ClassVar[str] = "NAS-Bench-Graph: four message-passing layers in a tree, node classification"
    reference: ClassVar[str] = "Qin et al., NAS-Bench-Graph, NeurIPS 2022 datasets and benchmarks, arXiv:2206.09166"
    tasks: ClassVar[Mapping[str, Head]] = HEADS
    default_task: ClassVar[str] = "graph/cora"

    def head(self, task: str | None = None) -> Head:
        head = super().head(task)
        return replace(head, input=(self.nodes, head.input[1]), more_inputs=((self.nodes, self.nodes),))

    def parse(self, arch: str) -> Cell:
        expected = '{"link": [0, 0, 1, 2], "ops": ["gcn", "gat", "fc", "skip"]}'
        try:
            body = json.loads(arch)
            link, ops = body.pop("link"), body.pop("ops")
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
            raise self.bad(arch, f"{type(error).__name__}: {error}", expected) from error
        if body or not (isinstance(link, list) and isinstance(ops, list) and len(link) == len(ops) == NODES):
            raise self.bad(arch, "other keys or lengths", expected)
        if not all(type(source) is int and 0 <= source <= i for i, source in enumerate(link)):
            raise self.bad(arch, f"links {str(link)[:80]}", "every node to read the input, 0, or an earlier node")
        if not all(isinstance(op, str) and op in OPERATIONS for op in ops):
            raise self.bad(arch, f"operations {str(ops)[:80]}", f"operations among {', '.join(OPERATIONS)}")
        forest = rooted_tree.simplify(rooted_tree.forest_of(tuple(link), tuple(ops)))
        if not forest:
            raise self.bad(arch, "skips alone", "at least one other operation")
        return cell_of(forest)

    def sample(self, rng: random.Random) -> str:
        while True:
            cell = Cell(rng.choice(LINKS), tuple(rng.choice(OPERATIONS) for _ in range(NODES)))
            if _is_published(cell):
                return arch_string(cell)

    def neighbours(self, arch: str) -> list[str]:
        """One operation exchanged, or one leaf added, removed or hung elsewhere."""
        cell = self.parse(arch)
        forest = rooted_tree.simplify(rooted_tree.forest_of(*cell))
        found = list(rooted_tree.with_other_operation(forest, OPERATIONS))
        for pruned, leaf in rooted_tree.without_leaf(forest):
            found += [pruned, *rooted_tree.with_leaf(pruned, leaf)]
        if rooted_tree.count(forest) < NODES:
            found += [grown for op in OPERATIONS for grown in rooted_tree.with_leaf(forest, op)]
        cells = dict.fromkeys(cell_of(other) for other in found if rooted_tree.is_simple(other))
        return [arch_string(other) for other in cells if other != cell]

    def size(self) -> int:
        return 26_206

    def architectures(self) -> Iterator[str]:
        cells = (Cell(link, ops) for link in LINKS for ops in product(OPERATIONS, repeat=NODES))
        return map(arch_string, filter(_is_published, cells))

    def draw_backbone(self, pen: Drawing, parsed: Cell, head: Head) -> int:
        assert isinstance(head, NodeHead), "all heads of this space are"
        width = head.width * self.width_factor
        x = pen.input(head.input)
        layers = MessagePassing(pen, pen.input(head.more_inputs[0]), head.self_loops)
        values, raw = [pen.linear(x, width) if head.before else x], [not head.before]
        for source, op in zip(parsed.link, parsed.ops, strict=True):
            y = values[source]
            if raw[source]:
                layers.store_unused(2 * width)  # the batch norm of this node
            else:
                y = pen.relu(_norm(pen, y, alone=parsed.link.count(source) == 1))
            values.append(y if op == SKIP else layers.draw(y, op, width))
            raw.append(raw[source] and op == SKIP)
        return pen.concat([values[leaf] for leaf in parsed.leaves])

    def draw_head(self, pen: Drawing, x: int, head: Head) -> int:
        assert isinstance(head, NodeHead), "all heads of this space are"
        if not (pen.folded and pen.nodes[x].op == "Relu"):  # twice is once
            x = pen.relu(x)
        if head.after:
            x = pen.linear(x, head.width * self.width_factor)
        return pen.linear(x, head.outputs)


def _norm(pen: Drawing, x: int, alone: bool) -> int:
    """Batch norm; in the folded form a linear layer that this norm reads alone takes it up."""
    if pen.folded and alone and pen.nodes[x].op == "Linear":
        pen.lost_params += 2 * pen.shape(x)[1]
        return x
    return pen.add("BatchNorm", x)
