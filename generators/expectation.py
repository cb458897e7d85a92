"""`Expectation`: what a score expects of clean architectures of a space, each of which it is asked about once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from generators.block_graph import BlockGraph
from generators.codes import Codes
from generators.layouts import Layout, NotRepresentableError
from generators.vocabulary import Vocabulary

_AT_ONCE = 8192
"""Graphs that are scored at once."""
_COMPANY = 8
"""Least of them: with fewer, matrix products sum in another order, and an answer would depend on its company."""


@dataclass
class Expectation:
    """Asks a score about architectures of one space.

    Attributes:
        layout: Of the space.
        vocabulary: Of the codes.
        score: Expected targets of clean graphs. Shapes: B graphs to [B, T].
    """

    layout: Layout
    vocabulary: Vocabulary
    score: Callable[[Codes], Tensor]

    def __post_init__(self) -> None:
        self._graph_of, self._near = cache(self._encoded), cache(self._encodable)
        self._known: dict[str, Tensor] = {}

    def neighbours(self, arch: str) -> tuple[str, ...]:
        """All architectures one edit away that have a block graph."""
        return self._near(arch)

    def knows(self, arch: str) -> bool:
        """Whether an architecture has a block graph."""
        return self._graph_of(arch) is not None

    def codes(self, archs: Sequence[str]) -> Codes:
        """Of architectures that have a block graph."""
        return Codes.of(self.vocabulary, [graph for arch in archs if (graph := self._graph_of(arch)) is not None])

    def of(self, archs: Sequence[str]) -> Tensor:
        """The targets of architectures that have a block graph. Shapes: [B, T]."""
        new = [arch for arch in dict.fromkeys(archs) if arch not in self._known]
        if new:
            company = [*new, *new[:1] * (_COMPANY - len(new))]
            asked = self._asked(self.codes(company))
            self._known |= zip(new, asked[: len(new)].unbind(), strict=True)
        return torch.stack([self._known[arch] for arch in archs])

    def _encodable(self, arch: str) -> tuple[str, ...]:
        return tuple(other for other in self.layout.space.neighbours(arch) if self._graph_of(other) is not None)

    def _encoded(self, arch: str) -> BlockGraph | None:
        try:
            return self.layout.encode(arch)
        except NotRepresentableError:
            return None

    def _asked(self, codes: Codes) -> Tensor:
        parts = range(0, len(codes.nodes), _AT_ONCE)
        with torch.no_grad():
            return torch.cat([self.score(codes.take(slice(start, start + _AT_ONCE))) for start in parts])
