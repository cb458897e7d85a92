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
        ("parameters under 1M, MACs <= 300 million and depth at most 12",
         {"max_params": 1e6, "max_macs": 300e6, "max_depth": 12.0}),
        ("no more than 2M parameters, not more than 9 layers, 1M MACs or fewer",
         {"max_params": 2e6, "max_depth": 9.0, "max_macs": 1e6}),
        ("cifar10 under 1e6 params", {"task": "cifar10", "max_params": 1e6}),
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


@pytest.mark.parametrize(
    "sentence",
    [
        "at least 5M parameters", "over 300 million MACs", ">= 20 layers", "more than 20 layers", "20 layers or more",
        "not under 1M parameters", "exactly 10 layers", "minimum of 5M parameters", "params = 5M",
        "above 5 ms on pixel3",
    ],
)  # fmt: skip
def test_lower_limits_are_errors(sentence: str) -> None:
    with pytest.raises(InvalidConditionError, match="no upper limit"):
        parse_sentence(f"a network for cifar10 with {sentence}")


@pytest.mark.parametrize(
    "sentence",
    ["under 2M parameters and fewer than 3M parameters", "5 ms on pixel3, 9 ms on pixel3", "1M MACs, 1M FLOPs"],
)
def test_two_limits_of_the_same_are_an_error(sentence: str) -> None:
    with pytest.raises(InvalidConditionError, match="twice"):
        parse_sentence(sentence)


def test_whether_a_task_is_named() -> None:
    assert parse_sentence("small nets for cifar10").names_task and parse_sentence("a cell of nasbench201").names_task
    assert parse_sentence("small nets", task="cifar10").names_task
    assert not parse_sentence("a net for my dog photos").names_task


@pytest.mark.parametrize("sentence", ["1,5M parameters", "under 1.5.2M params", "parameters under 5 ms on a toaster"])
def test_numbers_are_read_whole_or_not_at_all(sentence: str) -> None:
    with pytest.raises(InvalidConditionError, match="not understood"):
        parse_sentence(sentence)


def test_words_without_meaning_are_returned() -> None:
    assert parse_sentence("a robust network for cifar10 please").ignored == ("robust",)


def test_what_is_given_wins() -> None:
    assert parse_sentence("cifar10 under 1M params", task="cifar100").condition == Condition(
        task="cifar100", max_params=1e6
    )


def test_what_is_limited_is_not_called_unused() -> None:
    found = parse_sentence("cifar10, latency under 20 ms on raspi4")
    assert found.condition.max_latency == {"raspi4": 20.0} and found.ignored == ()
