"""The networks of a space as each of its tasks draws them: the task decides the input and the head."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from encoders.graph_batch import GraphBatch
from onnx_bench import spaces
from onnx_bench.arrays import Floats
from onnx_bench.errors import UnknownNameError
from onnx_bench.spaces.base import Head
from train.encoded import encode_space
from train.records import Drawn, Labelled, load


def other_heads(space: Labelled) -> list[tuple[str, ...]]:
    """Measured tasks whose networks are drawn with another head than the default one, those of one head together."""
    found = spaces.get(space.space)
    by_head: dict[Head, list[str]] = {}
    for task in space.targets:
        try:
            by_head.setdefault(found.head(task), []).append(task)
        except UnknownNameError:  # measured with the default head
            continue
    by_head.pop(found.head(), None)
    return [tuple(tasks) for tasks in by_head.values()]


def load_with_heads(name: str, *, data: str | None = None, workers: int = 2) -> Labelled:
    """`load`, with the distinct networks drawn with every head; encodes them on first use (minutes)."""
    space = load(name, data=data, workers=workers)
    some = space.known
    archs = space.archs[some.rows].tolist()
    drawn = []
    for tasks in other_heads(space):
        found = encode_space(name, archs, task=tasks[0], workers=workers)
        texts = np.array(found.texts, dtype=object)[found.place]
        drawn.append(Drawn(found.features, found.graphs.take(found.place), texts, tasks))
    return replace(space, distinct=replace(some, heads=tuple(drawn)))


def without_heads(space: Labelled) -> Labelled:
    """With the default head alone."""
    return replace(space, distinct=replace(space.known, heads=()))


def drawings(space: Labelled) -> tuple[Drawn, ...]:
    """The distinct networks with each head, the default one first."""
    some = space.known
    return (Drawn(space.features[some.rows], some.graphs, some.texts), *some.heads)


def drawing_of(space: Labelled, task: str) -> int:
    """Which of the drawings has the head of a task."""
    return next((number for number, drawn in enumerate(drawings(space)) if task in drawn.tasks), 0)


def drawn_for(space: Labelled, task: str) -> Drawn:
    """The distinct networks as the task draws them."""
    return drawings(space)[drawing_of(space, task)]


def tasks_by_drawing(space: Labelled) -> list[tuple[Drawn, list[str]]]:
    """Each drawing of the distinct networks with the measured tasks that have its head."""
    default, *others = drawings(space)
    rest = [task for task in space.targets if not any(task in drawn.tasks for drawn in others)]
    return [(default, rest), *((drawn, list(drawn.tasks)) for drawn in others)]


def drawn_otherwise(space: Labelled, seed: int = 0) -> tuple[Floats, Floats]:
    """Features of the distinct networks with the default head, and with any head at random. Shapes: [G, F] each."""
    every = np.stack([drawn.features for drawn in drawings(space)])
    picked = np.random.default_rng(seed).integers(0, len(every), every.shape[1])
    return every[0], every[picked, np.arange(every.shape[1])]


def joined(drawn: tuple[Drawn, ...], chosen: NDArray[np.int64]) -> tuple[GraphBatch, NDArray[np.float64]]:
    """Graphs and features of the chosen networks, head by head. Shapes: [C] -> H * C graphs, [H * C, F]."""
    return GraphBatch.join([d.graphs.take(chosen) for d in drawn]), np.concatenate([d.features[chosen] for d in drawn])
