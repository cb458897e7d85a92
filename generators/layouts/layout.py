"""`Layout`: how the architectures of a search space are written as block graphs, and read from scores."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import cached_property
from typing import Any, ClassVar

from generators.block_graph import Block, BlockGraph
from generators.scores import Scores
from generators.vocabulary import Choices
from onnx_bench import spaces
from onnx_bench.errors import UserInputError
from onnx_bench.spaces import SearchSpace

Edge = tuple[int, int]


class NotRepresentableError(UserInputError):
    """An architecture has no block graph in the layout of its space."""


class Layout(ABC):
    """N places with what may stand there, and pairs of places with the edges there may be.

    The round trip is lossless: `decode` of scores that are certain of `encode(arch)` is `arch` in canonical form. And
    `decode` of any scores whatever is an architecture of the space: where the likeliest values contradict one another
    it takes the likeliest that do not.

    Attributes:
        name: The search space.
        places: What may stand in each place; `none` among the operators where the place may be empty.
        fixed_edges: Edges that are always there.
        free_edges: Edges that may be there or not.
    """

    name: ClassVar[str]
    places: tuple[Choices, ...]
    fixed_edges: frozenset[Edge] = frozenset()
    free_edges: frozenset[Edge] = frozenset()

    @cached_property
    def space(self) -> SearchSpace[Any]:
        """The search space."""
        return spaces.get(self.name)

    @abstractmethod
    def encode(self, arch: str) -> BlockGraph:
        """The block graph of an architecture, a block for each place.

        Raises:
            UnknownNameError: It is no architecture of the space.
            NotRepresentableError: It has no block graph: it is larger than the layout.
        """

    @abstractmethod
    def decode(self, scores: Scores) -> str:
        """The likeliest architecture, or nearly so. Valid whatever the scores."""

    def graph(self, blocks: Iterable[Block], edges: Iterable[Edge] = ()) -> BlockGraph:
        """A block graph of this layout."""
        return BlockGraph(tuple(blocks), self.fixed_edges | frozenset(edges))
