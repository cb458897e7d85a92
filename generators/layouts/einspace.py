"""einspace: whole small networks, written as the tree of their modules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from generators.block_graph import ABSENT, Block, BlockGraph
from generators.layouts.layout import Edge, Layout, NotRepresentableError
from generators.scores import Scores
from onnx_bench.node import Shape
from onnx_bench.spaces import einspace_functions as functions
from onnx_bench.spaces.einspace import Einspace
from onnx_bench.spaces.einspace_grammar import GRAMMAR, PARTS
from onnx_bench.spaces.grammar import NotDerivedError, Tree

_PLACES = 16
"""Modules of an architecture; 96 of a hundred random ones have no more."""
_MOST_TRIES = 400
"""Choices that are tried before all that is left becomes identities; contradictions are seldom nested deeper."""
_COMPUTE = tuple(production.items[0] for production in GRAMMAR.rules["COMPUTE"])
_KINDS = ("sequential", "routing", *PARTS)
Drawn = TypeVar("Drawn")


def _names(*symbols: str) -> tuple[str, ...]:
    names = [production.items[0] for symbol in symbols for production in GRAMMAR.rules[symbol]]
    return tuple(dict.fromkeys(names))


_BEFORE = _names("PRE", *(f"BRANCH{parts}" for parts in PARTS.values()))
_AFTER = _names("POST", *(f"JOIN{parts}" for parts in PARTS.values()))


class EinspaceLayout(Layout):
    """A place for each module of the derivation, from the outside in and from left to right.

    Edges lead from a module to those inside it; they follow from the blocks. The operator of a block is the function
    it computes, or how it is made of others; `before` and `after` are the functions of a routing, or those that branch
    and join.
    """

    name = "einspace"

    def __init__(self) -> None:
        functions_around = {"before": (None, *_BEFORE), "after": (None, *_AFTER)}
        root = {"op": _KINDS, **functions_around}
        inner = {"op": (*_COMPUTE, *_KINDS, ABSENT), **functions_around}
        self.places = (root, *[inner] * (_PLACES - 1))
        self.free_edges = frozenset((i, j) for j in range(_PLACES) for i in range(j))

    def encode(self, arch: str) -> BlockGraph:
        blocks: list[Block] = []
        edges: list[Edge] = []
        for parent, module in _modules(self.space.parse(arch), -1, iter(range(1 << 30))):
            if parent >= 0:
                edges.append((parent, len(blocks)))
            blocks.append(_block(module))
        if len(blocks) > _PLACES:
            raise NotRepresentableError(
                f"an architecture of einspace with {len(blocks)} modules; the generator knows those of up to {_PLACES}"
            )
        return self.graph(blocks + [Block(ABSENT)] * (_PLACES - len(blocks)), edges)

    def decode(self, scores: Scores) -> str:
        """Derives from the outside in, everywhere the likeliest that fits the tensor there."""
        space = Einspace()
        shape = space.head().input
        for widest in (2048, 512, 128, 32):
            compute = tuple(f for f in _COMPUTE if _width(f) <= widest)
            tree, _ = _Reader(scores, compute).module("NETWORK", shape)
            if space.is_valid(tree):
                return str(tree)
        return str(_Reader(scores, ("identity",), tries=_MOST_TRIES).module("NETWORK", shape)[0])


def _width(function: str) -> int:
    """Width of a linear layer; 0 of other functions."""
    return int(function.removeprefix("linear")) if function.startswith("linear") else 0


def _modules(tree: Tree, parent: int, places: Iterator[int]) -> Iterator[tuple[int, Tree]]:
    """All modules with the place of the module around them."""
    place = next(places)
    yield parent, tree
    for child in tree.children:
        if child.symbol == "MODULE":
            yield from _modules(child, place, places)


def _block(module: Tree) -> Block:
    match module.terminal, module.children:
        case "computation", (function,):
            return Block(function.terminal)
        case "sequential", _:
            return Block("sequential")
        case kind, (before, *_, after):
            return Block(kind, before=before.terminal, after=after.terminal)
    raise AssertionError("the grammar has no other module")


@dataclass
class _Reader:
    """Reads a derivation from scores. What does not fit is passed by, the next likeliest is tried.

    Attributes:
        scores: What is likely in each place.
        compute: Functions that may be computed.
        tries: Choices tried so far.
        place: Where the next module stands.
        pending: Modules that are still to come in any case.
    """

    scores: Scores
    compute: tuple[str, ...]
    tries: int = 0
    place: int = field(default=0, init=False)
    pending: int = field(default=0, init=False)

    def module(self, symbol: str, shape: Shape) -> tuple[Tree, Shape]:
        place = self.place
        self.place += 1
        room = _PLACES - self.place - self.pending
        if self.tries >= _MOST_TRIES:
            choices: tuple[str, ...] = ("sequential",) if symbol == "NETWORK" else ("identity",)
        else:
            choices = () if symbol == "NETWORK" else self.compute
            choices += tuple(kind for kind in _KINDS if room >= (2 if kind in ("sequential", "branching2") else 1))

        def read(op: str) -> tuple[Tree, Shape]:
            if op not in _KINDS:
                return Tree(symbol, ("computation", Tree("COMPUTE", (op,)))), functions.compute(op, shape)[0]
            items, after = self.kind(op, place, shape)
            return Tree(symbol, (op, *items)), after

        return self.fitting(place, "op", choices, read)

    def kind(self, kind: str, place: int, shape: Shape) -> tuple[list[Tree], Shape]:
        """What a module of a kind is made of."""
        if kind == "sequential":
            first, x = self.inner(shape, 1)
            second, x = self.inner(x, 0)
            return [first, second], x
        if kind == "routing":
            before, x = self.function("PRE", place, "before", lambda f: functions.route(f, shape))
            grid = functions.grid_of(before.terminal, shape) if before.terminal.startswith("im2col") else None
            module, x = self.inner(x, 0)
            after, x = self.function("POST", place, "after", lambda f: functions.route(f, x, grid))
            return [before, module, after], x
        parts = PARTS[kind]
        branch, part = self.function(f"BRANCH{parts}", place, "before", lambda f: functions.split(f, shape))
        modules = [self.inner(part, 1), self.inner(part, 0)] if parts == 2 else [self.inner(part, 0)]
        shapes = [after for _, after in modules] * (parts // len(modules))
        joined, x = self.function(f"JOIN{parts}", place, "after", lambda f: functions.join(f, shapes))
        return [branch, *(module for module, _ in modules), joined], x

    def inner(self, shape: Shape, later: int) -> tuple[Tree, Shape]:
        """The next module, after which `later` more must follow."""
        self.pending += later
        found = self.module("MODULE", shape)
        self.pending -= later
        return found

    def function(
        self, symbol: str, place: int, channel: str, shape_after: Callable[[str], Shape]
    ) -> tuple[Tree, Shape]:  # fmt: skip
        """The likeliest function of a symbol that fits, and the shape after it."""
        return self.fitting(place, channel, _names(symbol), lambda f: (Tree(symbol, (f,)), shape_after(f)))

    def fitting(self, place: int, channel: str, choices: Sequence[str], read: Callable[[str], Drawn]) -> Drawn:
        """What `read` makes of the likeliest choice of which it can make something.

        Raises:
            NotDerivedError: There is none.
        """
        start = self.place, self.pending
        for choice in sorted(choices, key=lambda c: -self.scores.of(place, channel, c)):
            try:
                return read(choice)
            except NotDerivedError:
                self.tries += 1
                self.place, self.pending = start
        raise NotDerivedError("no choice that fits", "another choice before")
