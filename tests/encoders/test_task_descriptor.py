"""A descriptor says what a task is: equal for equal tasks, near for related ones, different for different ones."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from encoders.task_descriptor import METRICS, MODALITIES, SIZE, WORDS, describe, describe_many
from onnx_bench.tasks import Task, get_task, list_tasks

QUALITY = [task for task in list_tasks() if not task.device]
"""Tasks with quality for an answer. Costs are left out: their devices differ in numbers, which are no words."""


def distance(one: str, other: str) -> float:
    return float(np.linalg.norm(describe(get_task(one)) - describe(get_task(other))))


def test_shape_and_repeat() -> None:
    task = get_task("cifar10")
    found = describe(task)
    assert found.shape == (SIZE,) and found.dtype == np.float32
    np.testing.assert_array_equal(describe(Task.from_dict(task.to_dict())), found)
    others = list_tasks()[:3]
    np.testing.assert_array_equal(describe_many(others), [describe(other) for other in others])


@pytest.mark.parametrize("task", list_tasks(), ids=lambda task: task.name)
def test_every_task_can_be_described(task: Task) -> None:
    found = describe(task)
    assert np.isfinite(found).all() and np.abs(found).max() <= 2
    assert found[: len(MODALITIES)].sum() == 1
    assert found[len(MODALITIES) : len(MODALITIES) + len(METRICS)].any(), f"{task.metric} is of no kind"
    assert np.linalg.norm(found[-WORDS:]) == pytest.approx(1, abs=1e-6)


def test_no_two_tasks_share_a_descriptor() -> None:
    shared = [(a.name, b.name) for a, b in combinations(QUALITY, 2) if np.abs(describe(a) - describe(b)).max() < 1e-3]
    assert len(QUALITY) > 40 and shared == []


@pytest.mark.parametrize(
    "change",
    [
        {"direction": "min"}, {"modality": "audio"}, {"classes": 100}, {"classes": None}, {"resolution": 224},
        {"resolution": None}, {"metric": "cross-entropy"}, {"dataset": "Imaginary Birds"}, {"title": "Birds"},
        {"description": "Count the birds in a photograph."},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_every_attribute_moves_it(change: dict[str, Any]) -> None:
    task = get_task("cifar10")
    assert np.linalg.norm(describe(replace(task, **change)) - describe(task)) > 0.05


def test_a_rise_in_classes_is_a_rise() -> None:
    task = get_task("cifar10")
    ten, hundred, thousand = (describe(replace(task, classes=n)) for n in (10, 100, 1000))
    np.testing.assert_allclose(hundred - ten, thousand - hundred, atol=1e-6)
    assert (describe(replace(task, classes=1)) != describe(replace(task, classes=None))).any(), "one is not none"


def test_order_and_case_of_words_say_nothing() -> None:
    task = replace(get_task("cifar10"), title="Name the birds", description="Birds, and the names of them.")
    other = replace(task, title="the birds NAME", description="Them of names the and birds.")
    np.testing.assert_array_equal(describe(other), describe(task))


@pytest.mark.parametrize(
    ("task", "near", "far"),
    [
        ("transnas/class_scene", "transnas/class_object", "glue/cola"),
        ("transnas/class_scene", "transnas/class_object", "cifar10"),
        ("cifar10", "cifar100", "transnas/normal"),
        ("glue/rte", "glue/mnli", "ptb"),
        ("graph/photo", "graph/computers", "graph/arxiv"),
        ("ptb", "wikitext-2", "glue/cola"),
    ],
)
def test_related_tasks_are_near(task: str, near: str, far: str) -> None:
    assert 0 < distance(task, near) < distance(task, far)
