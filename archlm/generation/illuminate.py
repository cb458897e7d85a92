"""Fill a grid over costs with the best generated network of every cell."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from archlm.generation.generated import Generated
from archlm.generation.generator import Generator, usable
from archlm.generation.one_core import one_core
from archlm.generation.oracle import Oracle
from generators.condition import Condition, InvalidConditionError, seeks_more
from generators.draw import Settings
from generators.grid_walk import GridWalk
from generators.illumination import Grid
from generators.targets import is_quality

CELLS = 8
"""Of the grid along each cost."""
BATCH = 32
"""Networks generated for each column."""
START = 128
"""Random networks that the walk over the grid starts from, beside those generated; at most half of its calls."""
_REACH = 2.0
"""The grid spans this many standard deviations of random networks' costs, to each side."""
_OUTER = 0.02
"""Share of random networks beyond each end of a grid over a task."""


class Illuminated(NamedTuple):
    """A grid with the best network of every cell that one was found for.

    Attributes:
        networks: Cheapest first.
        cells: The cell of each: its place along every axis.
        edges: Of the cells along every axis, by the name of its cost; the outer cells hold what is beyond as well.
    """

    networks: list[Generated]
    cells: list[tuple[int, ...]]
    edges: Mapping[str, NDArray[np.float64]]


