"""Random derivations of einspace in which every function fits the tensor it gets."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeVar

from onnx_bench.node import Shape
from onnx_bench.spaces import einspace_functions as functions
from onnx_bench.spaces.einspace_grammar import GRAMMAR, PARTS
from onnx_bench.spaces.grammar import NotDerivedError, Tree

COMPUTATION = 0.32
"""Probability of a computation where any module may stand: the published value, at which derivations end."""

Drawn = TypeVar("Drawn")


class _TooManyModulesError(Exception):
    """The derivation has grown beyond what is asked for."""


@dataclass
class Sampler:
    """Derives modules from the outside in and from left to right, as the published sampler does.

    A choice after which nothing fits is taken back, and another one is made without it. Kinds of modules other than
    computations are equally probable, and so are the functions of a kind; a branching into two, four or eight is as
    probable as their share of branching functions.

    Args:
        rng: The only source of randomness.
        modules: Modules that a derivation may have.
        depth: Modules that may lie inside each other; at the last level stand computations.
    """

    rng: random.Random
    modules: int
    depth: int

    def network(self, shape: Shape) -> Tree:
        """A derivation of the start symbol for an input of `shape`; one that grows too large is drawn again."""
        while True:
            self.left = self.modules
            try:
                return self.module("NETWORK", shape, 0)[0]
            except _TooManyModulesError:
                continue

    def module(self, symbol: str, shape: Shape, depth: int) -> tuple[Tree, Shape]:
        """A module for a tensor of `shape`, and the shape after it."""
        self.left -= 1
        if self.left < 0:
            raise _TooManyModulesError
        kinds = {"sequential": 1.0, "routing": 1.0, **dict.fromkeys(PARTS, 1 / len(PARTS))}
        if symbol == "MODULE":
            others = 0.0 if depth >= self.depth else (1 - COMPUTATION) / 3
            kinds = {"computation": COMPUTATION, **{kind: others * weight for kind, weight in kinds.items()}}
        return self.fitting(kinds, lambda kind: self.of_kind(symbol, kind, shape, depth + 1))

    def fitting(self, weights: dict[str, float], draw: Callable[[str], Drawn]) -> Drawn:
        """What `draw` makes of one of the choices; choices of which it can make nothing are passed by.

        Raises:
            NotDerivedError: It can make something of none.
        """
        left = {choice: weight for choice, weight in weights.items() if weight}
        while left:
            ends = list(accumulate(left.values()))
            # One `random()` and no `choices`: the sequence is then promised to be the same in every Python version.
            point = self.rng.random() * ends[-1]
            choice = next(each for each, end in zip(left, ends, strict=True) if point < end)
            try:
                return draw(choice)
            except NotDerivedError:
                del left[choice]
        raise NotDerivedError("no choice that fits", "another choice before")

    def of_kind(self, symbol: str, kind: str, shape: Shape, depth: int) -> tuple[Tree, Shape]:
        match kind:
            case "computation":
                item, shape = self.function("COMPUTE", lambda f: functions.compute(f, shape)[0])
                items = [item]
            case "sequential":
                first, shape = self.module("MODULE", shape, depth)
                second, shape = self.module("MODULE", shape, depth)
                items = [first, second]
            case "routing":
                items, shape = self.routing(shape, depth)
            case _:
                items, shape = self.branching(PARTS[kind], shape, depth)
        return Tree(symbol, (kind, *items)), shape

    def routing(self, shape: Shape, depth: int) -> tuple[list[Tree], Shape]:
        before, x = self.function("PRE", lambda f: functions.route(f, shape))
        grid = functions.grid_of(before.terminal, shape) if before.terminal.startswith("im2col") else None
        inner, x = self.module("MODULE", x, depth)
        after, x = self.function("POST", lambda f: functions.route(f, x, grid))
        return [before, inner, after], x

    def branching(self, parts: int, shape: Shape, depth: int) -> tuple[list[Tree], Shape]:
        branch, part = self.function(f"BRANCH{parts}", lambda f: functions.split(f, shape))
        drawn = [self.module("MODULE", part, depth) for _ in range(2 if parts == 2 else 1)]
        shapes: Sequence[Shape] = [after for _, after in drawn] * (parts // len(drawn))
        joined, after = self.function(f"JOIN{parts}", lambda f: functions.join(f, shapes))
        return [branch, *(module for module, _ in drawn), joined], after

    def function(self, symbol: str, shape_after: Callable[[str], Shape]) -> tuple[Tree, Shape]:
        """One of the functions of a symbol, all equally probable, and the shape after it."""
        names = [production.items[0] for production in GRAMMAR.rules[symbol]]
        return self.fitting(
            dict.fromkeys(names, 1.0), lambda name: (Tree(symbol, (name,)), shape_after(name))
        )  # fmt: skip
