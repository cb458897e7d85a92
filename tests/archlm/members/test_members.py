"""Prior, cross-domain head, task model and their scales on networks with a known truth."""

from __future__ import annotations

import random

import numpy as np
import pytest

from archlm.members.cross_domain import CrossDomainHead
from archlm.members.cross_scale import CrossScale
from archlm.members.prior import TrainingFreePrior
from archlm.members.rank_trees import RankTreesConfig
from archlm.members.task_model import TaskModel
from archlm.members.value_scale import ValueScale, normal_scores
from encoders import features
from onnx_bench import spaces
from onnx_bench.arrays import Floats


@pytest.fixture(scope="module")
def cells() -> Floats:
    space, rng = spaces.get("nasbench201"), random.Random(0)
    return features.compute_many([space.build(space.sample(rng)) for _ in range(300)])


def truth(cells: Floats) -> Floats:
    return cells[:, features.NAMES.index("log_macs")] - 2 * cells[:, features.NAMES.index("pool_share")]


def test_prior_scores_alone_as_in_a_batch(cells: Floats) -> None:
    prior = TrainingFreePrior.fit([cells])
    assert prior.score(cells).std() == pytest.approx(1.0)
    assert prior.score(cells[:1])[0] == prior.score(cells)[0]
    np.testing.assert_allclose(prior.contributions(cells).sum(axis=1), prior.score(cells))
    assert TrainingFreePrior.from_json(prior.to_json()) == prior


TREES = RankTreesConfig(members=2, rounds=20, min_leaf=5)


def head(*spaces: tuple[Floats, Floats], weight: float) -> CrossDomainHead:
    return CrossDomainHead.fit(list(spaces), weight=weight, config=TREES, threads=1)


@pytest.mark.parametrize("weight", [0.0, 0.5])
def test_head_contributions_follow_the_score(cells: Floats, weight: float) -> None:
    found = head((cells, normal_scores(truth(cells))), weight=weight)
    rest = found.score(cells) - found.contributions(cells).sum(axis=1)
    np.testing.assert_allclose(rest, rest[0], atol=1e-6)


def test_head_is_the_prior_with_the_trees_by_weight(cells: Floats) -> None:
    space = cells, normal_scores(truth(cells))
    bare, some, more = (head(space, weight=weight) for weight in (0.0, 0.5, 1.0))
    np.testing.assert_array_equal(bare.score(cells), bare.prior.score(cells))
    np.testing.assert_allclose(more.score(cells) - some.score(cells), 0.5 * some.trees.score(cells))
    assert some.trees.score(cells).std() > 0.1
    assert some.score(cells[:1])[0] == some.score(cells)[0]


def test_head_hears_spaces_not_their_sizes(cells: Floats) -> None:
    """A space of 250 networks and one of 50 in which all is reversed: neither side wins by number."""
    target = normal_scores(truth(cells))
    many, few = (cells[:250], target[:250]), (cells[250:], -target[250:])
    even = head(many, few, weight=1.0).trees.score(cells)
    alone = head(many, weight=1.0).trees.score(cells)
    assert np.corrcoef(alone, target)[0, 1] > 0.8
    assert np.polyfit(target, even, 1)[0] < 0.4 * np.polyfit(target, alone, 1)[0]


def test_task_model_learns_a_ranking(cells: Floats) -> None:
    values = 90 + truth(cells)
    model = TaskModel.fit(cells[:200], values[:200])
    assert np.corrcoef(model.predict(cells[200:]), values[200:])[0, 1] > 0.9
    assert values[:200].min() - 1e-6 <= model.predict(cells).min()


def test_value_scale_inverts_itself() -> None:
    values = np.random.default_rng(0).gamma(2.0, 3.0, 500)
    scale = ValueScale.fit(values)
    inner = np.quantile(values, np.linspace(0.02, 0.98, 20))
    np.testing.assert_allclose(scale.to_value(scale.to_score(inner)), inner, rtol=1e-6)
    assert scale.percentile(np.array([np.median(values)]))[0] == pytest.approx(50, abs=1)
    assert ValueScale.from_json(scale.to_json()) == scale


def test_cross_scale_rises_and_widens_with_its_error() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=400)
    normals = scores + rng.normal(scale=0.5, size=400)
    scale = ValueScale.fit(rng.normal(90, 2, 400))
    narrow = CrossScale.fit(scores, normals, np.ones(400), error=0.2)
    wide = CrossScale.fit(scores, normals, np.ones(400), error=1.0)
    asked = np.linspace(-3, 3, 50)
    assert (np.diff(narrow.to_normal(asked)) >= 0).all()
    widths = [np.subtract(*reversed(c.interval(asked, scale)[::2])).mean() for c in (narrow, wide)]
    assert widths[1] > 2 * widths[0]
    assert CrossScale.from_json(wide.to_json()) == wide
