"""What a name and a unit say of values: which are fitted by their logarithm, and what none can be."""

from __future__ import annotations

import numpy as np
import pytest

from archlm.finetuning.finetuned import FinetunedTask
from archlm.finetuning.selection import Candidates, choose
from archlm.finetuning.target_kind import bounds, is_cost, is_logarithmic, mixed_shares
from onnx_bench.tasks import Task, get_task
from tests.archlm.finetuning.samples import made_up, quality

OPEN = (-np.inf, np.inf)


def task(name: str, direction: str = "max", unit: str = "") -> Task:
    return Task.from_dict(
        {"name": "mine", "title": name, "modality": "other", "metric": name, "direction": direction, "unit": unit,
         "description": name}
    )  # fmt: skip


@pytest.mark.parametrize(
    "name", ["accuracy", "val_acc", "F1", "macro-F1", "mIoU", "mAP", "Top-1", "AUC", "PGD robust acc"]
)
def test_shares_have_ends_in_their_own_unit(name: str) -> None:
    assert bounds(task(name), np.array([0.4, 0.9])) == (0.0, 1.0)
    assert bounds(task(name), np.array([40.0, 90.0])) == (0.0, 100.0)
    for beyond in ([40.0, 120.0], [-0.1, 0.9]):
        assert bounds(task(name), np.array(beyond)) == OPEN, "it is something else"


@pytest.mark.parametrize("name", ["R2", "score", "reward", "PSNR", "mapping", "laptop1"])
def test_what_may_be_anything_has_no_ends(name: str) -> None:
    assert bounds(task(name), np.array([0.4, 0.9])) == OPEN


def test_shares_among_percentages_are_noticed() -> None:
    assert "3 of 5 values are below 1, the others from 92 to 93" in mixed_shares(
        task("accuracy"), np.array([0.9, 0.91, 0.0092, 92.0, 93.0])
    )
    for name, values in (("accuracy", [0.4, 0.9]), ("accuracy", [40.0, 90.0]), ("accuracy", [0.3, 0.9, 1.2, 4.0]),
                         ("latency", [0.1, 90.0])):  # fmt: skip
        assert not mixed_shares(task(name), np.array(values))


def test_yes_and_no_have_ends_but_not_in_a_unit() -> None:
    values = np.array([0.0, 1.0, 1.0])
    assert bounds(task("converged"), values) == (0.0, 1.0)
    assert bounds(task("gain", unit="dB"), values) == OPEN
    assert bounds(get_task("cifar10"), values) == (0.0, 100.0)


def test_costs_and_rates_are_fitted_by_their_logarithm() -> None:
    values = np.array([1.0, 900.0])
    for one in (task("throughput"), task("FPS"), task("speed", unit="images/s"), task("latency", "min")):
        assert is_logarithmic(one, values) and not is_logarithmic(one, values - 1)
    assert not is_cost(task("throughput"), values), "no sum over layers"
    assert not is_logarithmic(task("accuracy"), values)


@pytest.mark.parametrize(("name", "low", "high"), [("throughput", 0.0, np.inf), ("accuracy", 0.0, 1.0)])
def test_no_answer_is_impossible(name: str, low: float, high: float) -> None:
    sample, many = made_up(30), made_up(300, seed=1)
    better = (quality(sample) - quality(sample).mean()) / quality(sample).std()
    values = np.exp(2 * better) if name == "throughput" else 1 / (1 + np.exp(-2 * better))
    logarithmic = is_logarithmic(task(name), values)
    candidates = Candidates.suited(len(values), (), np.zeros(0, np.float32)).only(["size line"])
    choice = choose(candidates, sample, values, logarithmic)
    fitted = FinetunedTask.fit(task(name), [""] * 30, [""] * 30, sample, values, candidates, choice, logarithmic)
    found = fitted.answer(many)
    assert found.low.min() >= low and found.high.max() <= high
    assert (found.low < found.high).all()
