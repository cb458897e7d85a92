"""Devices with many measurements: costs are found, and are never below 0."""

from __future__ import annotations

import json

import numpy as np
import pytest

from archlm.devices.device import Device
from archlm.devices.known_devices import KnownDevices, fit_costs
from onnx_bench.errors import CheckpointError
from tests.archlm.devices.synthetic import LAUNCHES, PROCESSOR, latencies, networks

TABLE = networks(400)
FRESH = networks(100, seed=5)
GROUPS = np.arange(400).astype(str)


def fitted(noise: float = 0.0) -> KnownDevices:
    both = np.concatenate([TABLE, FRESH])
    values = {"cpu": latencies(both, PROCESSOR, 3, noise)[:400], "gpu": latencies(both, LAUNCHES, 4, noise)[:400]}
    return KnownDevices.fit(TABLE, values, GROUPS)


def test_additive_devices_are_recovered() -> None:
    truth = latencies(np.concatenate([TABLE, FRESH]), PROCESSOR, 3)[400:]
    np.testing.assert_allclose(fitted().devices["cpu"].predict(FRESH), truth, rtol=0.02)


def test_costs_are_not_negative_even_for_noise() -> None:
    rng = np.random.default_rng(0)
    assert (fit_costs(TABLE, rng.uniform(1, 2, 400)) >= 0).all()
    device = fitted(noise=0.3).devices["gpu"]
    assert (device.costs >= 0).all() and (device.rivals >= 0).all()


def test_intervals_cover_what_was_held_out() -> None:
    both = np.concatenate([TABLE, FRESH])
    truth = latencies(both, PROCESSOR, 3, 0.1)[400:]
    low, middle, high = fitted(0.1).devices["cpu"].interval(FRESH)
    assert 0.84 < np.mean((low <= truth) & (truth <= high)) <= 1
    assert (low < middle).all() and (middle < high).all()


def test_the_interval_is_wider_where_explanations_differ() -> None:
    table = TABLE.copy()
    table[:, 1::14] = 1000 * table[:, ::14]  # arithmetic goes with the number of layers
    device = KnownDevices.fit(table, {"cpu": latencies(table, PROCESSOR, 3, 0.05)}, GROUPS).devices["cpu"]
    strange = table[:20].copy()
    strange[:, 1::14] *= 50
    assert len(device.rivals)
    widths = [np.median(high / low) for low, _, high in (device.interval(table), device.interval(strange))]
    assert widths[1] > 1.5 * widths[0]


def test_round_trip() -> None:
    known = fitted(0.1)
    again = KnownDevices.from_json(json.loads(json.dumps(known.to_json())))
    assert again.names == known.names == ("cpu", "gpu")
    np.testing.assert_array_equal(again.costs, known.costs)
    for before, after in zip(known.devices["cpu"].interval(FRESH), again.devices["cpu"].interval(FRESH), strict=True):
        np.testing.assert_array_equal(before, after)
    assert known.only(["gpu", "none"]).names == ("gpu",)


@pytest.mark.parametrize("change", [{"work_version": 0}, {"costs": [1.0]}, {"rivals": [[1.0]]}, {"band": [1.0]}])
def test_devices_of_another_version_are_refused(change: dict[str, object]) -> None:
    body = fitted().devices["cpu"].to_json()
    with pytest.raises(CheckpointError):
        Device.from_json(body | change)
    with pytest.raises(CheckpointError, match="damaged"):
        Device.from_json({k: v for k, v in body.items() if k not in change})
