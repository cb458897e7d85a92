"""Splits keep equal fingerprints together, whatever else is in the table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnx_bench import splits
from onnx_bench.errors import UserInputError

FINGERPRINTS = st.lists(st.sampled_from([f"{i:032x}" for i in range(40)]), min_size=1, max_size=120)


@given(FINGERPRINTS, st.integers(0, 5))
def test_a_random_split_does_not_leak_and_does_not_depend_on_the_other_rows(rows: list[str], seed: int) -> None:
    parts = splits.random_split(rows, seed=seed)
    assert splits.leaks(rows, parts) == []
    assert splits.random_split(rows[::-1], seed=seed) == parts[::-1]
    assert [splits.random_split([row], seed=seed)[0] for row in rows] == parts


def test_a_random_split_keeps_its_shares() -> None:
    rows = [f"{i:032x}" for i in range(20_000)]
    parts = splits.random_split(rows, {"a": 0.7, "b": 0.3})
    assert 0.68 < parts.count("a") / len(rows) < 0.72
    assert splits.random_split(rows, seed=1) != splits.random_split(rows, seed=2)


@pytest.mark.parametrize("shares", [{}, {"a": 0.5}, {"a": 1.5, "b": -0.5}])
def test_shares_must_sum_to_one(shares: dict[str, float]) -> None:
    with pytest.raises(UserInputError, match="sum to 1"):
        splits.random_split(["00"], shares)


@given(FINGERPRINTS, st.integers(1, 40), st.integers(0, 5))
def test_few_shots_are_distinct_and_nested(rows: list[str], number: int, seed: int) -> None:
    distinct = len(set(rows))
    if number >= distinct:
        with pytest.raises(UserInputError, match="no test set"):
            splits.few_shot(rows, number, seed=seed)
        return
    parts = splits.few_shot(rows, number, seed=seed)
    train = {row for row, part in zip(rows, parts, strict=True) if part == "train"}
    assert len(train) == number and splits.leaks(rows, parts) == []
    if number + 1 < distinct:
        more = splits.few_shot(rows, number + 1, seed=seed)
        assert train < {row for row, part in zip(rows, more, strict=True) if part == "train"}


def test_a_space_left_out_takes_its_isomorphs_along() -> None:
    rows, owners = ["a", "b", "b", "c"], ["x", "x", "y", "y"]
    assert splits.leave_one_space_out(rows, owners, "y") == ["train", None, "test", "test"]
    with pytest.raises(UserInputError, match="found x, y"):
        splits.leave_one_space_out(rows, owners, "z")


def test_published_lists_lose_what_leaks() -> None:
    rows, names = ["a", "a", "b", "c"], ["1", "2", "3", "4"]
    parts = splits.published(rows, names, {"test": {"1"}, "train": {"2", "3"}})
    assert parts == ["test", None, "train", None]
    assert splits.leaks(rows, parts) == []
    assert splits.leaks(rows, ["test", "train", "train", "test"]) == ["a"]
