"""`archlm inspect`: the layer table and the numbers below it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from onnx import numpy_helper, parser

from onnx_bench.reader import read_graph
from tests.archlm.cli.conftest import Run


def test_the_numbers_of_a_known_network(archlm_command: Run, example: Path) -> None:
    told = json.loads(archlm_command("inspect", example, "--json").stdout)
    graph = read_graph(example)
    # 21 batch norms are folded: 11,689,512 learned scalars lose a scale and keep a bias per channel.
    assert told["params_effective"] == 11_689_512 - 4800 == sum(layer["params"] for layer in told["layers"])
    assert told["macs"] == 1_814_073_344 == sum(layer["macs"] for layer in told["layers"])
    assert told["fingerprint"] == graph.fingerprint() and told["num_nodes"] == graph.num_nodes
    # The first sum of a 64x56x56 tensor and its shortcut comes after the 64x112x112 stem and its activation.
    assert told["peak_activation_bytes"] == 2 * 64 * 112 * 112 * 4
    assert told["error"] is None and told["layers"][0]["shape"] == [1, 3, 224, 224]


def test_the_table_for_people(archlm_command: Run, example: Path) -> None:
    shown = archlm_command("inspect", example)
    assert shown.exit_code == 0, shown.stderr
    assert "11.7 M effective" in shown.stdout and "1.81 G" in shown.stdout and "1x512x7x7" in shown.stdout
    assert read_graph(example).fingerprint() in shown.stdout


def test_an_architecture_string(archlm_command: Run) -> None:
    arch = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|"
    shown = archlm_command("inspect", arch, "--space", "nasbench201", "--json")
    assert shown.exit_code == 0, shown.stderr
    told = json.loads(shown.stdout)
    assert told["params_effective"] < told["params_stored"] and told["warnings"]


@pytest.mark.parametrize(("readings", "said"), [(1, False), (3, True)])
def test_shared_weights_are_explained(archlm_command: Run, tmp_path: Path, readings: int, said: bool) -> None:
    body = " ".join(f"x{i + 1} = Conv <pads = [1, 1, 1, 1]> (x{i}, w)" for i in range(readings))
    text = f'<ir_version: 8, opset_import: ["": 17]> g (float[1,3,8,8] x0) => (float x{readings}) {{ {body} }}'
    made = parser.parse_model(text)
    made.graph.initializer.append(numpy_helper.from_array(np.ones((3, 3, 3, 3), np.float32), "w"))
    (tmp_path / "net.onnx").write_bytes(made.SerializeToString())
    shown = archlm_command("inspect", tmp_path / "net.onnx").stdout
    assert f"{81 * readings} effective, 81 stored" in shown
    assert ("shared ones count for every use" in shown) is said


def test_a_bad_file_is_an_error_in_both_forms(archlm_command: Run, tmp_path: Path) -> None:
    bad = tmp_path / "page\x1b[31m.onnx"
    bad.write_text("<!doctype html><title>404</title>")
    shown = archlm_command("inspect", bad)
    assert shown.exit_code == 1 and shown.stdout == ""
    assert "(MalformedModelError)" in shown.stderr and "\x1b" not in shown.stderr
    told = json.loads(archlm_command("inspect", bad, "--json").stdout)
    assert told["error"]["type"] == "MalformedModelError" and "HTML" in told["error"]["message"]


def test_a_missing_file_is_an_error(archlm_command: Run, tmp_path: Path) -> None:
    assert archlm_command("inspect", tmp_path / "none.onnx").exit_code == 1


def test_an_unknown_space_is_a_usage_error(archlm_command: Run) -> None:
    shown = archlm_command("inspect", "x", "--space", "nasbench2001")
    assert shown.exit_code == 2 and "nasbench201" in shown.stderr


def test_a_directory_of_several_files_is_a_usage_error(archlm_command: Run, tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.onnx").write_bytes(b"")
    assert archlm_command("inspect", tmp_path).exit_code == 2
