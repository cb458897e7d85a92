"""Which networks no other beats in everything, and how much of what can be had they cover."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from archlm.generation.generated import Generated
from generators.condition import seeks_more
from generators.targets import is_quality
from onnx_bench.tasks import get_task


class Front(NamedTuple):
    """A Pareto front over the prediction and some costs.

    Attributes:
        members: Positions of the networks that no other beats in everything.
        hypervolume: Share of the box between the worst and the best value of everything that the front dominates; 1
            where one network is best in everything.
    """

    members: tuple[int, ...]
    hypervolume: float


def front(found: Sequence[Generated], costs: Sequence[str]) -> Front:
    """The Pareto front of networks: good at the task and in every one of `costs`."""
    from pymoo.indicators.hv import HV  # slow to import, and a single objective needs neither
    from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting

    sign = -1 if get_task(found[0].answer["task"]).direction == "max" else 1
    losses = np.array([[sign * one.answer["mean"], *(loss(cost, one.costs[cost]) for cost in costs)] for one in found])
    members = NonDominatedSorting().do(losses, only_non_dominated_front=True)
    low, reach = losses.min(axis=0), np.ptp(losses, axis=0)
    scaled = (losses - low) / np.where(reach > 0, reach, 1.0)
    volume = float(HV(ref_point=np.ones(losses.shape[1]))(scaled)) if (reach > 0).all() else 1.0
    return Front(tuple(sorted(int(i) for i in members)), volume)


def loss(name: str, value: float) -> float:
    """What an objective loses, less being better: of a cost the logarithm."""
    if is_quality(name):
        return -value if seeks_more(name) else value
    return float(np.log(value))
