"""`Limit`: the most, or the least, of something that a network may have; and how its numbers are written."""

from __future__ import annotations

from typing import NamedTuple

from generators.targets import COSTS
from onnx_bench.prefixed import prefixed
from onnx_bench.tasks import get_task


class Limit(NamedTuple):
    """A hard budget.

    Attributes:
        name: A cost, or a task whose predicted value is limited.
        bound: In its unit.
        least: Whether it is the least instead of the most.
    """

    name: str
    bound: float
    least: bool = False

    def excess(self, value: float) -> float:
        """By what share of the bound a value misses it; 0 where it keeps to it."""
        beyond = self.bound - value if self.least else value - self.bound
        return max(0.0, beyond) / (abs(self.bound) or 1.0)

    def __str__(self) -> str:
        return f"{self.name} {'>=' if self.least else '<='} {shown(self.bound)}{unit_of(self.name)}"


def unit_of(name: str) -> str:
    """The unit of what can be limited, to be written after its number."""
    unit = "" if name in COSTS else get_task(name).unit
    return f" {unit}" if unit else ""


def shown(number: float) -> str:
    """A number as people write limits: 1.2M, 600k, 3.4."""
    return "".join(prefixed(number, 4))
