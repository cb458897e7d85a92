"""A new device from a few measurements: like known ones or not, and honest about its errors."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from archlm.devices.known_devices import KnownDevices
from archlm.devices.new_device import FittedDevice, fit_new_device
from encoders import work
from onnx_bench.arrays import Floats
from onnx_bench.errors import InvalidTableError
from tests.archlm.devices.synthetic import LAUNCHES, PROCESSOR, Kind, latencies, networks, processors

known = cache(processors)


def spearman(a: Floats, b: Floats) -> float:
    return float(spearmanr(a, b).statistic)


def fitted(
    kind: Kind, count: int, seed: int, noise: float = 0.0, start: KnownDevices | None = None
) -> tuple[FittedDevice, Floats, Floats]:
    """The device, fresh networks and their latencies."""
    table = networks(count + 200, seed=100 + seed)
    values = latencies(table, kind, seed, noise)
    found = fit_new_device(table[:count], values[:count], known() if start is None else start)
    return found, table[count:], values[count:]


def test_ten_measurements_of_a_device_like_known_ones() -> None:
    found, fresh, truth = fitted(PROCESSOR, 10, 0)
    assert found.shares.keys() == set(known().names)
    assert spearman(found.device.predict(fresh), truth) > 0.97
    assert np.median(np.abs(found.device.predict(fresh) / truth - 1)) < 0.06
    alone, fresh, truth = fitted(PROCESSOR, 10, 0, start=KnownDevices({}))
    assert alone.shares == {} and alone.own == pytest.approx(1, abs=0.2)
    assert alone.error > found.error


def test_a_device_unlike_all_known_ones_is_learnt() -> None:
    found, fresh, truth = fitted(LAUNCHES, 25, 3)
    assert spearman(found.device.predict(fresh), truth) > 0.9
    start = found.own if found.shares else 1.0
    assert start > 0.5, found.explanation


def test_three_measurements_are_enough_and_two_are_not() -> None:
    found, fresh, truth = fitted(PROCESSOR, 3, 1)
    assert spearman(found.device.predict(fresh), truth) > 0.9
    with pytest.raises(InvalidTableError, match="2 measurements of a device are too few"):
        fitted(PROCESSOR, 2, 1)


@pytest.mark.parametrize("wrong", [0.0, -1.0, np.nan, np.inf])
def test_what_is_no_latency_is_refused(wrong: float) -> None:
    values = np.array([1.0, wrong, 2.0, 3.0])
    with pytest.raises(InvalidTableError, match="measurement 2"):
        fit_new_device(networks(4), values, known())


def test_more_work_never_takes_less_time() -> None:
    found, fresh, _ = fitted(PROCESSOR, 10, 2, noise=0.3)
    before = [found.device.predict(fresh), *found.device.interval(fresh)]
    for column in range(len(work.NAMES)):
        more = fresh.copy()
        more[:, column] *= 2
        after = [found.device.predict(more), *found.device.interval(more)]
        assert all((a >= b).all() for a, b in zip(after, before, strict=True)), work.NAMES[column]


def test_intervals_of_ten_noisy_measurements_cover() -> None:
    inside = []
    for seed in range(20):
        found, fresh, truth = fitted(PROCESSOR, 10, seed, noise=0.1)
        low, middle, high = found.device.interval(fresh)
        assert (low > 0).all() and (low < middle).all() and (middle < high).all()
        inside.append(np.mean((low <= truth) & (truth <= high)))
    assert 0.84 < np.mean(inside) < 0.99


def test_equal_networks_and_scale_do_not_matter() -> None:
    table = np.repeat(networks(2), 5, axis=0)
    found = fit_new_device(table, np.full(10, 3.0), known())
    np.testing.assert_allclose(found.device.predict(table), 3.0, rtol=0.2)
    table, values = networks(10), latencies(networks(10), PROCESSOR, 1)
    slow, fast = (fit_new_device(table, values * f, known()).device.predict(table) for f in (1000, 1))
    np.testing.assert_allclose(slow, 1000 * fast)


def test_it_says_what_it_is_made_of() -> None:
    found, _, _ = fitted(PROCESSOR, 10, 0)
    assert "cpu" in found.explanation and "left out" in found.explanation


@pytest.mark.data
def test_ten_cells_on_an_unseen_phone(shared_data: Path) -> None:
    import pandas as pd

    from onnx_bench import spaces

    frame = pd.read_parquet(shared_data / "nasbench201_latency.parquet")
    frame = frame[frame.io_connected].sample(200, random_state=0)
    build = spaces.get("nasbench201").build
    columns = work.compute_many([build(arch, normalised=False) for arch in frame.arch])
    sources = {n: frame[f"latency_{n}_ms"].to_numpy()[:100] for n in ("samsung_a50", "silver_4114", "essential_ph_1")}
    start = KnownDevices.fit(columns[:100], sources, frame.arch.to_numpy(str)[:100])
    truth = frame.latency_raspi4_ms.to_numpy()
    found = fit_new_device(columns[100:110], truth[100:110], start)
    assert spearman(found.device.predict(columns[110:]), truth[110:]) > 0.9
