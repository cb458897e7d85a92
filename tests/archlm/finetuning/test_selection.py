"""Learners are chosen by labels that they have not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from archlm.finetuning.sample import Sample
from archlm.finetuning.selection import (
    CHOSEN,
    LINES,
    NETWORKS,
    NETWORKS_LEAST,
    PROCESS_MOST,
    PROCESSES,
    SIZES,
    TREES,
    TREES_LEAST,
    Candidates,
    choose,
    folds,
)
from archlm.finetuning.target_scale import TargetScale
from tests.archlm.finetuning.samples import made_up, quality

TASK = np.zeros(4, np.float32)


@dataclass
class Fake:
    """Predicts from one column, and remembers what it was fitted to."""

    column: int
    seen: list[NDArray[np.float64]]

    def predict(self, sample: Sample) -> NDArray[np.float64]:
        return sample.blocks["size"][:, self.column]

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        return {}


def fakes(columns: dict[str, int], seen: list[NDArray[np.float64]]) -> Candidates:
    def fit(column: int) -> Any:
        def fitted(sample: Sample, scores: NDArray[np.float64], _: TargetScale) -> Fake:
            seen.append(sample.blocks["size"][:, 0])
            assert len(scores) == len(sample)
            return Fake(column, seen)

        return fitted

    return Candidates({name: fit(column) for name, column in columns.items()})


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (5, {*LINES, *PROCESSES} - {SIZES}), (TREES_LEAST, {*PROCESSES, *TREES}),
        (NETWORKS_LEAST, {*PROCESSES, *TREES, NETWORKS}), (PROCESS_MOST + 1, {*TREES, NETWORKS}),
    ],
)  # fmt: skip
def test_learners_suit_the_number_of_labels(labels: int, expected: set[str]) -> None:
    assert set(Candidates.suited(labels, [b"network"], TASK).fits) == expected
    assert NETWORKS not in Candidates.suited(labels, [], TASK).fits


def test_every_label_is_predicted_once_from_the_others() -> None:
    masks = np.stack(list(folds(23, seed=3)))
    assert (masks.sum(axis=0) == 1).all() and masks.sum(axis=1).min() >= 4
    assert not np.array_equal(masks, np.stack(list(folds(23, seed=4))))


def test_the_better_learner_has_the_larger_share_and_no_label_was_seen() -> None:
    sample = made_up(60)
    seen: list[NDArray[np.float64]] = []
    values = 50 + 4 * sample.blocks["size"][:, 0] + np.random.default_rng(0).normal(0, 0.2, 60)
    choice = choose(fakes({"good": 0, "noise": 1}, seen), sample, values, logarithmic=False)
    assert choice.shares["good"] >= 0.8
    assert choice.errors["good"] < 0.5 < choice.errors["noise"]
    assert choice.errors["good"] <= choice.errors[CHOSEN] + 0.05
    assert np.isfinite(choice.scores).all()
    assert all(len(rows) < 60 for rows in seen), "a learner saw the fold that it was judged on"


def test_two_learners_that_err_apart_share() -> None:
    sample = made_up(80)
    size = sample.blocks["size"]
    values = 10 * (size[:, 0] + size[:, 1])
    choice = choose(fakes({"a": 0, "b": 1}, []), sample, values, logarithmic=False)
    assert 0.3 < choice.shares["a"] < 0.7
    assert choice.errors[CHOSEN] < min(choice.errors["a"], choice.errors["b"])


@pytest.mark.parametrize(("column", "folds_trained"), [(1, 1), (0, 5)])
def test_graph_networks_that_add_nothing_are_given_up_after_a_fold(column: int, folds_trained: int) -> None:
    """Beside trees that know column 0 the noise of column 1 adds nothing; beside those of column 2 column 0 does."""
    networks: list[NDArray[np.float64]] = []
    told: list[str] = []
    both = fakes({"trees": 0 if column else 2}, []).fits | fakes({NETWORKS: column}, networks).fits
    sample = made_up(60)
    values = 50 + 4 * sample.blocks["size"][:, 0] + np.random.default_rng(0).normal(0, 0.2, 60)
    choice = choose(Candidates(both), sample, values, logarithmic=False, progress=told.append)
    assert len(networks) == folds_trained == sum("minutes" in step for step in told)
    assert np.isfinite(choice.scores).all(), "the other folds are judged without them"
    if folds_trained == 1:
        assert choice.shares == {"trees": 1.0} and NETWORKS not in choice.errors
        assert choice.errors[f"{NETWORKS}, given up"] > 1.5 * choice.errors["trees"]
    else:
        assert NETWORKS in choice.errors


def test_few_labels_are_divided_several_times() -> None:
    told: list[str] = []
    sample = made_up(12)
    choose(fakes({"a": 0}, []), sample, quality(sample), logarithmic=False, progress=told.append)
    assert len(told) == 10
