"""Fitting every part on small made-up spaces, and writing them as weights that answer."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from archlm import Predictor
from archlm.members.blend import MEMBERS
from archlm.members.neural_members import NeuralMembers
from archlm.members.rank_trees import RankTreesConfig
from archlm.weights_store import write_weights
from encoders import features, tensors, text
from encoders.graph_batch import GraphBatch
from encoders.graph_network import GraphNetwork, GraphNetworkConfig
from encoders.quality_model import QualityModel
from encoders.text_encoder import TextEncoder
from encoders.text_encoder_config import TextEncoderConfig
from encoders.text_tokenizer import ArchTokenizer
from onnx_bench import spaces
from train import fit
from train.common import spearman
from train.heads import drawing_of, drawings, drawn_for, drawn_otherwise, other_heads
from train.members import TrainedMembers, all_scores, embeddings, exported, held_out_scores
from train.neural import graph_space, task_scales
from train.records import Distinct, Drawn, Labelled

NETWORKS = 240
OTHER = "imagenet16-120"
"""A task whose head NAS-Bench-201 has beside the default one."""


def labelled(name: str, task: str) -> Labelled:
    """Networks whose value is their size less their pooling, with noise; the isomorphic ones among them are one.

    Those of NAS-Bench-201 were measured on another task too, the other way round, for which they have another head.
    """
    space, rng = spaces.get(name), random.Random(1)
    archs = [space.sample(rng) for _ in range(NETWORKS)]
    graphs = [space.build(arch) for arch in archs]
    table = features.compute_many(graphs)
    size, pooling = (table[:, features.NAMES.index(n)] for n in ("log_sqrt_macs", "pool_share"))
    values = 70 + 2 * size - 5 * pooling + np.random.default_rng(0).normal(0, 0.2, NETWORKS)
    prints = np.array([g.fingerprint() for g in graphs])
    sizes = np.array([(g.params, g.macs) for g in graphs], dtype=float)
    _, rows, place = np.unique(prints, return_index=True, return_inverse=True)
    means = np.bincount(place, weights=values) / np.bincount(place)
    distinct = Distinct(
        rows, place, GraphBatch.of([tensors.to_arrays(graphs[i]) for i in rows]),
        np.array([text.encode(graphs[i]) for i in rows], dtype=object), {task: means},
    )  # fmt: skip
    targets = {task: values}
    if name == "nasbench201":
        others = [space.build(archs[i], task=OTHER) for i in rows]
        drawn = Drawn(
            features.compute_many(others), GraphBatch.of([tensors.to_arrays(g) for g in others]),
            np.array([text.encode(g) for g in others], dtype=object), (OTHER,),
        )  # fmt: skip
        targets[OTHER] = -values
        distinct = replace(distinct, targets={task: means, OTHER: -means}, heads=(drawn,))
    return Labelled(name, np.array(archs), prints, prints, table, sizes[:, 0], sizes[:, 1], targets, distinct)


@pytest.fixture(scope="module")
def sources() -> list[Labelled]:
    return [
        labelled("nasbench101", "cifar10"), labelled("nasbench201", "cifar10"),
        labelled("mnasnet", "imagenet-1k-proxy"),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def members(sources: list[Labelled]) -> NeuralMembers:
    """Untrained networks, small: what they say is worth nothing, and the blend must notice."""
    torch.manual_seed(0)
    small = GraphNetworkConfig(width=16, layers=2, embedding=8)
    tokenizer = ArchTokenizer.train([t for s in sources for t in s.known.texts[:20]], 256)
    encoder = TextEncoder.new(tokenizer, TextEncoderConfig(hidden=16, layers=1, heads=2, intermediate=16))
    graph = tuple(QualityModel(GraphNetwork(small), 8).eval() for _ in range(2))
    trained = TrainedMembers(graph, QualityModel(encoder, 16).eval())
    return exported(trained, ["cifar10", OTHER, "imagenet-1k-proxy"])


def test_every_part_is_fitted_and_answers(sources: list[Labelled], members: NeuralMembers, tmp_path: Path) -> None:
    unseen = held_out_scores(members, sources)
    small = RankTreesConfig(members=2, rounds=20)
    left_out = [(fit.fit_head([o for o in sources if o is not s], 1.0, config=small), s) for s in sources]
    weight = fit.choose_tree_weight(left_out)
    assert weight in fit.TREE_WEIGHTS
    errors = fit.cross_errors(left_out, sources)
    assert set(errors) == {"cifar10", OTHER, "imagenet-1k-proxy"}
    assert all(error > 0 for error in errors.values())
    head = fit.fit_head(sources, weight, config=small)
    found = {task: fit.calibrate(sources, task, unseen) for task in errors}
    usual = fit.usual_moments([c.moments(c.everything()) for c in found.values()])
    tasks = {task: fit.fit_task(sources, task, head, errors[task], found[task], usual) for task in errors}
    assert tasks["cifar10"].spaces == ("nasbench101", "nasbench201")
    low, high = sorted(tasks["cifar10"].widths.values())
    assert 0 < low < 1 < high
    assert list(tasks["imagenet-1k-proxy"].widths.values()) == [pytest.approx(1)]
    assert all(b.weights[MEMBERS.index("features")] >= 0.8 for b in tasks["cifar10"].blends.values())

    points = embeddings(members, sources)
    known, indexed = fit.fit_known(sources, points)
    assert set(known.spaces) == {s.space for s in sources}
    assert [(i.space.space, i.drawing) for i in indexed] == [
        ("nasbench101", 0), ("nasbench201", 0), ("mnasnet", 0), ("nasbench201", 1)
    ]  # fmt: skip
    assert set(known.kinds) == {*known.spaces, f"nasbench201 for {OTHER}"} == set(known.familiar)
    for entry in indexed:
        embedded = points[entry.space.space][entry.drawing]
        share = known.familiarity(embedded).share
        assert len(entry.rows) == len(embedded) == known.of_kind(entry.kind).sum()
        assert (share > 0.9).all(), "whatever its head, a known network is familiar"
    known = known.with_predictions(np.concatenate([all_scores(members, i.drawn)[0] for i in indexed]))
    write_weights(tmp_path, head, known, members, tasks, {"seed": 0})
    read = Predictor.from_pretrained(tmp_path)
    assert read.weights.task("cifar10").widths == tasks["cifar10"].widths
    assert read.weights.known.kinds == known.kinds
    arch = sources[1].archs[0]
    table = read.predict([spaces.get("nasbench201").build(arch, task=task) for task in (None, OTHER)], list(errors))
    assert table.error.isna().all()
    of_head = table.pivot_table(index="arch", columns="task", values="mean", aggfunc=list)
    assert np.allclose(of_head["cifar10"].iloc[0], sources[1].values[0], atol=3)
    assert np.allclose(of_head[OTHER].iloc[0], -sources[1].values[0], atol=3), "with either head"


def test_held_out_networks_are_a_fifth_and_calibrate(sources: list[Labelled], members: NeuralMembers) -> None:
    unseen = held_out_scores(members, sources)
    for space in sources:
        assert unseen[space.space].mask.mean() == pytest.approx(0.2, abs=0.02)
    found = fit.calibrate(sources, "cifar10", unseen)
    assert found.scores.shape == (len(found.rows.y), len(MEMBERS))
    seen = fit.task_rows(sources, "cifar10", {name: ~held.mask for name, held in unseen.items()})
    assert len(seen.y) + len(found.rows.y) == sum(len(s.known.rows) for s in sources[:2])
    assert not set(seen.groups) & set(found.rows.groups)
    assert spearman(found.scores[:, 0], found.rows.y) > 0.9


def test_take_keeps_rows_together(sources: list[Labelled]) -> None:
    some = sources[0].take(np.array([5, 2]))
    assert some.archs.tolist() == sources[0].archs[[5, 2]].tolist()
    assert some.values.tolist() == sources[0].values[[5, 2]].tolist()
    assert len(some) == 2
    with pytest.raises(ValueError, match="cut by rows"):
        _ = some.known


def test_distinct_networks_alone(sources: list[Labelled]) -> None:
    mask = np.zeros(len(sources[0].known.rows), bool)
    mask[[3, 7]] = True
    some = sources[0].of_distinct(mask)
    assert len(some) == len(some.known.graphs) == 2
    assert some.values.tolist() == sources[0].known.targets["cifar10"][[3, 7]].tolist()
    assert some.known.texts.tolist() == sources[0].known.texts[[3, 7]].tolist()


def test_a_space_is_drawn_with_every_head(sources: list[Labelled]) -> None:
    space = sources[1]
    assert other_heads(space) == [(OTHER,)] and other_heads(sources[0]) == []
    assert (drawing_of(space, "cifar10"), drawing_of(space, OTHER), drawing_of(space, "unknown")) == (0, 1, 0)
    default, other = drawings(space)
    assert drawn_for(space, OTHER) is other
    assert not np.array_equal(default.features, other.features)
    first, mixed = drawn_otherwise(space)
    np.testing.assert_array_equal(first, default.features)
    of_other = (mixed == other.features).all(axis=1)
    np.testing.assert_array_equal(mixed[~of_other], default.features[~of_other])
    assert 0.3 < of_other.mean() < 0.7
    rows = fit.task_rows(sources, OTHER)
    np.testing.assert_array_equal(rows.x, other.features)
    np.testing.assert_array_equal(rows.otherwise, [first, mixed])
    assert fit.task_rows(sources, "imagenet-1k-proxy").otherwise.shape[0] == 0
    masks = fit.whole(sources) | {space.space: np.zeros(len(default.features), bool)}
    width = default.features.shape[1]
    left = fit.task_rows(sources, "cifar10", masks)
    assert set(left.spaces) == {"nasbench101"} and left.otherwise.shape == (2, len(left.y), width)
    assert fit.task_rows([space], OTHER, masks).otherwise.shape == (2, 0, width)


def test_half_of_a_batch_has_other_heads(sources: list[Labelled]) -> None:
    space = sources[1]
    mask = np.zeros(len(space.known.rows), bool)
    mask[3:] = True
    part = graph_space(space, mask, task_scales(sources, {s.space: np.ones(len(s.known.rows), bool) for s in sources}))
    picked = np.arange(len(part.targets))[::-1].copy()
    inputs = part.inputs(picked)
    default, other = (drawn.features[mask][picked].astype(np.float32) for drawn in drawings(space))
    of_other = (inputs["features"] == other).all(axis=1)
    np.testing.assert_array_equal(inputs["features"], np.where(of_other[:, None], other, default))
    assert 0.3 < of_other.mean() < 0.7
    graphs = [drawings(space)[int(which)].graphs for which in of_other]
    expected = GraphBatch.join([g.take(mask.nonzero()[0][[i]]) for g, i in zip(graphs, picked, strict=True)])
    np.testing.assert_array_equal(inputs["x_num"], expected.x_num)
    again = part.inputs(picked)
    np.testing.assert_array_equal(again["features"], inputs["features"])
