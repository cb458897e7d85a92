"""The last steps of a pass: exact guidance, hard budgets, no architecture twice.

Gradients say to first order what a change is worth. At the end of a pass what is drawn is decoded, and the score is
asked about the neighbours of the architecture instead (exact guidance): about architectures of the space alone, for a
changed graph may be none, and what it is decoded to is another one. Then the architecture is checked against the
budgets on the real network, and, where it exceeds them or is there already, changed where that costs least.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import isfinite

import torch
from torch import Tensor

from generators.codes import Codes
from generators.expectation import Expectation
from generators.layouts import Layout
from generators.vocabulary import Vocabulary

Measured = Mapping[int, float]
"""What budgets limit, of one network: by target, on the scale of the space; infinite of what is no network at all."""

_MOST_NEAR = 64
"""Neighbours of an architecture that the score is asked about; of more, those that gain most to first order."""
_MOST_ROUNDS = 60
"""Edits on the way to a budget; more than any space has places."""
_MOST_EDITS, _MOST_MEASURED = 16, 8
"""Edits that make an architecture better within the budgets, and networks that are measured for each."""
_AHEAD = 8
"""Networks that are about to be measured, as far as anybody can tell, and may be told at once."""
_MOST_LOOKED_AT = 128
"""Neighbours, or pairs of edits, that are measured of one architecture."""
_MOST_PAIRS = 1600
"""Pairs of edits that are looked at: those of the small spaces, where a budget often leaves no single edit."""
_FEW, _STUCK = 64, 1.0
"""Up to so many architectures, one that is so much worse than the best is taken from the neighbourhood of the best."""
_STEP = 1e-6


@dataclass(frozen=True)
class Polished:
    """An architecture at the end of a pass.

    Attributes:
        arch: In the notation of its space.
        measured: What budgets limit, on the scale of the space.
        meets: Whether all budgets are met.
    """

    arch: str
    measured: Measured
    meets: bool


def different(found: Sequence[Polished], identity: Callable[[str], str], taken: Iterable[str] = ()) -> list[int]:
    """Places of the first of those that are the same, without what has a `taken` identity."""
    seen, places = set(taken), []
    for place, one in enumerate(found):
        if (name := identity(one.arch)) not in seen:
            seen.add(name)
            places.append(place)
    return places


@dataclass
class Polisher:
    """Turns drawn graphs of one space into architectures.

    Attributes:
        layout: Of the space.
        vocabulary: Of the codes.
        score: Expected targets of clean graphs. Shapes: B graphs to [B, T].
        weights: What is sought. Shapes: [T], or [B, T] for each drawn graph its own.
        budgets: Most of targets, on the scale of the space.
        measure: What budgets limit, of a real network.
        identity: What makes two architectures the same.
        ahead: Told of several networks before they are measured one by one.
    """

    layout: Layout
    vocabulary: Vocabulary
    score: Callable[[Codes], Tensor]
    weights: Tensor
    budgets: Mapping[int, float]
    measure: Callable[[str], Measured]
    identity: Callable[[str], str]
    ahead: Callable[[Sequence[str]], None] = lambda _: None

    def __post_init__(self) -> None:
        self._expects = Expectation(self.layout, self.vocabulary, self.score)

    def climb(self, archs: Sequence[str], rounds: int) -> list[str]:
        """Make the best single edit of each architecture, as long as there is one, at most `rounds` times.

        Budgets count as the score expects the costs. Row by row the architectures are those of the drawn graphs.
        """
        climbed, active = list(archs), list(range(len(archs)))
        for _ in range(rounds):
            if not active:
                break
            near = self._promising([climbed[row] for row in active], [self._of(row) for row in active])
            self._expects.of([arch for others in near for arch in others])  # all at once
            better = []
            for row, others in zip(active, near, strict=True):
                values = self._value(self._expects.of([climbed[row], *others]), self._of(row), 0.0)
                best = int(values.argmax())
                if values[best] > values[0] + _STEP:
                    climbed[row] = others[best - 1]
                    better.append(row)
            active = better
        return climbed

    def _promising(
        self, archs: Sequence[str], weights: Sequence[Tensor], seen: Collection[str] = ()
    ) -> list[list[str]]:  # fmt: skip
        """Of each its neighbours that were not looked at; of too many to ask about those that gain most to first order.

        Args:
            archs: B of them.
            weights: What each seeks. Shapes: B of [T].
            seen: What was looked at.
        """
        near = [self._neighbours(arch, seen) for arch in archs]
        many = [place for place, others in enumerate(near) if len(others) > _MOST_NEAR]
        if many:
            at = self._expects.codes([archs[place] for place in many])
            at = Codes(at.nodes.requires_grad_(), at.edges.requires_grad_())
            sought = torch.stack([weights[place] for place in many])
            with torch.enable_grad():
                value = self._value(self.score(at), sought, 0.0).sum()
                slopes = torch.autograd.grad(value, (at.nodes, at.edges), allow_unused=True, materialize_grads=True)
            for place, by_nodes, by_edges in zip(many, *slopes, strict=True):
                others = self._expects.codes(near[place])
                gains = (others.nodes * by_nodes).sum(dim=(1, 2)) + (others.edges * by_edges).sum(dim=(1, 2))
                near[place] = [near[place][i] for i in gains.topk(_MOST_NEAR).indices.tolist()]
        return near

    def settle(
        self, archs: Sequence[str], distinct: bool, taken: Iterable[str] = ()
    ) -> list[Polished]:  # fmt: skip
        """The architectures of drawn graphs, each changed until it is within the budgets if that can be reached.

        Args:
            archs: B of them.
            distinct: Whether no two should be the same; where no other is found within the budgets, some are.
            taken: Identities that none should have.
        """
        taken, found = set(taken), []
        self.ahead(archs)
        for row, arch in enumerate(archs):
            one = self._finished(self._settled(arch, self._of(row), taken), row, taken)
            if distinct:
                taken.add(self.identity(one.arch))
            found.append(one)
        for row in range(len(found) if distinct and 1 < len(found) <= _FEW else 0):
            other = self._beside_the_best(row, found, taken)
            if other is not None:
                found[row] = self._finished(other, row, taken)
                taken.add(self.identity(found[row].arch))
        return found

    def _of(self, row: int) -> Tensor:
        """What is sought by a graph. Shapes: [T]."""
        return self.weights if self.weights.dim() == 1 else self.weights[row]

    def _finished(self, one: Polished, row: int, taken: set[str]) -> Polished:
        """The architecture after the edits that make it better within budgets."""
        return self._improved(one, self._of(row), taken) if self.budgets and one.meets else one

    def _settled(self, arch: str, weights: Tensor, taken: set[str]) -> Polished:
        """The architecture itself, or one that is reached by the changes that cost least."""
        measured = self.measure(arch)
        best = Polished(arch, measured, self._meets(measured))
        if best.meets and not self._is_taken(arch, taken):
            return best
        seen = {arch}
        nearest = best
        for _ in range(_MOST_ROUNDS):
            (others,) = self._promising([best.arch], [weights], seen)
            if not others:
                break
            asked = self._expects.of([best.arch, *others])
            # What the score is wrong by here, it is about wrong by next door.
            known = {place: value for place, value in best.measured.items() if isfinite(value)}
            offset = {place: known.get(place, own) - own for place in self.budgets for own in [float(asked[0, place])]}
            step = None
            order = self._value(asked[1:], weights, offset).argsort(descending=True).tolist()
            for other in self._announced(others[which] for which in order):
                seen.add(other)
                measured = self.measure(other)
                candidate = Polished(other, measured, self._meets(measured))
                if candidate.meets and not self._is_taken(other, taken):
                    return candidate
                if step is None or self._excess(candidate) < self._excess(step):
                    step = candidate
                if not best.meets and self._excess(step) < self._excess(best):
                    break  # nearer to the budgets: on from there
            assert step is not None, "there are others"
            best = step
            if self._excess(best) < self._excess(nearest):
                nearest = best
        return nearest

    def _beside_the_best(self, row: int, found: Sequence[Polished], taken: set[str]) -> Polished | None:
        """For an architecture that got stuck far below the best of a batch, the best one next to that; else nothing."""
        values = self._values(found, self._of(row))
        met = [i for i, one in enumerate(found) if one.meets]
        if not met or (found[row].meets and values[row] > values[met].max() - _STUCK):
            return None
        best = max(met, key=values.__getitem__)
        other = self._settled(found[best].arch, self._of(row), taken)
        if not other.meets or self._is_taken(other.arch, taken):
            return None
        better = self._values([other], self._of(row))[0] > values[row]
        return other if better or not found[row].meets else None

    def _values(self, found: Sequence[Polished], weights: Tensor) -> Tensor:
        """What the score thinks of architectures, budgets apart. Shapes: [B]."""
        return (self._expects.of([one.arch for one in found]) * weights).sum(dim=1)

    def _improved(self, best: Polished, weights: Tensor, taken: set[str]) -> Polished:
        """The architecture, after edits that the score finds better and that keep to the budgets."""
        seen = {best.arch}
        for _ in range(_MOST_EDITS):
            (others,) = self._promising([best.arch], [weights], seen)
            found = next(self._within(best, others, weights, taken, seen, better=True), None)
            if found is None:
                break
            best = found
        return best

    def beside(self, one: Polished, row: int, taken: set[str], seen: set[str]) -> Iterator[Polished]:
        """Architectures within the budgets one edit away, or two where there are few; what the score likes comes first.

        Args:
            one: In whose neighbourhood.
            row: The drawn graph whose weights say what is sought.
            taken: Identities that are left out; those of what is found are added.
            seen: Architectures that are left out; those that were looked at are added.
        """
        single, weights = self._neighbours(one.arch, set()), self._of(row)
        nearest = [other for other in single if other not in seen]
        yield from self._new(self._within(one, nearest, weights, taken, seen), taken)
        if len(single) ** 2 <= _MOST_PAIRS:
            pairs = dict.fromkeys(pair for other in single for pair in self._neighbours(other, seen))
            yield from self._new(self._within(one, [*pairs], weights, taken, seen), taken)

    def _new(self, found: Iterable[Polished], taken: set[str]) -> Iterator[Polished]:
        """The same; each is taken from then on."""
        for one in found:
            taken.add(self.identity(one.arch))
            yield one

    def _within(
        self, one: Polished, others: Sequence[str], weights: Tensor, taken: set[str], seen: set[str], *,
        better: bool = False,
    ) -> Iterator[Polished]:  # fmt: skip
        """Those of `others` that keep to the budgets and are not taken, in the order that the score likes them.

        Args:
            one: An architecture near them, whose costs are known.
            others: Of the same space.
            weights: What is sought.
            taken: Identities that are left out.
            seen: Architectures that are left out; those that were looked at are added.
            better: Leave out what the score likes no better than `one`.
        """
        if not others:
            return
        asked = self._expects.of([one.arch, *others])
        offset = {place: one.measured[place] - float(asked[0, place]) for place in self.budgets}
        values = self._value(asked, weights, offset)
        order = values[1:].argsort(descending=True).tolist()[: _MOST_MEASURED if better else _MOST_LOOKED_AT]
        if better:
            order = [which for which in order if values[1 + which] > values[0] + _STEP]
        for other in self._announced(others[which] for which in order if others[which] not in seen):
            if other in seen:  # by now: somebody else has looked at it
                continue
            seen.add(other)
            measured = self.measure(other)
            if self._meets(measured) and not self._is_taken(other, taken):
                yield Polished(other, measured, True)

    def _announced(self, archs: Iterable[str]) -> Iterator[str]:
        """The same; some are told ahead each time."""
        left = iter(archs)
        while some := list(islice(left, _AHEAD)):
            self.ahead(some)
            yield from some

    def _neighbours(self, arch: str, seen: Collection[str]) -> list[str]:
        """Architectures one edit away that have a block graph and were not looked at."""
        return [other for other in self._expects.neighbours(arch) if other not in seen]

    def _is_taken(self, arch: str, taken: set[str]) -> bool:
        return bool(taken) and self.identity(arch) in taken

    def _value(self, asked: Tensor, weights: Tensor, offset: Mapping[int, float] | float) -> Tensor:
        value = (asked * weights).sum(dim=1)
        for place, most in self.budgets.items():
            off = offset if isinstance(offset, float) else offset[place]
            value = value - 10.0 * (asked[:, place] + off - most).clamp(min=0)
        return value

    def _excess(self, polished: Polished) -> float:
        return sum(max(0.0, polished.measured[place] - most) for place, most in self.budgets.items())

    def _meets(self, measured: Measured) -> bool:
        return all(measured[place] <= most + 1e-9 for place, most in self.budgets.items())
