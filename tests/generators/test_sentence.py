"""Sentences as conditions."""

from __future__ import annotations

from typing import Any

import pytest

from generators.condition import Condition, InvalidConditionError
from generators.sentence import parse_sentence


@pytest.mark.parametrize(
    ("sentence", "fields"),
    [
        ("a network for CIFAR-100 under 1M parameters, low latency on raspi4",
         {"task": "cifar100", "max_params": 1e6, "objectives": ("latency/raspi4",)}),
        ("small net for ImageNet below 300 million FLOPs",
         {"task": "imagenet-1k", "max_macs": 150e6, "objectives": ("params",)}),
        ("NAS-Bench-201 cell for imagenet16-120 at most 5 ms on pixel3 and fewer than 20 layers",
         {"space": "nasbench201", "task": "imagenet16-120", "max_latency": {"pixel3": 5.0}, "max_depth": 20.0}),
        ("class scene with 2.5M params in transnas micro",
         {"task": "transnas/class_scene", "space": "transnas_micro", "max_params": 2.5e6}),
        ("as few parameters as possible on mnasnet", {"space": "mnasnet", "objectives": ("params",)}),
        ("fast on gold 6226, cifar10", {"task": "cifar10", "objectives": ("latency/gold_6226",)}),
        ("Something good with ≤ 1,500,000 weights", {"max_params": 1.5e6}),
        ("shallow, for flowers102", {"task": "flowers102", "objectives": ("depth",)}),
        ("good", {}),
    ],
)  # fmt: skip
def test_sentences_are_understood(sentence: str, fields: dict[str, Any]) -> None:
    assert parse_sentence(sentence).condition == Condition(**fields)


@pytest.mark.parametrize(
    "sentence", ["at most banana", "under 10 bananas", "cifar10 and cifar100", "5 ms on a toaster", "99 % accuracy"]
)
def test_numbers_that_are_not_understood_are_errors(sentence: str) -> None:
    with pytest.raises(InvalidConditionError):
        parse_sentence(sentence)


def test_words_without_meaning_are_returned() -> None:
    assert parse_sentence("a robust network for cifar10 please").ignored == ("robust",)


def test_what_is_given_wins() -> None:
    assert parse_sentence("cifar10 under 1M params", task="cifar100").condition == Condition(
        task="cifar100", max_params=1e6
    )
