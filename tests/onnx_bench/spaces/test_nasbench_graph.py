"""The published space, its recorded counts, and networks of torch_geometric's own layers."""

from __future__ import annotations

import io
import json
import random
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import onnx
import pytest
import torch

from onnx_bench.graph import ArchGraph
from onnx_bench.importing.importer import import_model
from onnx_bench.spaces.base import Head
from onnx_bench.spaces.nasbench_graph import HEADS, OPERATIONS, NASBenchGraph, arch_string
from tests.onnx_bench.spaces.cases import nasbench_graph as case
from tests.onnx_bench.spaces.torch_graph_networks import SOURCES, Layer, NetworkGraph

SPACE = NASBenchGraph()
NODES = 12
PHYSICS = HEADS["graph/physics"]


@pytest.mark.data
def test_the_published_architectures_are_the_recorded_ones(shared_data: Path) -> None:
    import pandas as pd

    recorded = pd.read_parquet(shared_data / "nasbench_graph.parquet", columns=["arch"]).arch
    assert set(SPACE.architectures()) == set(recorded)
    for arch in recorded[::500]:
        assert arch_string(SPACE.parse(arch)) == arch


class NarrowPhysics(NASBenchGraph):
    """Physics with the settings of one in three runs of some recorded rows."""

    tasks: ClassVar[Mapping[str, Head]] = {"graph/physics": replace(PHYSICS, width=128, before=False)}
    default_task: ClassVar[str] = "graph/physics"


def count(arch: str, task: str, space: NASBenchGraph = SPACE) -> int:
    return space.build(arch, task=task, normalised=False).params


@pytest.mark.data
@pytest.mark.parametrize("task", HEADS)
@pytest.mark.parametrize("step", [40, pytest.param(1, marks=pytest.mark.slow)])
def test_recorded_counts(shared_data: Path, task: str, step: int) -> None:
    import pandas as pd

    column = f"{task.rpartition('/')[2]}_params_m"
    table = pd.read_parquet(shared_data / "nasbench_graph.parquet", columns=["arch", column]).dropna()
    assert len(table) == (2_021 if task == "graph/proteins" else 26_206)
    table = table[::step]
    totals = [(arch, round(recorded * 3e6)) for arch, recorded in zip(table.arch, table[column], strict=True)]
    wrong = [(arch, total) for arch, total in totals if 3 * count(arch, task) != total]
    if task != "graph/physics":
        assert not wrong
    elif step == 1:
        narrow = NarrowPhysics()
        mixed = [a for a, total in wrong if 2 * count(a, task) + count(a, task, narrow) == total]
        assert (len(wrong), len(mixed)) == (1_567, 1_478)


def test_trees_that_are_equal_are_one_architecture() -> None:
    same = [
        ([0, 0, 1, 3], ["gcn", "gat", "fc", "gin"]),
        ([0, 0, 2, 3], ["gat", "gcn", "fc", "gin"]),
        ([0, 1, 0, 2], ["gcn", "fc", "gat", "gin"]),
        ([0, 1, 2, 0], ["gcn", "fc", "gin", "gat"]),
    ]
    cells = {SPACE.parse(json.dumps({"link": link, "ops": ops})) for link, ops in same}
    assert cells == {SPACE.parse(json.dumps({"link": [0, 0, 1, 3], "ops": ["gcn", "gat", "fc", "gin"]}))}


@pytest.mark.parametrize(("link", "ops", "published"), [
    # a skip that is read, one at the input, one that is the only reader
    ([0, 1, 2, 3], ["gcn", "skip", "gat", "fc"], ([0, 1, 2, 3], ["skip", "gcn", "gat", "fc"])),
    ([0, 0, 0, 0], ["fc", "skip", "gat", "skip"], ([0, 1, 2, 2], ["skip", "skip", "gat", "fc"])),
    ([0, 1, 2, 3], ["gcn", "gat", "fc", "skip"], ([0, 1, 2, 3], ["skip", "gcn", "gat", "fc"])),
    # one that brings an inner tensor out stays
    ([0, 1, 1, 2], ["gcn", "gat", "skip", "fc"], ([0, 1, 1, 2], ["gcn", "gat", "skip", "fc"])),
])  # fmt: skip
def test_idle_skips_are_taken_out(link: list[int], ops: list[str], published: tuple[list[int], list[str]]) -> None:
    cell = SPACE.parse(json.dumps({"link": link, "ops": ops}))
    assert (list(cell.link), list(cell.ops)) == published


