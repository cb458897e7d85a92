"""Context-free grammars whose sentences are architectures: parsing, sampling, counting and small changes.

Example:
    >>> grammar = Grammar.from_text("NET -> chain NET OP | OP\\nOP -> conv [2] | pool")
    >>> tree = grammar.parse("(NET chain (NET (OP pool)) (OP conv))")
    >>> [str(t) for t in grammar.neighbours(tree)][-2:]
    ['(NET chain (NET (OP conv)) (OP conv))', '(NET chain (NET (OP pool)) (OP pool))']
    >>> grammar.count(depth=3)
    6
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from math import prod
from typing import NamedTuple

MAX_DEPTH = 200
"""Levels that a parsed derivation may have; no architecture needs as many, and Python could not recurse into more."""

_WEIGHT = re.compile(r"(.*\S)\s*\[([0-9.]+)\]")
_TOKEN = re.compile(r"[()]|[^\s()]+")


class NotDerivedError(ValueError):
    """A text is not a derivation of the grammar.

    Attributes:
        found: What stands there.
        expected: What could stand there.
    """

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(f"found {found}, expected {expected}")
        self.found, self.expected = found, expected


class Production(NamedTuple):
    """One way to write a symbol: terminals and symbols in order, and how often sampling chooses it."""

    items: tuple[str, ...]
    weight: float = 1.0


@dataclass(frozen=True)
class Tree:
    """A derivation: a symbol and the terminals and derivations that it was written as. `str` gives the nested form."""

    symbol: str
    items: tuple[str | Tree, ...]

    def __str__(self) -> str:
        return self._text

    @cached_property
    def _text(self) -> str:
        """The nested form; kept, since neighbours share most of their parts."""
        return f"({self.symbol} {' '.join(map(str, self.items))})"

    @property
    def terminal(self) -> str:
        """The first terminal, by which the productions of most symbols are told apart; empty where there is none."""
        return next((item for item in self.items if isinstance(item, str)), "")

    @property
    def children(self) -> tuple[Tree, ...]:
        """The derivations among the items."""
        return tuple([item for item in self.items if isinstance(item, Tree)])

    def walk(self) -> Iterator[Tree]:
        """This derivation and all inside it, from the outside in and from left to right."""
        yield self
        for child in self.children:
            yield from child.walk()


Constraint = Callable[[Tree], bool]


@dataclass(frozen=True)
class Grammar:
    """A context-free grammar, of which constraints may forbid some derivations.

    Attributes:
        start: The symbol that sentences are derived from.
        rules: Productions of every symbol. Every other word in them is a terminal.
        constraints: For a symbol: whether a derivation of it is allowed.
    """

    start: str
    rules: Mapping[str, tuple[Production, ...]]
    constraints: Mapping[str, Constraint] = field(default_factory=dict)

    @classmethod
    def from_text(cls, text: str, constraints: Mapping[str, Constraint] | None = None) -> Grammar:
        """Read lines `SYMBOL -> word word | word [weight]`; the first line's symbol is the start.

        A weight, 1 if left out, is relative to the others of the same symbol.
        """
        rules = {}
        for line in text.strip().splitlines():
            symbol, _, alternatives = line.partition("->")
            rules[symbol.strip()] = tuple(_production(part.strip()) for part in alternatives.split("|"))
        return cls(next(iter(rules)), rules, constraints or {})

    def parse(self, text: str) -> Tree:
        """Read the nested form `(SYMBOL item item ...)`.

        Raises:
            NotDerivedError: It is none, or not of this grammar, or against a constraint.
        """
        stack: list[list[str | Tree]] = [[]]
        for token in _TOKEN.findall(text):
            if token == "(":
                stack.append([])
                if len(stack) > MAX_DEPTH:
                    raise NotDerivedError(f"more than {MAX_DEPTH} levels", "fewer")
            elif token != ")":
                stack[-1].append(token)
            elif len(stack) > 1:
                tree = self._checked(stack.pop())
                stack[-1].append(tree)
            else:
                raise NotDerivedError("a bracket closed that was not opened", f"({self.start} ...)")
        if len(stack) > 1:
            raise NotDerivedError(f"{len(stack) - 1} brackets not closed", f"({self.start} ...)")
        match stack[0]:
            case [Tree(symbol=self.start) as tree]:
                return tree
        raise NotDerivedError("another form" if stack[0] else "nothing", f"({self.start} ...)")

    def _checked(self, words: list[str | Tree]) -> Tree:
        """The derivation written as a symbol and its items."""
        symbol = words[0] if words else ""
        if not isinstance(symbol, str) or symbol not in self.rules:
            raise NotDerivedError(f"{str(symbol)[:40]!r} after a bracket", f"one of {', '.join(self.rules)}")
        tree = Tree(symbol, tuple(words[1:]))
        pattern = _pattern(tree)
        if pattern not in self._patterns[symbol]:
            choices = " | ".join(" ".join(production.items) for production in self.rules[symbol])
            raise NotDerivedError(f"{symbol} as {' '.join(pattern)[:80]!r}", choices)
        if not self._allows(tree):
            raise NotDerivedError(f"{symbol} {str(tree)[:80]}", f"{self.constraints[symbol].__doc__}")
        return tree

    @cached_property
    def _patterns(self) -> dict[str, set[tuple[str, ...]]]:
        return {symbol: {production.items for production in self.rules[symbol]} for symbol in self.rules}

    def _allows(self, tree: Tree) -> bool:
        return tree.symbol not in self.constraints or self.constraints[tree.symbol](tree)

    def sample(self, rng: random.Random, symbol: str | None = None, depth: int = 50) -> Tree:
        """A random derivation of at most `depth` levels; one that a constraint forbids is drawn again.

        Every production is chosen with a probability proportional to its weight, among those that can be completed in
        the levels left.

        Raises:
            ValueError: `symbol` has no derivation of so few levels.
        """
        symbol = symbol or self.start
        if self.heights[symbol] > depth:
            raise ValueError(f"{symbol} needs {self.heights[symbol]} levels, more than {depth}")
        possible = [p for p, height in self._production_heights[symbol] if height <= depth]
        sums = list(accumulate(p.weight for p in possible))
        while True:
            # One `random()` and no `choices`: the sequence is then promised to be the same in every Python version.
            point = rng.random() * sums[-1]
            chosen = next(p for p, end in zip(possible, sums, strict=True) if point < end)
            items = [self.sample(rng, item, depth - 1) if item in self.rules else item for item in chosen.items]
            tree = Tree(symbol, tuple(items))
            if self._allows(tree):
                return tree

    @cached_property
    def heights(self) -> dict[str, int]:
        """Levels of the lowest derivation of every symbol."""
        found: dict[str, int] = {}
        for level in range(1, len(self.rules) + 1):
            for symbol in self.rules.keys() - found.keys():
                if any(all(found.get(part, level) < level for part in self._parts(p)) for p in self.rules[symbol]):
                    found[symbol] = level
        if endless := self.rules.keys() - found.keys():
            raise ValueError(f"no derivation of {sorted(endless)} ends")
        return found

    @cached_property
    def _production_heights(self) -> dict[str, list[tuple[Production, int]]]:
        """Every production with the levels of the lowest derivation that begins with it."""
        return {
            symbol: [(p, 1 + max((self.heights[part] for part in self._parts(p)), default=0)) for p in productions]
            for symbol, productions in self.rules.items()
        }

    def _parts(self, production: Production) -> list[str]:
        """The symbols among the items."""
        return [item for item in production.items if item in self.rules]

    def lowest(self, symbol: str) -> Tree:
        """The derivation of fewest levels; the first of several. Constraints are not looked at."""
        first, _ = min(self._production_heights[symbol], key=lambda pair: pair[1])
        return Tree(symbol, tuple(self.lowest(item) if item in self.rules else item for item in first.items))

    def count(
        self, symbol: str | None = None, depth: int | None = None, known: Mapping[str, int] | None = None
    ) -> int | None:
        """Number of derivations.

        Args:
            symbol: What they are derived from; the start symbol if left out.
            depth: Levels that they may have.
            known: Counts that are given, such as those of symbols under a constraint, which is not looked at here.

        Returns:
            `None` where there is no end of them: `depth` is left out and a symbol can derive itself.
        """
        symbol, given = symbol or self.start, known or {}
        if depth is None:
            if self._has_no_end(symbol, given):
                return None
            depth = len(self.rules)
        counts = {each: given.get(each, 0) for each in self.rules}
        for _ in range(depth):
            next_level = {
                each: sum(prod(counts[part] for part in self._parts(p)) for p in productions)
                for each, productions in self.rules.items()
            }
            counts = {**next_level, **given}
        return counts[symbol]

    def _has_no_end(self, symbol: str, given: Mapping[str, int]) -> bool:
        """Whether `symbol` or one that it leads to, through none of the `given`, leads to itself."""
        open_symbols = self.rules.keys() - given.keys()
        leads = {s: {part for p in self.rules[s] for part in self._parts(p)} & open_symbols for s in open_symbols}
        for _ in open_symbols:
            leads = {s: ends.union(*(leads[end] for end in ends)) for s, ends in leads.items()}
        return any(s in leads[s] for s in leads.get(symbol, set()) | ({symbol} & open_symbols))

    def neighbours(self, tree: Tree) -> Iterator[Tree]:
        """Derivations in which one symbol is written by another of its productions.

        What the new production needs is taken from the old one's parts of the same symbol, from the left; where it
        needs more of them the last one is repeated, and where there was none the lowest derivation stands. Only changes
        that can be undone in this way are made, so the neighbourhood is mutual.
        """
        for production in self.rules[tree.symbol]:
            if production.items != _pattern(tree):
                other = self._rewritten(tree, production)
                if self._rewritten(other, Production(_pattern(tree))) == tree and self._allows(other):
                    yield other
        for place, item in enumerate(tree.items):
            if isinstance(item, Tree):
                for inner in self.neighbours(item):
                    other = Tree(tree.symbol, (*tree.items[:place], inner, *tree.items[place + 1 :]))
                    if self._allows(other):
                        yield other

    def _rewritten(self, tree: Tree, production: Production) -> Tree:
        """`tree` by another production, with its parts as far as they serve."""
        stock: dict[str, list[Tree]] = {}
        for child in tree.children:
            stock.setdefault(child.symbol, []).append(child)
        used: dict[str, int] = {}
        items: list[str | Tree] = []
        for item in production.items:
            if item in self.rules:
                parts = stock.get(item) or [self.lowest(item)]
                number = used.get(item, 0)
                used[item] = number + 1
                items.append(parts[min(number, len(parts) - 1)])
            else:
                items.append(item)
        return Tree(tree.symbol, tuple(items))


def _production(text: str) -> Production:
    match = _WEIGHT.fullmatch(text)
    words, weight = (match[1], float(match[2])) if match else (text, 1.0)
    return Production(tuple(words.split()), weight)


def _pattern(tree: Tree) -> tuple[str, ...]:
    """The items of the production that `tree` was written by."""
    return tuple([item if isinstance(item, str) else item.symbol for item in tree.items])
