"""What the protocols of few labels report, on made-up networks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from archlm.finetuning.sample import Sample
from archlm.members.prior import TrainingFreePrior
from encoders.graph_network import GraphNetwork, GraphNetworkConfig
from encoders.quality_model import QualityModel
from onnx_bench import spaces
from tests.train.test_fit import labelled
from train.few_labels import Start, few_label_rows, start_from
from train.protocols.p3_few_labels import noise_ceiling, run_deviations
from train.protocols.p3_sixteen_labels import wins


@pytest.fixture(scope="module")
def start() -> Start:
    space = labelled("nasbench201", "cifar10")
    known = space.known
    features, values = space.features[known.rows], known.targets["cifar10"]
    rng = np.random.default_rng(0)
    vectors = np.column_stack([values + rng.normal(0, 0.3, len(values)), rng.normal(size=(len(values), 7))])
    sample = Sample.from_arrays(features, vectors, vectors[:, :2], space.macs[known.rows], -values, known.graphs)
    prior = TrainingFreePrior.fit([space.features])
    return Start(space, sample, (), {"cifar10": -values}, (), prior)


def test_every_score_is_judged_on_the_networks_without_a_label(start: Start) -> None:
    rows = few_label_rows(start, "cifar10", 12, draw=0)
    assert {row["n"] for row in rows} == {len(start.space.known.rows) - 12}
    by_name = {row["score"]: row for row in rows}
    assert by_name["graph network, no labels"]["rho"] == pytest.approx(-1.0), "the start is asked as it is"
    assert by_name["graph network, no labels"]["mae"] < 0.1, "a line through the labels turns it round"
    fitted = by_name["fine-tuned"]
    assert fitted["rho"] > 0.7 and fitted["mae"] < by_name["MACs"]["mae"] + 1.0
    assert 0.5 <= fitted["coverage"] <= 1
    assert few_label_rows(start, "cifar10", 12, draw=1)[-1]["rho"] != fitted["rho"]


def test_other_networks_stand_as_those_of_the_table_do() -> None:
    space = labelled("nasbench201", "cifar10")
    rest = replace(space, space="nasbench101", targets={"cifar100": space.values})
    torch.manual_seed(0)
    config = GraphNetworkConfig(width=16, layers=1, embedding=8)
    models = [QualityModel(GraphNetwork(config), config.embedding).eval() for _ in range(2)]
    start = start_from(models, [rest], space, ["cifar100"])
    places = [0, 3, 4]
    graphs = [spaces.get(space.space).build(space.archs[space.known.rows[place]]) for place in places]
    found, wanted = start.of(graphs, "cifar10"), start.sample_for("cifar10").take(np.array(places))
    assert found.blocks.keys() == wanted.blocks.keys()
    for name, block in found.blocks.items():
        np.testing.assert_allclose(block, wanted.blocks[name], rtol=1e-3, atol=1e-4, err_msg=name)


def test_wins_count_triples() -> None:
    table = pd.DataFrame([
        {"space": "s", "task": "t", "draw": draw, "score": score, "rho": rho}
        for draw, row in enumerate([(0.9, 0.8, 0.7), (0.5, 0.6, 0.1), (0.5, 0.1, 0.6), (0.4, 0.1, 0.1)])
        for score, rho in zip(("fine-tuned", "LightGBM on features", "MACs"), row, strict=True)
    ])  # fmt: skip
    share = wins(table)
    assert share["triples"] == 4
    assert share["better than LightGBM on features"] == 0.75 == share["better than MACs"]
    assert share["better than LightGBM and MACs"] == 0.5


def test_noise_lowers_the_ceiling() -> None:
    values = np.random.default_rng(1).normal(90, 2, 2000)
    assert noise_ceiling(values, 1e-9) > 0.999
    assert 0.75 < noise_ceiling(values, 0.5) < 0.92
    assert noise_ceiling(values, 0.5) > noise_ceiling(values, 2.0)


def test_the_deviation_of_a_run_comes_from_isomorphic_cells() -> None:
    rng = np.random.default_rng(0)
    prints = np.repeat([f"network {i}" for i in range(500)], 2)
    values = np.repeat(rng.normal(50, 10, 500), 2) + rng.normal(0, 0.3, 1000)
    alone = np.array([*prints, "trained once"]), np.array([*values, 1000.0])
    space = replace(labelled("nasbench201", "cifar10"), fingerprints=alone[0], targets={"cifar10": alone[1]})
    assert run_deviations(space)["cifar10"] == pytest.approx(0.3, rel=0.15)
