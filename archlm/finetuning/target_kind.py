"""What the name and the unit of a target say of its values: costs, rates and shares."""

from __future__ import annotations

import re

import numpy as np

from onnx_bench.arrays import Floats
from onnx_bench.tasks import Task

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_COSTS = {"latency", "time", "ms", "energy", "power", "memory"}
_LOWER_IS_BETTER = _COSTS | {"loss", "error", "perplexity", "ppl", "wer", "mae", "mse", "rmse", "fid"}
_COST_UNITS = {
    "ns", "us", "µs", "ms", "s", "min", "h", "uJ", "µJ", "mJ", "J", "kJ", "mWh", "Wh", "kWh", "mW", "W", "kW",
    "B", "kB", "KB", "KiB", "MB", "MiB", "GB", "GiB",
}  # fmt: skip
_RATES = {"throughput", "fps", "qps", "ips"}
_SHARES = {"accuracy", "acc", "precision", "recall", "auc", "auroc", "iou", "dice"}
_SHARE_NAMES = re.compile(r"(?<![a-z0-9])(f1|top-?[15]|miou|map)(?![a-z0-9])")
"""Words that have digits in them, or begin with a letter for the mean."""
_GAP = 10.0
"""Between what looks like shares and what looks like percentages."""


def lower_is_better(name: str) -> bool:
    """Whether less of what a name says is better."""
    return bool(_LOWER_IS_BETTER & set(_words(name)))


def names_cost(name: str) -> bool:
    """Whether a name says that a cost was measured, in which every layer has its part: time, energy, memory."""
    return bool(_COSTS & set(_words(name)))


def has_cost_unit(task: Task) -> bool:
    """Whether the unit is one of costs."""
    return task.unit.partition(" ")[0] in _COST_UNITS


def adds_up(task: Task) -> bool:
    """Whether the layers of a network each have their part in the target, dead ones included: time, energy, memory."""
    return bool(task.device) or names_cost(f"{task.metric} {task.name}")


def is_cost(task: Task, values: Floats) -> bool:
    """Whether less is better and none is zero: latency, energy, perplexity. Shapes: [N]."""
    return task.direction == "min" and bool((values > 0).all())


def is_logarithmic(task: Task, values: Floats) -> bool:
    """Whether values are fitted by their logarithm: costs, and how many of something in a second. Shapes: [N]."""
    rate = task.unit.endswith("/s") or bool(_RATES & set(_words(f"{task.metric} {task.name}")))
    return is_cost(task, values) or (rate and bool((values > 0).all()))


def bounds(task: Task, values: Floats) -> tuple[float, float]:
    """What no value is below, and none above, where that is known: of percentages, shares, and yes and no.

    Args:
        task: The target.
        values: [N] of it, measured.
    """
    if task.unit == "%":
        return 0.0, 100.0
    if task.unit or values.min() < 0 or values.max() > 100:
        return -np.inf, np.inf
    said = f"{task.metric} {task.name}"
    share = task.direction == "max" and bool(_SHARES & set(_words(said)) or _SHARE_NAMES.search(said.lower()))
    if set(values.tolist()) == {0.0, 1.0} or (share and values.max() <= 1):
        return 0.0, 1.0
    return (0.0, 100.0) if share else (-np.inf, np.inf)


def mixed_shares(task: Task, values: Floats) -> str:
    """What to say where some values look like shares and others like percentages; empty elsewhere. Shapes: [N]."""
    shares, others = values[(values > 0) & (values < 1)], values[values >= 1]
    if not len(shares) or not len(others) or bounds(task, values) != (0.0, 100.0):
        return ""
    if others.min() < _GAP * shares.max():  # small percentages
        return ""
    return (
        f"{len(shares)} of {len(values)} values are below 1, the others from {others.min():g} to {others.max():g}: "
        "if these are shares, multiply them by 100"
    )


def _words(name: str) -> list[str]:
    """The words of a name, `runtime` also being a `time`."""
    words = [word.lower() for word in _WORD.findall(name)]
    return words + [hint for word in words for hint in _LOWER_IS_BETTER if len(hint) > 3 and word.endswith(hint)]
