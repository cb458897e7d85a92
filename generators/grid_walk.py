"""`GridWalk`: edits of the elites of a grid that lead to empty cells, or to a better elite, as far as a score can tell.

The score is asked about all edits, the costs and the predictor only about the few that it picks (Gaier, Asteroth and
Mouret, Data-efficient design exploration through surrogate-assisted illumination, 2018, arXiv:1806.05865).
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from generators.illumination import Grid
from onnx_bench.arrays import Floats

_MOST_NEAR = 64
"""Edits of one elite that the score is asked about in a round; of more, some at random."""
_ROUND = 64
"""Architectures that are picked in a round, shared by the cells that can be reached: at least one for each."""
_WORSE = 0.5
"""So much worse than the elite of its cell an edit may be expected to be: the score is not that sure."""
_LOOKS = 4
"""Architectures that may be picked for each call: of some it turns out that they belong into no cell."""

Expected = Callable[[str, Sequence[str]], tuple[Floats, Floats]]
"""Of an architecture and B of its edits: their expected costs, [B, A], and qualities of all, [1 + B]."""


@dataclass
class GridWalk:
    """Fills a grid.

    Attributes:
        grid: Holds the architectures to start from.
        neighbours: Edits of an architecture; none where the score cannot be asked about it.
        expected: What the score expects of edits.
        ask: Has the predictor asked about architectures, those of them that may stand in the grid; returns these.
        seed: Of everything random.
        looked: Architectures that were looked at, and are not picked any more.
    """

    grid: Grid[str]
    neighbours: Callable[[str], Sequence[str]]
    expected: Expected
    ask: Callable[[Sequence[str]], Sequence[str]]
    seed: int = 0
    looked: set[str] = field(default_factory=set)

    def go(self, calls: int) -> None:
        """Walk until the predictor was asked about `calls` architectures, or nothing is worth it."""
        rng = random.Random(self.seed)
        left, looks = calls, _LOOKS * calls
        while left > 0 and looks > 0 and (picked := self._picked(rng)[: min(left, looks)]):
            looks -= len(picked)
            self.looked.update(picked)
            asked = self.ask(picked)
            left -= len(asked)
            self.grid.add(asked)

    def _picked(self, rng: random.Random) -> list[str]:
        """For every cell that an edit leads to the best of these; what leads to empty cells comes first."""
        leading: dict[tuple[int, ...], dict[str, float]] = defaultdict(dict)
        least: dict[tuple[int, ...], float] = {}
        for cell, elite in self.grid.elites.items():
            near = [other for other in self.neighbours(elite.item) if other not in self.looked]
            if len(near) > _MOST_NEAR:
                near = rng.sample(near, _MOST_NEAR)
            costs, qualities = self.expected(elite.item, near)
            least[cell] = float(qualities[0]) - _WORSE
            for other, place, quality in zip(near, costs, qualities[1:], strict=True):
                leading[self.grid.cell(place)][other] = float(quality)
        each = max(1, _ROUND // max(1, len(leading)))
        picked: dict[str, None] = {}
        for cell in sorted(leading, key=lambda cell: (cell in least, cell)):
            best = sorted(leading[cell].items(), key=lambda one: -one[1])
            new = [arch for arch, quality in best if arch not in picked and quality > least.get(cell, -float("inf"))]
            picked |= dict.fromkeys(new[:each])
        return list(picked)
