"""Batches are of one space each, kept small, fair to small spaces, and the same whenever they are asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from archlm.training.batches import POWER, BatchConfig, SpaceBatches, TrainingSpace, as_tensors

TASKS = {"small": 1, "middle": 2, "large": 3}
SIZES = {"small": 10, "middle": 80, "large": 1000}


def space(name: str, size: int, costs: NDArray[np.int64] | int = 10) -> TrainingSpace:
    """Networks that are known by their position, with targets that tell it too."""
    number = list(TASKS).index(name)
    tasks = TASKS[name]
    return TrainingSpace(
        name, lambda rows: {"position": rows, "space": np.full(len(rows), number)},
        np.tile(np.arange(size, dtype=np.float32)[:, None], (1, tasks)), np.full((tasks, 4), number, np.float32),
        np.broadcast_to(np.asarray(costs, np.int64), size),
    )  # fmt: skip


@pytest.fixture
def spaces() -> list[TrainingSpace]:
    return [space(name, size) for name, size in SIZES.items()]


def test_a_batch_depends_on_seed_and_number_alone(spaces: list[TrainingSpace]) -> None:
    batches, again = SpaceBatches(spaces, 20, seed=3), SpaceBatches(spaces, 40, seed=3)
    forward = [batches[number] for number in range(20)]
    backward = [again[number] for number in reversed(range(20))][::-1]
    for one, other in zip(forward, backward, strict=True):
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)
    assert len(batches) == 20
    assert len({tuple(batch["position"].tolist()) for batch in forward}) == 20, "no batch is drawn twice"
    other_seed = SpaceBatches(spaces, 20, seed=4)
    assert any(not torch.equal(other_seed[n]["position"], batch["position"]) for n, batch in enumerate(forward))


def test_a_batch_is_of_one_space(spaces: list[TrainingSpace]) -> None:
    seen = set()
    for batch in (SpaceBatches(spaces, 60)[number] for number in range(60)):
        (number,) = batch["space"].unique().tolist()
        seen.add(number)
        rows = batch["position"]
        assert len(rows) == min(64, list(SIZES.values())[number]) == len(rows.unique())
        tasks = list(TASKS.values())[number]
        assert batch["targets"].tolist() == [[row] * tasks for row in rows.tolist()], "those of these networks"
        assert batch["tasks"].shape == (tasks, 4) and (batch["tasks"] == number).all()
    assert seen == {0, 1, 2}


def test_cost_is_limited() -> None:
    costs = np.random.default_rng(0).integers(1, 60, 500)
    batches = SpaceBatches([space("large", 500, costs)], 50, config=BatchConfig(networks=64, cost=300))
    totals, counts = [], []
    for number in range(50):
        rows = batches[number]["position"].numpy()
        totals.append(costs[rows].sum())
        counts.append(len(rows))
    assert max(totals) <= 300 and np.mean(totals) > 240, "as many as the limit allows"
    assert min(counts) >= 2 and len(set(counts)) > 1
    cheap = SpaceBatches([space("large", 500, 1)], 5, config=BatchConfig(networks=64, cost=300))
    assert [len(cheap[number]["position"]) for number in range(5)] == [64] * 5


def test_at_least_two_networks_whatever_they_cost() -> None:
    batches = SpaceBatches([space("middle", 80, 10_000)], 10, config=BatchConfig(networks=64, cost=300))
    assert [len(batches[number]["position"]) for number in range(10)] == [2] * 10, "one alone cannot be ranked"


def test_spaces_are_drawn_by_the_power_of_their_size(spaces: list[TrainingSpace]) -> None:
    sizes = np.array(list(SIZES.values())) ** POWER
    batches = SpaceBatches(spaces, 1500, seed=1, config=BatchConfig(networks=2))
    np.testing.assert_allclose(batches.shares, sizes / sizes.sum())
    drawn = np.bincount([int(batches[number]["space"][0]) for number in range(1500)], minlength=3) / 1500
    assert drawn == pytest.approx(batches.shares, abs=0.05)  # four deviations of such a count
    assert drawn[0] > 5 * SIZES["small"] / sum(SIZES.values())


def test_tensors_hold_the_same() -> None:
    arrays: dict[str, NDArray[Any]] = {"a": np.arange(6).reshape(2, 3)[:, ::-1], "b": np.array([0.5], np.float32)}
    found = as_tensors(arrays)
    assert found["a"].tolist() == [[2, 1, 0], [5, 4, 3]] and found["a"].dtype == torch.int64
    assert found["b"].dtype == torch.float32
