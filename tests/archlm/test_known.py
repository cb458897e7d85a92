"""Neighbours are the nearest, and strangers are told from family."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from archlm.answer import FAMILIAR
from archlm.known import NEAREST, KnownArchitectures, embed
from onnx_bench.arrays import Floats


@pytest.fixture
def known() -> KnownArchitectures:
    rng = np.random.default_rng(0)
    dense, sparse = rng.normal(0, 1, (300, 5)), rng.normal(20, 5, (300, 5))
    names = [str(i) for i in range(400)]
    spaces = ["dense"] * 200 + ["sparse"] * 200
    index = KnownArchitectures.fit(names, spaces, np.concatenate([dense[:200], sparse[:200]]))
    for space, held_out in (("dense", dense[200:]), ("sparse", sparse[200:])):
        index.familiar[space] = np.sort(index.novelty(held_out))
    return index


def as_embeddings(known: KnownArchitectures, places: list[int]) -> Floats:
    """What the points at `places` were before they were standardised. Shapes: [B, D]."""
    return known.points[places] * known.scale + known.centre


def test_nearest_is_itself(known: KnownArchitectures) -> None:
    places, distances = known.nearest(as_embeddings(known, [3, 250]))
    assert places.shape == distances.shape == (2, NEAREST)
    assert places[:, 0].tolist() == [3, 250]
    assert distances[:, 0] == pytest.approx(0, abs=1e-5)
    assert (np.diff(distances, axis=1) >= 0).all()


def test_networks_of_torchvision_are_named_as_such(known: KnownArchitectures) -> None:
    index = replace(known, names=("torchvision:vgg16@224", *known.names[1:]))
    near = index.nearest(as_embeddings(index, [0, 1]))
    guest, host = (index.describe(near, row)[0] for row in (0, 1))
    assert (guest["space"], guest["name"]) == ("torchvision", "vgg16@224")
    assert (host["space"], host["name"]) == ("dense", "1")


def test_nearest_is_what_a_full_search_finds(known: KnownArchitectures) -> None:
    queries = np.random.default_rng(2).normal(8, 8, (300, 5))  # more than one batch of queries
    places, distances = known.nearest(queries, 4)
    full = np.linalg.norm(known.points[None] - ((queries - known.centre) / known.scale)[:, None], axis=2)
    np.testing.assert_allclose(distances, np.sort(full, axis=1)[:, :4], rtol=1e-4)
    np.testing.assert_allclose(np.take_along_axis(full, places, axis=1), distances, rtol=1e-4)
    np.testing.assert_allclose(known.novelty(queries), distances[:, 0])


def test_spaces_count_the_same() -> None:
    """The centre lies between spaces whatever their sizes; a constant column has a scale to divide by."""
    embeddings = np.array([[0.0, 5.0]] * 9 + [[4.0, 5.0]])
    index = KnownArchitectures.fit([str(i) for i in range(10)], ["many"] * 9 + ["one"], embeddings)
    assert index.centre == pytest.approx([2.0, 5.0])
    assert index.scale == pytest.approx([2.0, 0.02])


def test_members_are_familiar_and_strangers_are_not(known: KnownArchitectures) -> None:
    rng = np.random.default_rng(1)
    family = known.familiarity(rng.normal(0, 1, (500, 5)))
    assert np.mean(family.share < 0.05) < 0.12
    lonely = known.points.argmax() // known.points.shape[1]
    assert known.familiarity(as_embeddings(known, [lonely])).share == pytest.approx(1), "far from all others, but known"
    strangers = known.familiarity(np.array([[8.0] * 5, [1e6] * 5]))
    assert strangers.share == pytest.approx(1 / 101), "as far as none of the hundred held out"


def test_one_becomes_a_stranger_step_by_step(known: KnownArchitectures) -> None:
    """Nothing of one while it is familiar, all from twice as far on, and no jump between."""
    line = np.linspace(0, 12, 2000)[:, None] * np.ones(5) / np.sqrt(5)
    share, strange, near = known.familiarity(line, known.of_spaces(["dense"]))
    distance = near.distances[:, 0]
    np.testing.assert_array_equal(strange == 0, share >= FAMILIAR)
    edge = distance[strange == 0].max()
    assert (strange[distance >= 2.05 * edge] == 1).all() and (strange[distance <= 1.95 * edge] < 1).all()
    order = np.argsort(distance)
    assert (np.diff(strange[order]) >= 0).all() and np.diff(strange[order]).max() < 0.1


def test_a_space_of_too_few_to_tell_has_no_strangers(known: KnownArchitectures) -> None:
    few = replace(known, familiar={space: distances[:18] for space, distances in known.familiar.items()})
    share, strange, _ = few.familiarity(np.full((1, 5), 1e5))
    assert share >= FAMILIAR and strange == 0


def test_the_kind_that_knows_a_network_best_says(known: KnownArchitectures) -> None:
    """A space is known with another head as well, by few networks that lie far apart: theirs is the wider edge."""
    rng = np.random.default_rng(2)
    other = rng.normal(4, 3, (200, 5))
    both = known.with_kind("dense for another", "dense", [str(i) for i in range(100)], other[:100])
    both.familiar["dense for another"] = np.sort(both.novelty(other[100:], both.of_kind("dense for another")))
    asked = rng.normal(4, 3, (500, 5))
    share, strange, _ = both.familiarity(asked, both.of_spaces(["dense"]))
    assert np.mean(share < FAMILIAR) < 0.12 and ((strange > 0) == (share < FAMILIAR)).all()
    lone = known.familiarity(asked, known.of_spaces(["dense"]))
    assert np.mean(lone.share < FAMILIAR) > 0.5, "the default kind alone calls them strangers"
    beside = both.familiarity(np.full((1, 5), -4.0), both.of_spaces(["dense"]))
    assert beside.strange > 0, "the wide edge is about the networks of its own kind, not about the default ones"


def test_search_within_some(known: KnownArchitectures) -> None:
    only = known.of_spaces(["sparse"])
    assert only.tolist() == [space == "sparse" for space in known.spaces]
    places, _ = known.nearest(np.zeros((1, 5)), only=only)
    assert only[places].all()
    assert not only[known.nearest(np.zeros((1, 5))).places].any()
    assert known.nearest(np.zeros((0, 5))).places.shape == (0, NEAREST)


def test_predictions_are_filled_in(known: KnownArchitectures) -> None:
    assert known.predicted.shape == (400, 0)
    predicted = np.arange(800.0).reshape(400, 2)
    filled = known.with_predictions(predicted)
    np.testing.assert_array_equal(filled.predicted, predicted)
    assert filled.points is known.points and filled.familiar is known.familiar


def test_an_embedding_tells_apart_by_numbers_and_by_wiring(known: KnownArchitectures) -> None:
    """Networks with equal features but other vectors of the graph network are not neighbours."""
    features, vectors = np.zeros((40, 3)), np.repeat([[0.0, 1.0], [1.0, 0.0]], 20, axis=0).astype(np.float32)
    embeddings = embed(features, vectors)
    assert embeddings.shape == (40, 5) and embeddings.dtype == np.float64
    assert embeddings[0].tolist() == [0, 0, 0, 0, 1]
    index = KnownArchitectures.fit([str(i) for i in range(40)], ["all"] * 40, embeddings)
    assert (index.nearest(embed(features[:1], vectors[30:31])).places >= 20).all()
    assert index.novelty(embed(features[:1] + 1, vectors[:1])) > index.novelty(embeddings[:1]) + 1
