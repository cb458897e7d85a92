"""Rooted trees of operations: the cells of NAS-Bench-Graph, which are equal where their trees are."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import permutations

SKIP = "skip"
LINKS = (
    (0, 0, 0, 0), (0, 0, 0, 1), (0, 0, 1, 1), (0, 0, 1, 2), (0, 0, 1, 3),
    (0, 1, 1, 1), (0, 1, 1, 2), (0, 1, 2, 2), (0, 1, 2, 3),
)  # fmt: skip
"""The nine rooted trees of four nodes under the input: for every node the one it reads, 0 being the input."""
NODES = 4

Link = tuple[int, ...]
Ops = tuple[str, ...]
Forest = tuple["tuple[str, Forest]", ...]
"""What reads a tensor: operations, each with what reads it."""


def forest_of(link: Link, ops: Ops, reads: int = 0) -> Forest:
    """The operations that read node `reads`, with all below them."""
    return tuple([(op, forest_of(link, ops, i)) for i, op in enumerate(ops, 1) if link[i - 1] == reads])


def count(forest: Forest) -> int:
    """Number of operations."""
    return sum(1 + count(below) for _, below in forest)


def simplify(forest: Forest, at_input: bool = True) -> Forest:
    """Take out the skips that the benchmark takes to do nothing.

    A skip that something reads, one that leads from the input to the output, and one that is the only reader of its
    input. What stays is a leaf beside others: it brings an inner tensor to the output.
    """
    flat = list(_without_inner_skips(forest))
    if at_input or len(flat) == 1:
        flat = [tree for tree in flat if tree[0] != SKIP]
    return tuple([(op, simplify(below, False)) for op, below in flat])


def _without_inner_skips(forest: Forest) -> Iterator[tuple[str, Forest]]:
    for op, below in forest:
        if op == SKIP and below:
            yield from _without_inner_skips(below)
        else:
            yield op, below


def is_simple(forest: Forest) -> bool:
    """Whether `simplify` has nothing to take out, and something is left."""
    return 0 < count(forest) == count(simplify(forest))


def numbered(forest: Forest, ranks: dict[str, int]) -> tuple[Link, Ops]:
    """The published numbering of a simple tree of at most four operations.

    Skips at the input make up for operations that lack; then the order whose links are among `LINKS` and whose
    operations come first by `ranks`.
    """
    for _ in range(NODES - count(forest)):
        forest = ((SKIP, forest),)
    link, ops = _listed(forest)
    order = min(_orders(link), key=lambda order: [ranks[ops[i]] for i in order])
    return _renumbered(link, order), tuple([ops[i] for i in order])


def _listed(forest: Forest) -> tuple[Link, Ops]:
    link: list[int] = []
    ops: list[str] = []

    def visit(trees: Forest, reads: int) -> None:
        for op, below in trees:
            link.append(reads)
            ops.append(op)
            visit(below, len(ops))

    visit(forest, 0)
    return tuple(link), tuple(ops)


def _renumbered(link: Link, order: tuple[int, ...]) -> Link:
    """The links after the node `order[k]` has become node k (counted from 0)."""
    place = {0: 0} | {old + 1: new + 1 for new, old in enumerate(order)}
    return tuple([place[link[old]] for old in order])


@cache
def _orders(link: Link) -> tuple[tuple[int, ...], ...]:
    """All orders of the four nodes that give one of `LINKS`."""
    return tuple(order for order in permutations(range(NODES)) if _renumbered(link, order) in LINKS)


def with_leaf(forest: Forest, op: str) -> Iterator[Forest]:
    """The forest with a leaf added, at every place."""
    yield (*forest, (op, ()))
    for i, (own, below) in enumerate(forest):
        for grown in with_leaf(below, op):
            yield (*forest[:i], (own, grown), *forest[i + 1 :])


def without_leaf(forest: Forest) -> Iterator[tuple[Forest, str]]:
    """The forest without one of its leaves, and that leaf's operation."""
    for i, (op, below) in enumerate(forest):
        if not below:
            yield (*forest[:i], *forest[i + 1 :]), op
        for pruned, leaf in without_leaf(below):
            yield (*forest[:i], (op, pruned), *forest[i + 1 :]), leaf


def with_other_operation(forest: Forest, ops: tuple[str, ...]) -> Iterator[Forest]:
    """The forest with one operation exchanged for another."""
    for i, (own, below) in enumerate(forest):
        changed = [(op, below) for op in ops if op != own]
        changed += [(own, other) for other in with_other_operation(below, ops)]
        for tree in changed:
            yield (*forest[:i], tree, *forest[i + 1 :])