def illuminate(
    generator: Generator, condition: Condition, costs: Sequence[str], *, seed: int = 0, settings: Settings = Settings(),  # noqa: B008  # immutable
    progress: Callable[[str], None] = lambda _: None,
) -> Illuminated:  # fmt: skip
    """The best network of every cell of a grid over one or two costs.

    Batches are generated for budgets that grow from the cheap end of the first cost to its dear end, a pass for each
    column of the grid. From them, and from some random networks, a walk over the grid looks for edits that lead to
    empty cells or to a better network of a cell, with as many calls as the passes. Every network that the predictor was
    asked about on the way is put into the cell where it belongs, each network once.

    Args:
        generator: Makes the networks.
        condition: Its budgets hold for all of them.
        costs: `params`, `macs`, `depth`, `latency/<device>`, or any other task that the predictor answers.
        seed: Of everything random.
        settings: How each pass is made; half of its calls, for each column, are spent on the walk.
        progress: Told how far it is.

    Raises:
        InvalidConditionError: Not one or two different costs that are known, or more than one space.
        UnmetConditionError: Nothing was found within the budgets; the message names the nearest.
        UnknownNameError: The predictor does not answer one of them.
    """
    if not 1 <= len(costs) <= 2 or len(set(costs)) != len(costs):
        raise InvalidConditionError(f"a grid is over one or two different costs; found {', '.join(costs) or 'none'}")
    names = generator.spaces_for(condition)
    if len(names) > 1:
        raise InvalidConditionError(f"a grid is of one space; name one of {', '.join(names)} with --space")
    condition = condition.with_objectives(costs)  # checks their names, and has them measured
    oracle = generator.oracle(names[0], condition)  # one for all columns: they look at many of the same networks
    edges = [_edges(generator, oracle, cost) for cost in costs]
    drawn: list[Generated] = []
    calls, part = 0, settings._replace(calls=settings.calls // 2)
    for column, most in enumerate(edges[0][1:]):
        progress(f"{column + 1} of {CELLS} budgets, {len(drawn)} networks")
        beyond = most < condition.at_least.get(costs[0], -np.inf)
        if beyond and column + 1 < CELLS:
            continue  # nothing of this column may be in the answer
        # What lies beyond the grid belongs to its last column.
        passed = _column(condition, costs, math.inf if beyond else float(most))
        found = generator.generate_of(oracle, passed, BATCH, seed + column, part)
        calls += settings.calls - part.calls  # the other half, for the walk
        drawn += [replace(one, exceeded=condition.exceeded(one.costs)) for one in found]  # not that of the column
    generator.check_met(drawn, condition)
    if settings.calls and settings.guidance_scale:  # else it is to be at random
        progress("looking around")
        _look_around(generator, oracle, condition, edges, costs, seed, calls)
    grid = _grid(oracle, condition, edges, costs)
    if not grid.elites:
        grid.add(one.arch for one in usable(drawn))
    elites = sorted(grid.elites.values(), key=lambda elite: elite.cell)
    networks = generator.described(oracle, condition, [elite.item for elite in elites])
    return Illuminated(networks, [elite.cell for elite in elites], dict(zip(costs, edges, strict=True)))


def _column(condition: Condition, costs: Sequence[str], most: float) -> Condition:
    """What the networks of a column are generated for."""
    budget = condition.with_budget(costs[0], most) if math.isfinite(most) else condition
    return budget if len(costs) > 1 else budget.with_objectives(())


def _grid(
    oracle: Oracle, condition: Condition, edges: Sequence[NDArray[np.float64]], costs: Sequence[str]
) -> Grid[str]:  # fmt: skip
    """A grid with the best of all that the predictor was asked about and that meets the condition."""

    def place_of(arch: str) -> list[float]:
        return [oracle.costs(arch)[cost] for cost in costs]

    met = [arch for arch in oracle.asked if oracle.works(arch) and not condition.exceeded(oracle.costs(arch))]
    dearest = sorted(met, key=place_of, reverse=True)
    grid = Grid([list(axis) for axis in edges], place_of, lambda arch: oracle.quality([arch])[0])
    grid.add({oracle.identity(arch): arch for arch in dearest}.values())  # dead branches only make it dearer
    return grid


@one_core()
def _look_around(
    generator: Generator, oracle: Oracle, condition: Condition, edges: Sequence[NDArray[np.float64]],
    costs: Sequence[str], seed: int, calls: int,
) -> None:  # fmt: skip
    """Ask the predictor about edits that lead to empty cells or to a better elite, and some random networks first."""
    from archlm.generation.teaching import draw  # its trainer is slow to import

    known: dict[str, list[float]] = {}

    def ask(archs: Sequence[str]) -> list[str]:
        oracle.ahead(archs)
        new = []
        for arch in archs:
            if not oracle.works(arch) or condition.exceeded(oracle.costs(arch)):
                continue
            place, identity = grid.costs(arch), oracle.identity(arch)
            if identity not in known or list(place) < known[identity]:  # else it has but other dead branches
                known[identity] = list(place)
                new.append(arch)
        oracle.quality(new)
        return new

    started = draw(oracle.space, min(START, calls // 2), seed)
    grid = _grid(oracle, condition, edges, costs)
    known |= {oracle.identity(elite.item): list(grid.costs(elite.item)) for elite in grid.elites.values()}
    ask(started)
    grid = _grid(oracle, condition, edges, costs)
    asked_for = _column(condition, costs, float(edges[0][-1]))  # as the passes: what they were taught will do
    score, place, place_of = generator.guide(oracle, asked_for)
    places = [place_of(cost, bool(axis) and seeks_more(cost)) for axis, cost in enumerate(costs)]
    scales = [score.scale(oracle.space, score.targets[at]) for at in places]
    sign = 1 if is_quality(score.targets[place]) else -1
    expectation = generator.expectation(score, oracle.space)

    def expected(arch: str, others: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if not expectation.knows(arch):
            return np.zeros((0, len(costs))), np.full(1, -np.inf)
        told = expectation.of([arch, *others]).numpy().astype(np.float64)
        columns = []
        for at, scale, cost in zip(places, scales, grid.costs(arch), strict=True):
            off = scale.to_normal(np.array([cost])) - told[0, at]  # what it is wrong by here it is about next door
            columns.append(scale.to_cost(told[1:, at] + off))
        return np.stack(columns, axis=1), sign * told[:, place]

    def neighbours(arch: str) -> Sequence[str]:
        return expectation.neighbours(arch) if expectation.knows(arch) else ()  # a random one may be too large for it

    GridWalk(grid, neighbours, expected, ask, seed, set(oracle.asked)).go(calls - len(started))


def _edges(generator: Generator, oracle: Oracle, cost: str) -> NDArray[np.float64]:
    """The edges of the cells along a cost: of one that the score knows on its scale, else between drawn networks."""
    score, space = generator.pipeline.score, oracle.space
    if cost in score.targets_in(space) and not is_quality(cost) and cost not in generator.predictor.finetuned:
        return score.scale(space, cost).to_cost(np.linspace(-_REACH, _REACH, CELLS + 1))
    from archlm.generation.teaching import LIMITS_SAMPLE, draw  # its trainer is slow to import

    values = oracle.counts(draw(space, LIMITS_SAMPLE), cost)
    return np.linspace(np.quantile(values, _OUTER), np.quantile(values, 1 - _OUTER), CELLS + 1)
