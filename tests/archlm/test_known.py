"""Neighbours are the nearest, and strangers are told from family."""

from __future__ import annotations

import numpy as np
import pytest

from archlm.known import KnownArchitectures


@pytest.fixture
def known() -> KnownArchitectures:
    rng = np.random.default_rng(0)
    dense, sparse = rng.normal(0, 1, (300, 5)), rng.normal(20, 5, (300, 5))
    names = [str(i) for i in range(400)]
    spaces = ["dense"] * 200 + ["sparse"] * 200
    index = KnownArchitectures.fit(names, spaces, np.concatenate([dense[:200], sparse[:200]]))
    for space, held_out in (("dense", dense[200:]), ("sparse", sparse[200:])):
        index.familiar[space] = np.sort(index.novelty(held_out)[0])
    return index


def test_nearest_is_itself(known: KnownArchitectures) -> None:
    places, distances = known.nearest(known.features(np.array([3, 250])))
    assert places[:, 0].tolist() == [3, 250]
    assert distances[:, 0] == pytest.approx(0, abs=1e-6)
    assert (np.diff(distances, axis=1) >= 0).all()


def test_members_are_familiar_and_strangers_are_not(known: KnownArchitectures) -> None:
    rng = np.random.default_rng(1)
    family, _ = known.in_distribution(rng.normal(0, 1, (500, 5)))
    assert np.mean(family < 0.05) < 0.12
    strangers, _ = known.in_distribution(np.full((1, 5), 8.0))
    assert strangers[0] < 0.05


def test_search_within_some(known: KnownArchitectures) -> None:
    only = np.array(known.spaces) == "sparse"
    places, _ = known.nearest(np.zeros((1, 5)), only=only)
    assert only[places].all()
    assert known.nearest(np.zeros((0, 5))).places.shape == (0, 3)
