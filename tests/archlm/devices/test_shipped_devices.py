"""Shipped devices answer either form of a graph with the costs of that form."""

from __future__ import annotations

import json

import numpy as np
import pytest

from archlm.devices.known_devices import KnownDevices
from archlm.devices.shipped_devices import ShippedDevices
from encoders import work
from onnx_bench import spaces
from onnx_bench.errors import CheckpointError
from tests.archlm.devices.synthetic import LAUNCHES, PROCESSOR, latencies, networks, processors

CELL = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|avg_pool_3x3~0|skip_connect~1|nor_conv_1x1~2|"


def shipped() -> ShippedDevices:
    table = networks(300, seed=1)
    groups = np.arange(len(table)).astype(str)
    board = KnownDevices.fit(table, {"cpu0": latencies(table, LAUNCHES, 3), "cpu1": latencies(table, PROCESSOR, 4)},
                             groups)  # fmt: skip
    return ShippedDevices(processors(2), board, {"cpu0": "nasbench201", "cpu1": "mnasnet"})


def test_each_form_has_its_own_costs() -> None:
    devices, space = shipped(), spaces.get("nasbench201")
    graphs = [space.build(CELL), space.build(CELL, normalised=False)]
    found = devices.predict("cpu0", graphs)
    columns = work.compute_many(graphs)
    assert found.mean[0] == pytest.approx(devices.canonical.devices["cpu0"].predict(columns)[0])
    assert found.mean[1] == pytest.approx(devices.as_trained.devices["cpu0"].predict(columns)[1])
    assert (found.low > 0).all() and (found.low < found.high).all()


def test_new_devices_start_from_cells() -> None:
    assert shipped().start(canonical=True).names == ("cpu0",)


def test_round_trip() -> None:
    devices = shipped()
    again = ShippedDevices.from_json(json.loads(json.dumps(devices.to_json())))
    assert again.to_json() == devices.to_json()
    with pytest.raises(CheckpointError, match="damaged"):
        ShippedDevices.from_json({"as_trained": {}})
