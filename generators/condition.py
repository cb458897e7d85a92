"""`Condition`: what generated architectures should be good at, and what they may cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Any

from generators.layouts import SPACES
from generators.limit import Limit
from generators.targets import COSTS
from onnx_bench import spaces
from onnx_bench.errors import UnknownNameError, UserInputError
from onnx_bench.tasks import get_task
from onnx_bench.tasks.latency import PREFIX as LATENCY

_MEASURED = {"mnasnet": "imagenet-1k-proxy"}
"""Spaces that were measured on another task than the one whose head their networks have."""


class InvalidConditionError(UserInputError):
    """A condition that nothing can meet, or that contradicts itself."""


class UnmetConditionError(InvalidConditionError):
    """Nothing that was found meets a condition that can be meant. The message names the nearest."""


@dataclass(frozen=True)
class Condition:
    """What is asked of generated architectures.

    Attributes:
        task: Name of the task to be good at, see `archlm tasks`; if left out that of the space, else `cifar10`.
        space: Search space; the spaces in which the task was measured if left out.
        max_params: Most learned scalars.
        max_macs: Most multiply-accumulates of one input.
        max_depth: Most layers with weights on a path from input to output.
        max_latency: Most milliseconds by device, see the tasks `latency/<device>`.
        objectives: One or several costs to keep low beside being good: `params`, `macs`, `depth`, `latency/<device>`;
            or tasks, such as one's own, to be good at as well. With any, the answer is a Pareto set from the best
            network to the cheapest.
        at_most: Most of what the predictor says on a task, by its name, such as a metric or a device that one has
            measured and fitted (`Predictor.finetune`). A name of a cost is as good as its own field.
        at_least: The least of it.

    Raises:
        InvalidConditionError: A name is not known, a limit is no number that can be kept to, or there are two of one
            kind; the message says which.
    """

    task: str = ""
    space: str | None = None
    max_params: float | None = None
    max_macs: float | None = None
    max_depth: float | None = None
    max_latency: Mapping[str, float] = field(default_factory=dict)
    objectives: tuple[str, ...] = ()
    at_most: Mapping[str, float] = field(default_factory=dict)
    at_least: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        told: Any = self.objectives  # a name alone, or a list, will do
        object.__setattr__(self, "objectives", (told,) if isinstance(told, str) else tuple(told))
        for field_name, example in (("max_latency", "raspi4"), ("at_most", "latency"), ("at_least", "accuracy")):
            given = getattr(self, field_name)
            if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
                raise InvalidConditionError(
                    f"{field_name} is {given!r}; give numbers by name, such as {{{example!r}: 20}}"
                )
        self._move_costs()
        if self.space is not None and self.space not in SPACES:
            raise InvalidConditionError(
                f"no architectures of space {self.space!r} can be generated; there are {', '.join(SPACES)}"
            )
        if not self.task:
            default = (
                "cifar10" if self.space is None else _MEASURED.get(self.space, spaces.get(self.space).default_task)
            )
            object.__setattr__(self, "task", default)
        get_task(self.task)  # raises with the closest names
        for limit in self.limits:
            _check(limit)
        for name in self.at_least.keys() & self.budgets.keys():
            if self.at_least[name] > self.budgets[name]:
                raise InvalidConditionError(
                    f"{name} is to be at least {self.at_least[name]} and at most {self.budgets[name]}"
                )
        for name in self.objectives:
            if name == self.task:
                raise InvalidConditionError(f"{name} is the task itself; an objective is something else beside it")
            if name not in COSTS:
                _check_task(name)

    def _move_costs(self) -> None:
        """Costs that stand in `at_most` into their own fields."""
        for name in [name for name in self.at_most if name in COSTS or name.startswith(LATENCY)]:
            most, device = self.at_most[name], name.removeprefix(LATENCY)
            object.__setattr__(self, "at_most", {key: value for key, value in self.at_most.items() if key != name})
            if name in self.budgets:
                raise InvalidConditionError(f"{name} is limited twice, to {self.budgets[name]} and to {most}; say one")
            if name in COSTS:
                object.__setattr__(self, f"max_{name}", most)
            else:
                object.__setattr__(self, "max_latency", {**self.max_latency, device: most})

    @property
    def budgets(self) -> dict[str, float]:
        """The upper limits, by the name of what they limit."""
        limits: dict[str, Any] = {"params": self.max_params, "macs": self.max_macs, "depth": self.max_depth}
        limits |= {LATENCY + device: most for device, most in self.max_latency.items()}
        return {name: most for name, most in limits.items() if most is not None} | dict(self.at_most)

    @property
    def limits(self) -> tuple[Limit, ...]:
        """All limits, upper ones first."""
        lower = (Limit(name, bound, least=True) for name, bound in self.at_least.items())
        return (*(Limit(name, bound) for name, bound in self.budgets.items()), *lower)

    def exceeded(self, costs: Mapping[str, float]) -> dict[str, float]:
        """Limits that a network does not keep to, by name, with their bounds."""
        return {limit.name: limit.bound for limit in self.limits if limit.excess(costs[limit.name])}

    def with_objectives(self, objectives: Sequence[str]) -> Condition:
        """The same with other objectives."""
        return replace(self, objectives=tuple(objectives))

    def with_budget(self, name: str, most: float) -> Condition:
        """The same with a limit that is at most `most`."""
        most = min(most, self.budgets.get(name, most))
        if name.startswith(LATENCY):
            return replace(self, max_latency={**self.max_latency, name.removeprefix(LATENCY): most})
        if name not in COSTS:
            return replace(self, at_most={**self.at_most, name: most})
        changed: dict[str, Any] = {f"max_{name}": most}
        return replace(self, **changed)

    def __str__(self) -> str:
        parts = [f"task {self.task}", *([f"space {self.space}"] if self.space else [])]
        parts += map(str, self.limits)
        parts += [f"{'high' if seeks_more(name) else 'low'} {name}" for name in self.objectives]
        return ", ".join(parts)


def seeks_more(name: str) -> bool:
    """Whether more of an objective is better."""
    return name not in COSTS and get_task(name).direction == "max"


def _check(limit: Limit) -> None:
    """Raises InvalidConditionError."""
    name, bound, least = limit
    if least and name in COSTS:
        raise InvalidConditionError(f"{name} is a cost, which has no lower limit; at_least is for predicted values")
    if name not in COSTS:
        _check_task(name)
    is_cost = name in COSTS or name.startswith(LATENCY)
    is_number = isinstance(bound, Real) and not isinstance(bound, bool) and abs(bound) < float("inf")
    if not is_number or (is_cost and not bound > 0):
        kind = "positive" if is_cost else "finite"
        raise InvalidConditionError(f"the limit of {name} is {bound!r}; it must be a {kind} number")


def _check_task(name: str) -> None:
    """Raises UnknownNameError where a device, InvalidConditionError where something else is not known."""
    try:
        get_task(name)
    except UnknownNameError as error:
        if name.startswith(LATENCY):
            raise
        raise InvalidConditionError(
            f"no cost is called {name!r}; there are {', '.join(COSTS)}, latency/<device>, the tasks of `archlm tasks`, "
            "and those that a model of yours was fitted to"
        ) from error
