"""Sentences as conditions."""

from __future__ import annotations

from typing import Any

import pytest

from generators.condition import Condition, InvalidConditionError
from generators.sentence import parse_sentence
from onnx_bench.tasks import register_task
from onnx_bench.tasks.task import Task


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
        ("cifar10, params<=600K, <=100M macs", {"task": "cifar10", "max_params": 6e5, "max_macs": 1e8}),
        ("as few parameters as possible on mnasnet", {"space": "mnasnet", "objectives": ("params",)}),
        ("fast on gold 6226, cifar10", {"task": "cifar10", "objectives": ("latency/gold_6226",)}),
        ("Something good with ≤ 1,500,000 weights", {"max_params": 1.5e6}),
        ("shallow, for flowers102", {"task": "flowers102", "objectives": ("depth",)}),
        ("parameters under 1M, MACs <= 300 million and depth at most 12",
         {"max_params": 1e6, "max_macs": 300e6, "max_depth": 12.0}),
        ("no more than 2M parameters, not more than 9 layers, 1M MACs or fewer",
         {"max_params": 2e6, "max_depth": 9.0, "max_macs": 1e6}),
        ("cifar10 under 1e6 params", {"task": "cifar10", "max_params": 1e6}),
        ("MACs no greater than 200M, not exceeding half a million parameters, 12 layers at most",
         {"max_macs": 2e8, "max_params": 5e5, "max_depth": 12.0}),
        ("parameters should stay below 1M, parameter count aside", {"max_params": 1e6}),
        ("latency on pixel3 below 20 ms; raspi4 latency must be under 100000 us",
         {"max_latency": {"pixel3": 20.0, "raspi4": 100.0}}),
        ("faster than 12 ms on raspi4", {"max_latency": {"raspi4": 12.0}}),
        ("a fast network for cifar10 on raspi4", {"task": "cifar10", "objectives": ("latency/raspi4",)}),
        ("cifar10 with at least 93 % accuracy under 1M params",
         {"task": "cifar10", "max_params": 1e6, "at_least": {"cifar10": 93.0}}),
        ("at least 70% on cifar100", {"task": "cifar100", "at_least": {"cifar100": 70.0}}),
        ("cifar100 accuracy between 60 and 70 %",
         {"task": "cifar100", "at_least": {"cifar100": 60.0}, "at_most": {"cifar100": 70.0}}),
        ("cifar10 with 93.5% top-1 accuracy", {"task": "cifar10", "at_least": {"cifar10": 93.5}}),
        ("an accuracy of 70 % on cifar100", {"task": "cifar100", "at_least": {"cifar100": 70.0}}),
        ("runs on a Raspberry Pi 4 in less than 30 ms", {"max_latency": {"raspi4": 30.0}}),
        ("Samsung Galaxy S7 under 100 ms, intel xeon gold 6226 below 9 ms",
         {"max_latency": {"samsung_s7": 100.0, "gold_6226": 9.0}}),
        ("low latency on an NVIDIA GTX 1080 Ti", {"objectives": ("latency/1080ti_1",)}),
        ("low latency on an RTX 4090", {"objectives": ("latency/timm_amp_nchw_pt291_cu128_4090",)}),
        ("below 5 ms on a 4090", {"max_latency": {"timm_amp_nchw_pt291_cu128_4090": 5.0}}),
        ("low latency on a Core i7-12700H", {"objectives": ("latency/timm_fp32_nchw_pt240_cpu_i7_12700h_dynamo",)}),
        ("at most 50 ms on titan rtx with batch size 32", {"max_latency": {"titan_rtx_32": 50.0}}),
        ("BERT for SST-2", {"task": "glue/sst", "space": "bert"}),
        ("semantic segmentation with a transnas micro cell",
         {"task": "transnas/segmentsemantic", "space": "transnas_micro"}),
        ("MobileNetV3 under 300M MACs", {"space": "ofa_mbv3", "max_macs": 3e8}),
        ("autoformer-tiny", {"space": "autoformer", "objectives": ("params",)}),
        ("a cheap net for cifar10", {"task": "cifar10", "objectives": ("macs",)}),
        ("fast", {"objectives": ("macs",)}),
        ("fast, under 10 ms on pixel3", {"max_latency": {"pixel3": 10.0}, "objectives": ("latency/pixel3",)}),
        ("minimise latency on raspi4, parameters and MACs", {"objectives": ("latency/raspi4", "params", "macs")}),
        ("low latency on raspi4 and parameters under 1M", {"max_params": 1e6, "objectives": ("latency/raspi4",)}),
        ("a trade-off between accuracy and latency on pixel 3", {"objectives": ("latency/pixel3",)}),
        ("a Pareto front of accuracy and MACs under 1M params", {"max_params": 1e6, "objectives": ("macs",)}),
        ("a hundred thousand parameters, depth of 20, 30 MMACs",
         {"max_params": 1e5, "max_depth": 20.0, "max_macs": 3e7}),
        ("good", {}),
    ],
)  # fmt: skip
def test_sentences_are_understood(sentence: str, fields: dict[str, Any]) -> None:
    assert parse_sentence(sentence).condition == Condition(**fields)


