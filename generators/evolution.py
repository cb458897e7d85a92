"""Regularised evolution: the search that generation is compared with (Real et al., AAAI 2019, arXiv:1802.01548)."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from onnx_bench import spaces

Fitness = Callable[[Sequence[str]], Sequence[float]]
"""What architectures are worth, more being better; minus infinity where a budget is exceeded."""


class Evolved(NamedTuple):
    """An architecture that was asked about."""

    arch: str
    fitness: float


def evolve(
    space: str, fitness: Fitness, calls: int, seed: int = 0, *, population: int = 50, tournament: int = 10
) -> Iterator[Evolved]:  # fmt: skip
    """Yield architectures as they are tried; the best of them is the answer.

    The oldest of the population dies, the best of a random few has a child one edit away. An architecture that was
    tried before is not asked about again and does not count.

    Args:
        space: Search space.
        fitness: Asked about each architecture once.
        calls: Architectures asked about.
        seed: Of everything random.
        population: How many live at once; the first ones are random.
        tournament: How many compete to have a child.
    """
    found, rng = spaces.get(space), random.Random(seed)
    known: dict[str, float] = {}
    alive: deque[Evolved] = deque(maxlen=population)

    def ask(archs: Sequence[str]) -> Iterator[Evolved]:
        new = [arch for arch in dict.fromkeys(archs) if arch not in known][: calls - len(known)]
        known.update(zip(new, fitness(new), strict=True))
        for arch in archs:
            if arch in known:
                alive.append(Evolved(arch, known[arch]))
        yield from (Evolved(arch, known[arch]) for arch in new)

    yield from ask([found.sample(rng) for _ in range(population)])
    idle = 0
    while len(known) < calls and idle < _MOST_IDLE:
        before = len(known)
        parent = max(rng.sample(list(alive), min(tournament, len(alive))), key=lambda one: one.fitness)
        yield from ask([rng.choice(found.neighbours(parent.arch))])
        idle = 0 if len(known) > before else idle + 1


_MOST_IDLE = 1000
"""Children in a row that are all known: the space is exhausted, or what is left of it cannot be reached."""
