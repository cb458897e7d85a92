"""`archlm encode`: each form can be read back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from encoders import features, proxies, text
from onnx_bench import spaces
from onnx_bench.graph import ArchGraph
from onnx_bench.reader import read_graph
from tests.archlm.cli.conftest import Run


def test_text_is_read_back_as_the_same_architecture(archlm_command: Run, example: Path) -> None:
    shown = archlm_command("encode", example, "--as", "text")
    assert shown.exit_code == 0, shown.stderr
    assert text.decode(shown.stdout).fingerprint() == read_graph(example).fingerprint()


def test_features_are_the_library_s(archlm_command: Run, example: Path) -> None:
    told = json.loads(archlm_command("encode", example, "--as", "features").stdout)
    assert told == pytest.approx(dict(features.compute(read_graph(example))))


def test_graph_is_read_back(archlm_command: Run, example: Path) -> None:
    shown = archlm_command("encode", example, "--as", "graph")
    assert ArchGraph.from_bytes(shown.stdout.encode()).fingerprint() == read_graph(example).fingerprint()


def test_proxies_are_the_library_s(archlm_command: Run) -> None:
    cell = "|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|"
    shown = archlm_command("encode", cell, "--space", "nasbench201", "--as", "proxies", "--batch", "4")
    wanted = proxies.compute(spaces.get("nasbench201").build(cell), batch=4)
    assert json.loads(shown.stdout) == pytest.approx(wanted, rel=1e-3)


def test_a_proxy_that_is_not_defined_is_null_and_says_why(archlm_command: Run) -> None:
    cell = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
    shown = archlm_command("encode", cell, "--space", "nasbench201", "--as", "proxies")
    assert json.loads(shown.stdout)["naswot"] is None
    assert "naswot" in shown.stderr and "no pointwise activation" in shown.stderr


def test_an_unknown_form_is_a_usage_error(archlm_command: Run, example: Path) -> None:
    assert archlm_command("encode", example, "--as", "pickle").exit_code == 2