@pytest.mark.parametrize(
    "sentence",
    [
        "at most banana", "under 10 bananas", "cifar10 and cifar100", "5 ms on a toaster", "99 % juice", "0 networks",
        "raspberry pi 5 under 20 ms", "a few thousand parameters", "smaller than ResNet-18", "latency on pi 4",
    ],
)  # fmt: skip
def test_numbers_that_are_not_understood_are_errors(sentence: str) -> None:
    with pytest.raises(InvalidConditionError):
        parse_sentence(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "at least 5M parameters", "over 300 million MACs", ">= 20 layers", "more than 20 layers", "20 layers or more",
        "not under 1M parameters", "exactly 10 layers", "minimum of 5M parameters", "params = 5M",
        "above 5 ms on pixel3", "no fewer than 20 layers", "not less than 1M parameters",
        "between 1M and 2M parameters",
    ],
)  # fmt: skip
def test_lower_limits_are_errors(sentence: str) -> None:
    with pytest.raises(InvalidConditionError, match="no upper limit"):
        parse_sentence(f"a network for cifar10 with {sentence}")


OWN = [
    Task(name="latency", title="Latency", modality="image", metric="latency", direction="min"),
    Task(name="energy/phone", title="Energy", modality="image", metric="energy", direction="min", unit="mJ"),
    Task(name="gain", title="Gain", modality="image", metric="gain", direction="max", unit="dB"),
]


@pytest.mark.parametrize(
    ("sentence", "fields"),
    [
        ("latency under 12 ms for cifar10", {"at_most": {"latency": 12.0}}),
        ("a net with latency between 5 and 12 ms and less than 2 J energy",
         {"at_least": {"latency": 5.0}, "at_most": {"latency": 12.0, "energy/phone": 2000.0}}),
        ("at most 5 mJ", {"at_most": {"energy/phone": 5.0}}),
        ("gain of at least 3, energy not above 2500 uJ, 1M params at most",
         {"at_least": {"gain": 3.0}, "at_most": {"energy/phone": 2.5}, "max_params": 1e6}),
        ("low energy, high gain", {"objectives": ("energy/phone", "gain")}),
        ("latency <= 12 ms on raspi4", {"max_latency": {"raspi4": 12.0}}),
    ],
)  # fmt: skip
def test_what_a_predictor_was_fitted_to_is_known(sentence: str, fields: dict[str, Any]) -> None:
    for task in OWN:
        register_task(task)
    parsed = parse_sentence(sentence, OWN)
    assert parsed.condition == Condition(**fields) and parsed.ignored == ()


def test_fast_is_what_was_fitted() -> None:
    for task in OWN:
        register_task(task)
    assert parse_sentence("a fast net for cifar10", OWN).condition.objectives == ("latency",)


@pytest.mark.parametrize(
    ("sentence", "num"),
    [
        ("5 networks for cifar10", 5), ("give me three small nets", 3), ("20 different cifar10 cells", 20),
        ("one architecture for cifar10", 1), ("cifar 10 networks", None), ("nas-bench 201 cells", None),
        ("1M parameter networks", None), ("networks with 5 layers", None),
    ],
)  # fmt: skip
def test_how_many_are_wanted(sentence: str, num: int | None) -> None:
    assert parse_sentence(sentence).num == num


def test_accuracies_are_of_tasks_that_have_one() -> None:
    with pytest.raises(InvalidConditionError, match="has none"):
        parse_sentence("at least 90 % accuracy", task="latency/raspi4")


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
    limits = parse_sentence("5 ms on pixel3, 9 ms on raspi4", max_latency={"raspi4": 7.0}).condition.max_latency
    assert limits == {"pixel3": 5.0, "raspi4": 7.0}


def test_what_is_limited_is_not_called_unused() -> None:
    found = parse_sentence("cifar10, latency under 20 ms on raspi4")
    assert found.condition.max_latency == {"raspi4": 20.0} and found.ignored == ()
