"""NAS-Bench-301 is read from a folder of runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from onnx_bench.errors import MalformedRecordsError
from onnx_bench.records import Measurement, get_source
from onnx_bench.spaces.darts import DARTS

SOURCE = get_source("nasbench301")
PREFIX = "NetworkSelectorDatasetInfo:darts:"
CONFIG = {
    "OptimizerSelector:optimizer": "sgd", f"{PREFIX}layers": 8, f"{PREFIX}init_channels": 32,
    **{PREFIX + key: value for key, value in {
        "edge_normal_0": "skip_connect", "edge_normal_1": "sep_conv_3x3", "inputs_node_normal_3": "0_2",
        "edge_normal_2": "sep_conv_5x5", "edge_normal_4": "max_pool_3x3", "inputs_node_normal_4": "1_3",
        "edge_normal_6": "avg_pool_3x3", "edge_normal_8": "dil_conv_3x3", "inputs_node_normal_5": "0_4",
        "edge_normal_9": "dil_conv_5x5", "edge_normal_13": "sep_conv_3x3",
        "edge_reduce_0": "max_pool_3x3", "edge_reduce_1": "avg_pool_3x3", "inputs_node_reduce_3": "0_1",
        "edge_reduce_2": "skip_connect", "edge_reduce_3": "dil_conv_5x5", "inputs_node_reduce_4": "1_2",
        "edge_reduce_6": "sep_conv_3x3", "edge_reduce_7": "sep_conv_5x5", "inputs_node_reduce_5": "2_3",
        "edge_reduce_11": "sep_conv_3x3", "edge_reduce_12": "dil_conv_3x3",
    }.items()},
}  # fmt: skip
GENOTYPE = (
    "Genotype(normal=[('skip_connect', 0), ('sep_conv_3x3', 1), ('sep_conv_5x5', 0), ('max_pool_3x3', 2), "
    "('avg_pool_3x3', 1), ('dil_conv_3x3', 3), ('dil_conv_5x5', 0), ('sep_conv_3x3', 4)], normal_concat=[2, 3, 4, 5], "
    "reduce=[('max_pool_3x3', 0), ('avg_pool_3x3', 1), ('skip_connect', 0), ('dil_conv_5x5', 1), ('sep_conv_3x3', 1), "
    "('sep_conv_5x5', 2), ('sep_conv_3x3', 2), ('dil_conv_3x3', 3)], reduce_concat=[2, 3, 4, 5])"
)


def run(config: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A run as published; entries of `config` set to `None` are left out."""
    body = {key: value for key, value in (CONFIG | (config or {})).items() if value is not None}
    return {
        "final_metric_score": -93.5, "optimized_hyperparamater_config": body, "budget": 98,
        "info": [{"val_accuracy": 93.5, "epochs": 97, "model_parameters": 1}], "test_accuracy": 92.75, "runtime": 9,
    } | changes  # fmt: skip


def write(folder: Path, name: str, body: Any) -> Path:
    file = folder / "nb_301_v13" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(body if isinstance(body, str) else json.dumps(body))
    return folder / "nb_301_v13"


def test_a_run_becomes_a_genotype_with_both_accuracies(tmp_path: Path) -> None:
    folder = write(tmp_path, "random/results_fidelity_0/results_0.json", run())
    assert SOURCE.find(tmp_path) == [folder]
    [entry] = SOURCE.read(folder)
    assert entry.arch == GENOTYPE
    assert entry.measurements == (
        Measurement("cifar10", 93.5, "validation", 98, 1, "val_accuracy"),
        Measurement("cifar10", 92.75, "test", 98, 1, "test_accuracy"),
    )
    DARTS().parse(entry.arch)


def test_runs_come_by_path_and_one_without_a_test_has_no_test_accuracy(tmp_path: Path) -> None:
    write(tmp_path, "tpe/results_2.json", run(test_accuracy=None, budget=2))
    write(tmp_path, "de/results_10.json", run(budget=1))
    folder = write(tmp_path, "tpe/notes.json", "not a run")
    first, second = SOURCE.read(folder)
    assert [m.epochs for m in first.measurements] == [1, 1]
    assert [(m.split, m.epochs) for m in second.measurements] == [("validation", 2)]


@pytest.mark.parametrize(
    ("body", "message"),
    [("{", "cannot be read as JSON"), ("[" * 100_000, "cannot be read as JSON"), ("[]", "expected mapping"),
     ("9" * 5000, "cannot be read as JSON"), (" " * (1 << 20) + "{}", "larger than 1,048,576 bytes"),
     ({}, "no 'optimized_hyperparamater_config'"),
     (run({f"{PREFIX}layers": 20}), "layers is 20, NAS-Bench-301 has 8"),
     (run({f"{PREFIX}init_channels": None}), "no 'NetworkSelectorDatasetInfo:darts:init_channels'"),
     (run({f"{PREFIX}edge_normal_4": None}), "edge_normal_4"),
     (run({f"{PREFIX}edge_normal_4": "conv_9x9"}), "is no architecture of darts.*conv_9x9"),
     (run({f"{PREFIX}inputs_node_normal_3": "0_3"}), "inputs_node_normal_3 is '0_3', expected two states before 3"),
     (run({f"{PREFIX}inputs_node_normal_3": "0"}), "expected two states before 3"),
     (run({f"{PREFIX}inputs_node_normal_3": 2}), "found 2, expected str"),
     (run(info=[]), "info is empty"), (run(info=[{}]), "no 'val_accuracy'"),
     (run(info=[{"val_accuracy": "high"}]), "found 'high', expected a finite number"),
     (run(test_accuracy=float("inf")), "found inf, expected a finite number"),
     (run(budget=None), "budget: found None")],
)  # fmt: skip
def test_a_run_of_another_form_is_named(body: Any, message: str, tmp_path: Path) -> None:
    folder = write(tmp_path, "results_0.json", body)
    with pytest.raises(MalformedRecordsError, match=message) as caught:
        list(SOURCE.read(folder))
    assert "results_0.json" in str(caught.value)


def test_a_folder_without_runs_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "nb_301").mkdir()
    with pytest.raises(MalformedRecordsError, match="has no files results_"):
        list(SOURCE.read(tmp_path / "nb_301"))
