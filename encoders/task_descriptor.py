"""`describe`: a task as numbers, from its attributes and its words, so that a task nobody trained on can be asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import log2
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from onnx_bench.tasks.task import Task

MODALITIES = ("image", "graph", "text", "audio", "video", "other")
METRICS = (
    ("accuracy",), ("loss", "cross-entropy"), ("correlation",), ("similarity", "ssim"), ("auc",), ("mean",),
    ("latency",), ("throughput",),
)  # fmt: skip
"""Kinds of metric by the words that name them."""
WORDS = 48
"""Cells that the words of data set, metric, training and description are hashed into."""
SIZE = len(MODALITIES) + len(METRICS) + 5 + WORDS

_WORD = re.compile(r"[a-z][a-z\-]+")
_DEVICE = re.compile(r"[a-z0-9.\-]+")
"""Devices differ by a digit."""
_COMMON = frozenset("a an the of in into to and or for by on with each its from per percent".split())  # noqa: SIM905


def describe(task: Task) -> NDArray[np.float32]:
    """Modality, kind of metric, classes, resolution, direction and hashed words. Shapes: [SIZE].

    Two sentences that share words lie close; a word that no trained task used moves the descriptor without meaning
    (a backbone that has read English can embed `Task.description` instead, see `encoders.text_encoder`).
    """
    metric = task.metric.lower()
    kinds = [float(any(word in metric for word in words)) for words in METRICS]
    numbers = [
        log2(task.classes) / 10 if task.classes else 0.0, float(task.classes is not None),
        log2(task.resolution) / 8 if task.resolution else 0.0, float(task.resolution is not None),
        1.0 if task.direction == "max" else -1.0,
    ]  # fmt: skip
    return np.array([*(float(task.modality == m) for m in MODALITIES), *kinds, *numbers, *_words(task)], np.float32)


def describe_many(tasks: Sequence[Task]) -> NDArray[np.float32]:
    """Shapes: T tasks -> [T, SIZE]."""
    return np.stack([describe(task) for task in tasks])


def _words(task: Task) -> NDArray[np.float64]:
    text = f"{task.title} {task.dataset} {task.description}".lower()
    cells = np.zeros(WORDS)
    devices = _DEVICE.findall(task.device.lower())
    for word in sorted({*_WORD.findall(text), *devices} - _COMMON):
        number = crc32(word.encode())
        cells[number % WORDS] += 1.0 if number >> 16 & 1 else -1.0
    norm = np.linalg.norm(cells)
    return cells / norm if norm else cells
