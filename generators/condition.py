"""`Condition`: what generated architectures should be good at, and what they may cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Any

from generators.layouts import SPACES
from generators.targets import COSTS
from onnx_bench import spaces
from onnx_bench.errors import UserInputError
from onnx_bench.tasks import get_task
from onnx_bench.tasks.latency import PREFIX as LATENCY

_MEASURED = {"mnasnet": "imagenet-1k-proxy"}
"""Spaces that were measured on another task than the one whose head their networks have."""


class InvalidConditionError(UserInputError):
    """A condition that nothing can meet, or that contradicts itself."""


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
        objectives: One or several costs to keep low beside being good: `params`, `macs`, `depth`, `latency/<device>`.
            With any, the answer is a Pareto set from the best network to the cheapest.

    Raises:
        InvalidConditionError: A name is not known or a limit is not positive; the message says which.
    """

    task: str = ""
    space: str | None = None
    max_params: float | None = None
    max_macs: float | None = None
    max_depth: float | None = None
    max_latency: Mapping[str, float] = field(default_factory=dict)
    objectives: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        told: Any = self.objectives  # a name alone, or a list, will do
        object.__setattr__(self, "objectives", (told,) if isinstance(told, str) else tuple(told))
        if not isinstance(self.max_latency, Mapping):
            raise InvalidConditionError(
                f"max_latency is {self.max_latency!r}; give milliseconds by device, such as {{'raspi4': 20}}"
            )
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
        for name, most in self.budgets.items():
            if isinstance(most, bool) or not isinstance(most, Real) or not 0 < most < float("inf"):
                raise InvalidConditionError(f"the limit of {name} is {most!r}; it must be a positive number")
        for name in (*self.objectives, *map(LATENCY.__add__, self.max_latency)):
            if name.startswith(LATENCY):
                get_task(name)
            elif name not in COSTS:
                raise InvalidConditionError(
                    f"no cost is called {name!r}; there are {', '.join(COSTS)} and latency/<device>"
                )

    @property
    def budgets(self) -> dict[str, float]:
        """Limits by the name of what they limit."""
        limits: dict[str, Any] = {"params": self.max_params, "macs": self.max_macs, "depth": self.max_depth}
        limits |= {LATENCY + device: most for device, most in self.max_latency.items()}
        return {name: most for name, most in limits.items() if most is not None}

    def with_objectives(self, objectives: Sequence[str]) -> Condition:
        """The same with other objectives."""
        return replace(self, objectives=tuple(objectives))

    def with_budget(self, name: str, most: float) -> Condition:
        """The same with a limit that is at most `most`."""
        most = min(most, self.budgets.get(name, most))
        if name.startswith(LATENCY):
            return replace(self, max_latency={**self.max_latency, name.removeprefix(LATENCY): most})
        changed: dict[str, Any] = {f"max_{name}": most}
        return replace(self, **changed)

    def __str__(self) -> str:
        parts = [f"task {self.task}", *([f"space {self.space}"] if self.space else [])]
        parts += [f"{name} <= {shown(most)}{unit_of(name)}" for name, most in self.budgets.items()]
        parts += [f"low {name}" for name in self.objectives]
        return ", ".join(parts)


def unit_of(name: str) -> str:
    """The unit of a cost, to be written after its number."""
    return " ms" if name.startswith(LATENCY) else ""


def shown(number: float) -> str:
    """A number as people write limits: 1.2M, 600k, 3.4."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.4g}{letter}"
    return f"{number:.4g}"
