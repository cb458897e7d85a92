"""Regularised evolution with the predictor: a search to compare the generator with."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from archlm.generation.generated import Generated
from archlm.generation.generator import Generator, by_quality
from archlm.generation.oracle import Oracle
from generators.condition import Condition, InvalidConditionError
from generators.evolution import Evolved, evolve


def evolve_networks(
    generator: Generator, condition: Condition, num: int, calls: int, *, seed: int = 0,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Generated]:  # fmt: skip
    """The best distinct architectures that evolution finds within the budgets.

    Args:
        generator: Knows the predictor and the spaces.
        condition: What is asked.
        num: How many, of each space the share that `generate` would give.
        calls: Architectures that the predictor is asked about in each space.
        seed: Of everything random.
        progress: Told how far it is.

    Raises:
        InvalidConditionError: Objectives are asked for; evolution seeks quality alone.
        UnmetConditionError: Nothing that it met keeps to the budgets.
    """
    if condition.objectives:
        named = ", ".join(condition.objectives)
        raise InvalidConditionError(f"evolution seeks quality alone, not {named}; set budgets, or generate without it")
    names = generator.spaces_for(condition)
    found: list[Generated] = []
    for space, part in zip(names, np.array_split(np.arange(num), len(names)), strict=True):
        if len(part):
            found += _evolved(generator, condition, space, len(part), calls, seed, progress)
    generator.check_met(found, condition)
    return by_quality([one for one in found if not one.exceeded], condition)


def _evolved(
    generator: Generator, condition: Condition, space: str, num: int, calls: int, seed: int,
    progress: Callable[[str], None],
) -> list[Generated]:  # fmt: skip
    oracle = generator.oracle(space, condition)
    tried: list[Evolved] = []
    for one in evolve(space, lambda archs: fitness(oracle, condition, archs), calls, seed):
        tried.append(one)
        if len(tried) % 50 == 0:
            progress(f"{space}: {len(tried)} of {calls} calls, best {max(o.fitness for o in tried):.4g}")
    best: dict[str, str] = {}
    for one in sorted(tried, key=lambda o: -o.fitness):
        if len(best) == num:
            break
        best.setdefault(oracle.identity(one.arch), one.arch)
    return generator.described(oracle, condition, list(best.values()))


EXCEEDING = -1e6
"""Fitness where a budget is exceeded; less where it is exceeded by much."""


def fitness(oracle: Oracle, condition: Condition, archs: Sequence[str]) -> list[float]:
    """Predicted quality, far below every quality where a budget is exceeded, the farther the more it is.

    What ignores its input keeps to no budget, whatever it costs.
    """
    values = []
    oracle.ahead(archs)
    for arch, quality in zip(archs, oracle.quality(archs), strict=True):
        if condition.limits and not oracle.works(arch):
            values.append(-math.inf)
            continue
        costs = oracle.costs(arch) if condition.limits else {}
        excess = sum(limit.excess(costs[limit.name]) for limit in condition.limits)
        values.append(EXCEEDING * (1 + excess) if excess else quality)
    return values