def ring_with_chords(nodes: int) -> torch.Tensor:
    """An undirected graph without self-loops whose last node has no neighbour."""
    a = torch.zeros(nodes, nodes)
    for i in range(nodes - 1):
        for j in ((i + 1) % (nodes - 1), (i * i + 3) % (nodes - 1)):
            if i != j:
                a[i, j] = a[j, i] = 1
    return a


@pytest.mark.parametrize("op", SOURCES)
def test_the_dense_layer_computes_what_torch_geometric_computes(op: str) -> None:
    torch.manual_seed(0)
    layer, a, x = Layer(op, 6, 16).eval(), ring_with_chords(NODES), torch.randn(NODES, 6)
    with torch.no_grad():
        for parameter in layer.parameters():  # biases start at 0 and would not be seen
            parameter.add_(torch.randn_like(parameter), alpha=0.3)
        sparse = layer.own(x) if op == "fc" else layer.own(x, a.nonzero().T)
        assert torch.allclose(layer(x, a), sparse, atol=1e-5)


def exported(module: torch.nn.Module, features: int) -> ArchGraph:
    file = io.BytesIO()
    inputs = (torch.randn(NODES, features), ring_with_chords(NODES))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module.eval(), inputs, file, dynamo=False, input_names=["features", "adjacency"])
    return import_model(onnx.load_model_from_string(file.getvalue())).normalise()


def compare_with_torch(number: int, task: str, seed: int) -> None:
    space, rng = NASBenchGraph(nodes=NODES), random.Random(seed)
    head = HEADS[task]
    settings = (head.input[1], head.outputs, head.width, head.before, head.after)
    archs = [arch_string(SPACE.parse(arch)) for arch in case.ODD]
    for arch in [*archs, *(space.sample(rng) for _ in range(number))]:
        module, drawn = NetworkGraph(arch, *settings), space.build(arch, task=task)
        assert drawn.stored_params == sum(p.numel() for p in module.parameters()), arch
        graph = exported(module, head.input[1])
        if len(graph.inputs) == 2:  # an exporter leaves out an adjacency that is not read
            assert graph.fingerprint() == drawn.fingerprint(), arch
            assert graph.params == drawn.params, arch


def test_exports_of_an_independent_torch_model() -> None:
    compare_with_torch(12, "graph/pubmed", seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("task", [task for task in HEADS if task != "graph/proteins"])
def test_exports_of_an_independent_torch_model_60_cells(task: str) -> None:
    compare_with_torch(60, task, seed=2)


def test_proteins_has_no_self_loops() -> None:
    arch = '{"link": [0, 1, 1, 2], "ops": ["gcn", "gat", "sage", "arma"]}'
    looped, bare = (SPACE.build(arch, task=task) for task in ("graph/computers", "graph/proteins"))
    more = Counter(n.op for n in looped.nodes) - Counter(n.op for n in bare.nodes)
    assert (more["Sqrt"], more["Slice"], more["Concat"]) == (1, 2, 1)


def test_every_operation_is_drawn_by_itself() -> None:
    archs = [arch_string(SPACE.parse(json.dumps({"link": [0, 0, 0, 0], "ops": [op] * 4}))) for op in OPERATIONS[:-1]]
    assert len({SPACE.build(arch).fingerprint() for arch in archs}) == len(archs)


@pytest.mark.slow
def test_no_two_published_architectures_have_the_same_fingerprint() -> None:
    assert len({SPACE.build(arch).fingerprint() for arch in SPACE.architectures()}) == SPACE.size()
