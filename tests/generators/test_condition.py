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
    ],
)  # fmt: skip
def test_what_nothing_can_meet_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidConditionError, match=said):
        Condition(**wrong)


@pytest.mark.parametrize("wrong", [{"task": "cifar11"}, {"max_latency": {"toaster": 1.0}}])
def test_unknown_names_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UnknownNameError):
        Condition(**wrong)
