"""The last word of a pass: the predictor itself is asked about what lies beside the best of what was drawn.

The score that guides a pass is distilled from the predictor: near the best it orders neighbours, and says little more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from generators.polish import Polished, Polisher, different

Judge = Callable[[Sequence[str]], Sequence[float] | Sequence[tuple[float, ...]]]
"""What the predictor says of architectures, more being better: one number of each, or one for every objective."""

_ASKED = 4
"""Neighbours of one architecture that are asked about at once."""
_TURNS = 2
"""How often in a row the best may have its turn before the next best has one."""


@dataclass(frozen=True)
class LastWord:
    """Best-first search around a batch, with so many calls of the predictor in all.

    Attributes:
        polisher: Knows the neighbours, the budgets and what the score likes.
        judge: The predictor.
        calls: How often it may be asked about an architecture that is not in the batch.
    """

    polisher: Polisher
    judge: Judge
    calls: int

    def of(self, found: Sequence[Polished], taken: set[str]) -> list[Polished]:
        """As many architectures: the best of the batch and of what the predictor was asked about, the best first.

        Where the batch holds an architecture twice, what was asked about takes the place of the second.

        Args:
            found: The batch; what exceeds a budget comes last and is not asked about.
            taken: Identities that nothing new may have.
        """
        rows = [row for row in different(found, self.polisher.identity) if found[row].meets]
        known = [found[row] for row in rows]
        values: list[float | tuple[float, ...]] = list(self.judge([one.arch for one in known]))
        taken = taken | {self.polisher.identity(one.arch) for one in found}
        seen = {one.arch for one in found}
        beside: dict[int, Iterator[Polished]] = {}
        turns: Counter[int] = Counter()
        left = self.calls
        while left > 0:
            some: list[Polished] = []
            for place in sorted(best_first(values), key=lambda place: turns[place] // _TURNS):
                turns[place] += 1
                if place not in beside:
                    beside[place] = self.polisher.beside(known[place], rows[place], taken, seen)
                some = list(islice(beside[place], min(_ASKED, left)))
                if some:
                    break
            if not some:
                break  # everything around has been asked about
            left -= len(some)
            values += self.judge([one.arch for one in some])
            known += some
            rows += [rows[place]] * len(some)
        return [*(known[place] for place in best_first(values)), *(one for one in found if not one.meets)][: len(found)]


def best_first(values: Sequence[float | tuple[float, ...]]) -> list[int]:
    """Places of what was judged, the best first.

    Of several objectives: first what nothing beats in all of them, then what only that beats, and so on; in each of
    these fronts the ends first, then what has most room around it (Deb et al., NSGA-II, 2002).
    """
    losses = -np.array(values)
    if losses.ndim == 1:
        return [int(place) for place in losses.argsort(kind="stable")]
    from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting  # a single objective needs it not

    fronts = [np.sort(front) for front in NonDominatedSorting().do(losses)]
    return [int(place) for front in fronts for place in front[(-_room(losses[front])).argsort(kind="stable")]]


def _room(losses: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far the neighbours of each on a front lie apart, in shares of the front; infinite at its ends.

    Shapes: [N, T] to [N].
    """
    room = np.zeros(len(losses))
    for column in losses.T:
        order = column.argsort(kind="stable")
        room[order[1:-1]] += (column[order[2:]] - column[order[:-2]]) / (np.ptp(column) or 1.0)
        room[order[[0, -1]]] = np.inf
    return room
