"""Hard limits: by how much a value misses them."""

from __future__ import annotations

import pytest

from generators.limit import Limit, shown


@pytest.mark.parametrize(
    ("limit", "value", "excess"),
    [
        (Limit("params", 100.0), 100.0, 0.0), (Limit("params", 100.0), 150.0, 0.5),
        (Limit("cifar10", 90.0, True), 90.0, 0.0),
        (Limit("cifar10", 90.0, True), 45.0, 0.5), (Limit("cifar10", -2.0), -1.0, 0.5),
        (Limit("cifar10", 0.0), 3.0, 3.0),
        (Limit("cifar10", -2.0, True), -1.0, 0.0),
    ],
)  # fmt: skip
def test_excess_is_a_share_of_the_bound(limit: Limit, value: float, excess: float) -> None:
    assert limit.excess(value) == excess


def test_limits_are_written_as_people_write_them() -> None:
    assert str(Limit("macs", 2e8)) == "macs <= 200M" and str(Limit("cifar10", 90.5, True)) == "cifar10 >= 90.5 %"
    assert [shown(number) for number in (1.2e9, 6e5, 3.44444, -0.5)] == ["1.2G", "600k", "3.444", "-0.5"]
