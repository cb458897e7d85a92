"""Conditions: what they refuse, and what they say of themselves."""

from __future__ import annotations

from typing import Any

import pytest

from generators.condition import Condition, InvalidConditionError
from onnx_bench.errors import UnknownNameError


def test_the_task_follows_the_space() -> None:
    assert Condition().task == "cifar10"
    assert Condition(space="transnas_micro").task == "transnas/class_scene"
    assert Condition(space="mnasnet").task == "imagenet-1k-proxy"
    assert Condition(space="mnasnet", task="imagenet-1k").task == "imagenet-1k"


def test_budgets_are_named() -> None:
    condition = Condition(max_params=1.5e6, max_latency={"raspi4": 20.0})
    assert condition.budgets == {"params": 1.5e6, "latency/raspi4": 20.0}
    assert str(condition) == "task cifar10, params <= 1.5M, latency/raspi4 <= 20 ms"
    assert condition.with_budget("latency/raspi4", 30.0) == condition
    assert condition.with_budget("params", 1e6).max_params == 1e6
    assert condition.with_objectives(["macs"]).objectives == ("macs",)
    one: Any = "params"
    assert Condition(objectives=one).objectives == ("params",)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"space": "nowhere"}, "nowhere"), ({"max_params": 0}, "params"), ({"max_macs": -1}, "macs"),
        ({"max_params": float("nan")}, "params"), ({"max_depth": float("inf")}, "depth"),
        ({"max_params": True}, "params"), ({"max_latency": {"raspi4": "fast"}}, "raspi4"),
        ({"objectives": ("size",)}, "size"), ({"max_latency": [("raspi4", 5)]}, "max_latency"),
        ({"at_most": {"size": 5}}, "size"), ({"at_most": 5}, "at_most"), ({"at_most": {5: 5}}, "by name"),
        ({"at_least": {"cifar100": "most"}}, "cifar100"),
        ({"at_least": {"params": 1e6}}, "no lower limit"), ({"at_most": {"params": 0}}, "params"),
        ({"at_most": {"params": 1e6}, "max_params": 1e6}, "twice"),
        ({"at_least": {"cifar100": float("nan")}}, "finite"),
        ({"at_most": {"cifar100": 60}, "at_least": {"cifar100": 70}}, "at least 70 and at most 60"),
        ({"objectives": ("cifar10",)}, "the task itself"),
    ],
)  # fmt: skip
def test_what_nothing_can_meet_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidConditionError, match=said):
        Condition(**wrong)


def test_predictions_are_limited_from_above_and_below() -> None:
    condition = Condition(at_most={"params": 2e6, "latency/raspi4": 30}, at_least={"cifar100": 70})
    assert condition.max_params == 2e6 and condition.max_latency == {"raspi4": 30} and condition.at_most == {}
    assert str(condition) == "task cifar10, params <= 2M, latency/raspi4 <= 30 ms, cifar100 >= 70 %"
    assert condition.exceeded({"params": 2e6, "latency/raspi4": 31.0, "cifar100": 69.9}) == {
        "latency/raspi4": 30, "cifar100": 70,
    }  # fmt: skip
    assert condition.with_budget("params", 1e6).at_least == {"cifar100": 70}
    assert condition.with_budget("cifar100", 80).with_budget("cifar100", 90).at_most == {"cifar100": 80}
    assert str(Condition(objectives=("params", "cifar100"))) == "task cifar10, low params, high cifar100"


@pytest.mark.parametrize("wrong", [{"task": "cifar11"}, {"max_latency": {"toaster": 1.0}}])
def test_unknown_names_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UnknownNameError):
        Condition(**wrong)
