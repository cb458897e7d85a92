"""The proxies' protocol: how it ranks, and that our values are the published ones where chance does not matter."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from encoders import proxies
from onnx_bench import spaces
from train.common import spearman
from train.protocols.proxies import ACCURACY, PUBLISHED, cells, compare


def test_what_is_not_defined_ranks_lowest() -> None:
    table = pd.DataFrame({"zc_cifar10_nwot": [-1e8, 3.0, 2.0, 4.0], ACCURACY: [10.0, 70.0, 80.0, 90.0]})
    row = compare("naswot", np.array([math.nan, -7.0, -6.0, -5.0]), table)
    assert row["rho"] == pytest.approx(1.0)
    assert row["rho_published"] == pytest.approx(0.8)
    assert row["difference"] == pytest.approx(0.2)
    assert (row["cells"], row["defined"]) == (4, 3)


def test_every_proxy_is_compared() -> None:
    assert tuple(PUBLISHED) == proxies.NAMES


@pytest.mark.data
def test_cells_are_drawn_by_the_seed(shared_data: Path) -> None:
    first, again, other = (cells(shared_data, 50, seed).arch.tolist() for seed in (0, 0, 1))
    assert first == again != other
    assert len(set(first)) == 50


@pytest.mark.data
def test_synflow_is_the_published_one(shared_data: Path) -> None:
    """It needs no batch, so only the random weights differ."""
    table = cells(shared_data, 8, seed=1)
    space = spaces.get("nasbench201")
    ours = proxies.compute_many([space.build(arch) for arch in table.arch], ["synflow"])[:, 0]
    assert np.abs(ours - table.zc_cifar10_synflow.to_numpy()).max() < 0.5


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize(("name", "least"), [("naswot", 0.9), ("jacov", 0.8)])
def test_other_proxies_rank_as_the_published_ones(shared_data: Path, name: str, least: float) -> None:
    table = cells(shared_data, 60, seed=1)
    space = spaces.get("nasbench201")
    ours = proxies.compute_many([space.build(arch) for arch in table.arch], [name])[:, 0]
    assert spearman(ours, table[f"zc_cifar10_{PUBLISHED[name]}"].to_numpy()) > least
