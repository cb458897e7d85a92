"""PyTorch source: runs by itself, is short where the network repeats itself, and lets no foreign text in."""

from __future__ import annotations

import ast
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from onnx_bench.builder import GraphBuilder
from onnx_bench.errors import UserInputError
from onnx_bench.node import Graph, Node
from onnx_bench.spaces.nasbench201 import NASBench201
from onnx_bench.writers.source_writer import WIDTH, to_source
from onnx_bench.writers.torch_writer import to_module
from onnx_bench.writers.weights import make_weights
from tests.onnx_bench.writers.graphs import GRAPHS
from tests.onnx_bench.writers.running import load_weights

CELL = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_1x1~1|+|avg_pool_3x3~0|none~1|nor_conv_3x3~2|"


@pytest.mark.parametrize("name", GRAPHS)
def test_source_is_python_with_short_lines(name: str) -> None:
    source = to_source(GRAPHS[name](), class_name="Tested")
    classes = {node.name for node in ast.parse(source).body if isinstance(node, ast.ClassDef)}
    assert "Tested" in classes
    assert max(map(len, source.splitlines())) <= WIDTH + 2


def test_source_runs_alone(tmp_path: Path) -> None:
    graph = GRAPHS["blocks"]()
    file = tmp_path / "network.py"
    file.write_text(to_source(graph), encoding="utf-8")
    done = subprocess.run([sys.executable, "-I", file], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == f"{sum(n.params for n in graph.nodes)} parameters\noutputs [(1, 10)]\n"


@pytest.mark.parametrize("name", ["indexing", "initial_states", "pools", "logic", "fixed_batch", "held"])
def test_source_runs_as_a_program(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = GRAPHS[name]()
    file = tmp_path / "network.py"
    file.write_text(to_source(graph), encoding="utf-8")
    runpy.run_path(str(file), run_name="__main__")
    assert capsys.readouterr().out.startswith(f"{sum(n.params for n in graph.nodes)} parameters")


def test_cells_of_a_cell_space_are_written_once() -> None:
    source = to_source(NASBench201().build(CELL))
    assert source.count("\n") < 80
    assert source.count("nn.Conv2d") == 7  # three of the cell, three between stages, the stem
    assert "nn.Sequential(*[Block1(" in source


def test_blocks_of_different_width_share_a_class() -> None:
    source = to_source(GRAPHS["blocks"]())
    assert source.count("class ") == 3
    assert "for block in self." in source  # the gated blocks read one value that all share


def test_source_and_module_are_equal() -> None:
    graph = GRAPHS["class_token"]()
    namespace: dict[str, type[torch.nn.Module]] = {"__name__": "source"}  # type: ignore[dict-item]
    exec(to_source(graph, class_name="Other"), namespace)
    weights = make_weights(graph, seed=5)
    source = load_weights(namespace["Other"]().eval(), weights)
    module = load_weights(to_module(graph), weights)
    x = torch.from_numpy(np.random.default_rng(0).standard_normal((4, 3, 8, 8)).astype(np.float32))
    assert torch.equal(source(x), module(x))


def test_module_is_trainable() -> None:
    module = to_module(GRAPHS["blocks"]())
    module(torch.randn(2, 3, 16, 16)).sum().backward()
    assert all(p.grad is not None for p in module.parameters())


@pytest.mark.parametrize("name", ["1x", "a b", "class", "torch", "nn", ""])
def test_bad_class_names_are_refused(name: str) -> None:
    with pytest.raises(UserInputError, match="name"):
        to_source(GRAPHS["Relu"](), class_name=name)


def test_class_name_of_a_block_is_allowed() -> None:
    assert 'class Block1(nn.Module):\n    """' in to_source(GRAPHS["blocks"](), class_name="Block1")


def test_text_of_a_file_stays_a_literal() -> None:
    hostile = '"); import os; os.system("x'
    b = GraphBuilder()
    x = b.input((1, 2, 3))
    graph = b.build(b.add("Einsum", x, equation=hostile, shape=(1, 2, 3)))
    tree = ast.parse(to_source(graph))
    assert {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names} <= {
        "torch", "torch.nn.functional",
    }  # fmt: skip
    assert any(isinstance(node, ast.Constant) and node.value == hostile for node in ast.walk(tree))


def test_fixed_batch_is_explained() -> None:
    assert "The batch size is fixed: node 2 (ReduceSum) reduces the batch axis." in to_source(GRAPHS["fixed_batch"]())


def test_growth_by_whole_factors_is_one_call() -> None:
    source = to_source(GRAPHS["nearest_whole"]())
    assert 'F.interpolate(x, size=(10, 18), mode="nearest")' in source and "def resize" not in source


def test_dead_branches_are_kept() -> None:
    b = GraphBuilder()
    x = b.input((1, 4))
    b.linear(x, 5)
    graph = b.build(b.relu(x))
    assert sum(p.numel() for p in to_module(graph).parameters()) == 25


def test_nodes_of_wrong_type_are_no_code() -> None:
    source = Node("Input", (), (("dtype", "float"),), (1, 4))
    graph = Graph((source, Node("Softmax", (0,), (("axis", "1); x("),), (1, 4))), (1,))
    with pytest.raises(UserInputError, match="axis"):
        to_source(graph)
