"""What the protocols of the generator count."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from archlm.generation.evolve import EXCEEDING
from archlm.generation.oracle import Oracle
from archlm.predictor import Predictor
from onnx_bench import spaces
from onnx_bench.graph import ArchGraph
from train import generation_tables
from train.protocols.p7_generation import Part, RowPredictor, Table, baseline_rows, first_and_mean
from train.protocols.p8_budgets import COUNT, DEVICES, best_distinct, random_budget, written_costs
from train.records import Labelled

SPACE = spaces.get("transnas_micro")


def labelled(archs: list[str]) -> Labelled:
    names, nothing = np.array(archs), np.zeros(len(archs))
    prints = np.array([SPACE.build(arch).fingerprint() for arch in archs])
    return Labelled(SPACE.name, names, prints, prints, np.zeros((len(archs), 1)), nothing, nothing, {})


def convolutions(archs: list[str]) -> list[float]:
    return [float(arch.count("3")) for arch in archs]


def test_values_are_looked_up_by_name_and_by_fingerprint() -> None:
    known = ["64-41414-3_33_333", "64-41414-1_00_000"]
    table = Table(labelled(known), np.array([5.0, 1.0]), share=0.5)
    same = "64-41414-2_00_000"  # no way through the cell either
    found = table.measured([known[0], same, "64-41414-2_22_222"])
    assert found[0] == 5.0 and np.isnan(found[2])
    assert found[1] == 1.0 and table.distinct([*known, same]) == 2
    row = first_and_mean(table, ["64-41414-2_22_222", *known], [known[0], "64-41414-2_22_222"])
    assert row["best of first 1"] == 5.0 and np.isnan(row["best of first 5"])
    assert row["guided mean"] == 5.0 and row["found"] == 1 and row["generated"] == 2


def test_the_judge_says_what_is_predicted_of_the_same_network() -> None:
    known = ["64-41414-3_33_333", "64-41414-1_00_000"]
    table = Table(labelled(known), np.array([5.0, 1.0]))
    asked: list[int] = []

    def others(graphs: Sequence[ArchGraph]) -> NDArray[np.float64]:
        asked.append(len(graphs))
        return np.array([float(graph.params) for graph in graphs])

    judge = RowPredictor(np.array([0.25, 0.5]), others).judge(table)
    assert judge([known[1], known[0]]) == [0.5, 0.25] and not asked
    absent = "64-41414-2_22_222"
    expected = [float(SPACE.build(absent).params), 0.25]
    assert judge([absent, known[0]]) == judge([absent, known[0]]) == expected
    assert asked == [1], "each is asked once"


def test_every_seed_is_run_once() -> None:
    for labels in ("0", "100", "look-up"):
        shares = Part("nasbench201", "cifar10", labels).shares(7)
        assert [seed for share in shares for seed in share] == list(range(7))
    assert len(Part("nasbench201", "cifar10", "look-up").shares(7)) == 1


def test_the_best_four_are_different_networks_within_the_budgets() -> None:
    oracle = Oracle(Predictor.from_pretrained(), SPACE.name, "transnas/class_scene")
    same = ["64-41414-1_00_000", "64-41414-2_00_000"]
    assert oracle.identity(same[0]) == oracle.identity(same[1])
    archs = [*same, "64-41414-3_33_333", "64-41414-2_22_222", "64-41414-3_33_332", "64-41414-3_33_323"]
    values = [9.0, 8.5, 7.0, 2 * EXCEEDING, 5.0, 6.0]
    assert best_distinct(oracle, archs, values) == [9.0, 7.0, 6.0, 5.0]
    assert len(best_distinct(oracle, archs, values)) == COUNT
    assert best_distinct(oracle, archs[:1], [EXCEEDING]) == []


def test_random_sampling_has_as_many_calls() -> None:
    archs = random.Random(0).sample(list(SPACE.architectures()), 200)
    values = np.array(convolutions(archs))
    part = Table(labelled(archs), values, share=0.1)
    fair, knowing = baseline_rows(part, values, 200, seed=1).values()
    assert knowing["best of first 1"] == values.max() and knowing["generated"] == 200
    assert fair["generated"] == 20, "nine of ten draws are of architectures that nobody measured"
    assert fair["best of first 1"] <= values.max() and fair["guided mean"] < values.max()


def test_budgets_are_feasible_and_counted_on_files() -> None:
    predictor = Predictor.from_pretrained()
    oracle = Oracle(predictor, "nats_size", "cifar10", tuple(map("latency/".__add__, DEVICES)))
    condition = random_budget(oracle, "cifar10", np.random.default_rng(0))
    assert condition.budgets
    arch = spaces.get("nats_size").sample(random.Random(int(np.random.default_rng(0).integers(1 << 31))))
    assert all(oracle.costs(arch)[name] <= most for name, most in condition.budgets.items())
    counted = written_costs(predictor, oracle.graph(arch).to_onnx().SerializeToString(), condition.budgets)
    for name in condition.budgets:
        assert counted[name] <= oracle.costs(arch)[name] * (1 + 1e-9)


def test_tables_show_medians(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(generation_tables, "RESULTS", tmp_path)
    base = {"space": "nasbench201", "task": "cifar10", "labels": "0"}
    rows = [
        base | {"method": method, "unique": 9, "new": 4, "generated": 10, "p85": 1.0, "p95": 2.0, "optimum": 3.0}
        for method in ("unguided", "uniform")
    ]
    for seed, best in enumerate((1.0, 2.0, 9.0)):
        rows.append(base | {"method": "generated", "seed": seed, "guided mean": best, "distinct": 7, **{
            f"best of first {n}": best for n in (1, 2, 10)}})  # fmt: skip
    pd.DataFrame(rows).to_csv(tmp_path / "p7_generation.csv", index=False)
    heading, table = generation_tables.generation()
    assert "nasbench201 90.0%" in heading
    assert table["best of 2"].tolist() == ["2.00"] and table.seeds.tolist() == [3]
