"""Answers on tasks that networks of known search spaces were measured on."""

from __future__ import annotations

from typing import Any

import numpy as np

from archlm.conformal import widths_by_space
from archlm.known import Familiarity
from archlm.members.blend import blend_by_space
from archlm.signals import Signals
from archlm.task_fit import misfits, remarks
from archlm.weights_store import TaskPart, Weights
from onnx_bench.arrays import Floats
from onnx_bench.graph import ArchGraph
from onnx_bench.tasks.task import Task

Interval = tuple[Floats, Floats, Floats]


def familiarity(weights: Weights, signals: Signals, task: Task, part: TaskPart) -> Familiarity:
    """A network that the task cannot be asked of is a stranger, however near it lies."""
    known = weights.known
    share, strange, near = known.familiarity(signals.embedding, known.of_spaces(part.spaces))
    odd = np.array([bool(misfits(graph, task)) for graph in signals.graphs])
    return Familiarity(np.where(odd, 0.0, share), np.where(odd, 1.0, strange), near)


def measured_rows(weights: Weights, signals: Signals, task: Task, part: TaskPart) -> list[dict[str, Any]]:
    """A row of `archlm.answer` for each network.

    The members' blend answers for familiar networks, the cross-domain head for strangers; in between both do, the head
    the more the stranger the network is, and the interval takes in those of both.
    """
    if signals.neural is None:
        return []
    share, strange, near = familiarity(weights, signals, task, part)
    place = weights.neural.tasks.index(task.name)
    own = part.model.score(signals.features)
    reads = any(blend.reads_text for blend in part.blends.values())
    text = signals.neural.text[:, place] if reads else np.zeros(len(own))
    members = np.stack([own, signals.neural.graph[:, place], text], axis=1)
    cut = signals.neural.truncated if reads else np.zeros(len(own), bool)
    nearest = weights.known.labels[near.places[:, 0]]
    blended = blend_by_space(part.blends, members, nearest)
    score = weights.head.score(signals.features)
    scale = part.model.scale
    mean = scale.to_value(blended)
    inside = part.bands.interval(mean, widths_by_space(part.widths, nearest))
    outside, beyond = part.cross.interval(score, scale), part.cross.beyond(score)
    low, middle, high = passed_over(inside, outside, strange)
    mean += strange * (outside[1] - mean)
    percentile = scale.percentile(mean)
    sign = quality_sign(task)
    if sign < 0:
        low, high = high, low
    known = weights.known
    predicted = sign * scale.to_value(known.predicted[near.places, place].astype(np.float64))
    rows = []
    for i, graph in enumerate(signals.graphs):
        rows.append({
            "arch": graph.name, "task": task.name, "mean": sign * float(mean[i]), "q05": sign * float(low[i]),
            "q50": sign * float(middle[i]), "q95": sign * float(high[i]), "percentile": float(percentile[i]),
            "in_distribution": float(share[i]), "score": float(score[i]),
            "neighbours": known.describe(near, i, predicted[i].tolist()),
            "warnings": [*graph.warnings, *_notes(graph, task, float(strange[i]), bool(cut[i]), int(beyond[i]))],
            "error": None,
        })  # fmt: skip
    return rows


def passed_over(inside: Interval, outside: Interval, strange: Floats) -> Interval:
    """The blend's interval for the familiar, the head's for strangers. Shapes: three of [B] each, [B].

    Where both answer, the middle passes from one to the other, and the ends take in both: the distance is known too
    roughly for a mean of ends so far apart, which two exports of one network would tell apart.
    """
    low = np.where(strange > 0, np.minimum(inside[0], outside[0]), inside[0])
    high = np.where(strange > 0, np.maximum(inside[2], outside[2]), inside[2])
    stranger = strange == 1
    middle = inside[1] + strange * (outside[1] - inside[1])
    return np.where(stranger, outside[0], low), middle, np.where(stranger, outside[2], high)


def quality_sign(task: Task) -> int:
    """The members predict quality, of which more is better: a loss is negated."""
    return 1 if task.direction == "max" else -1


def _notes(graph: ArchGraph, task: Task, strange: float, truncated: bool, beyond: int) -> list[str]:
    notes = misfits(graph, task) or remarks(graph, task)
    if strange == 1:
        notes.append(
            f"unlike the networks measured on {task.name}: not asked of the neural members but ranked by the "
            "cross-domain head, the interval is that of unknown spaces"
        )
    elif strange > 0:
        notes.append(
            f"farther from the networks measured on {task.name} than 95 % of them are from each other: the "
            f"cross-domain head, which ranks unknown spaces, has {max(strange, 0.01):.0%} of the answer; its interval "
            "takes in those of both"
        )
    if strange > 0 and beyond:
        notes.append(
            f"ranked {'below' if beyond < 0 else 'above'} all networks measured on {task.name}: it may be "
            f"{'worse' if beyond < 0 else 'better'} than the interval says, which ends where they do"
        )
    if strange < 1 and truncated:
        notes.append("its text is longer than the text encoder reads; the end of it was left out there")
    return notes
