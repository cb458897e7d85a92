"""Counts of the built networks against the recorded ones, on every row."""

from __future__ import annotations

from hashlib import md5
from math import prod
from pathlib import Path

import pandas as pd
import pytest

from onnx_bench import spaces
from onnx_bench.graph import ArchGraph
from onnx_bench.spaces import nasbench101
from onnx_bench.spaces.nasbench101 import Cell, NASBench101, from_edge_bits

pytestmark = pytest.mark.data


@pytest.mark.parametrize(("name", "rows"), [("nasbench101", 30_001), ("nasbench201", 15_625)])
def test_cell_benchmarks(shared_data: Path, name: str, rows: int) -> None:
    table = pd.read_parquet(shared_data / f"{name}.parquet", columns=["arch", "params"])
    space = spaces.get(name)
    wrong = [a for a, p in zip(table.arch, table.params, strict=True) if space.build(a, normalised=False).params != p]
    assert (len(table), wrong) == (rows, [])


def test_nasbench201_macs(shared_data: Path) -> None:
    table = pd.read_parquet(shared_data / "nasbench201.parquet").query("not record_params_suspect").iloc[::40]
    space = spaces.get("nasbench201")
    for arch, flops in zip(table.arch, table.flops_M_32x32, strict=True):
        assert space.build(arch, normalised=False).macs / 1e6 == pytest.approx(flops, abs=0.011)  # kept to 0.01


def test_mnasnet(shared_data: Path) -> None:
    table = pd.read_parquet(shared_data / "mnasnet.parquet")
    space = spaces.get("mnasnet")
    graphs = [space.build(a, normalised=False) for a in table.arch]
    assert [round(p * 1e6) for p in table.params_m] == [g.params for g in graphs]
    assert len(graphs) == 5_138
    # The recorded MACs also count four for every value of a batch norm, two of a global pool's input at most.
    for graph, recorded in zip(graphs, table.macs_m, strict=True):
        extra = recorded * 1e6 - graph.macs - 4 * _values(graph, "BatchNorm")
        pooled = sum(prod(graph.nodes[n.inputs[0]].shape or ()) for n in graph.nodes if n.op == "ReduceMean")
        assert 0 <= extra <= 2 * pooled


@pytest.mark.parametrize(("name", "rows"), [("transnas_micro", 4 * 711), ("transnas_macro", 2 * 285 + 2 * 309)])
def test_transnas_with_described_heads(shared_data: Path, name: str, rows: int) -> None:
    table = pd.read_parquet(shared_data / f"{name.replace('nas', 'nas101')}.parquet")
    space = spaces.get(name)
    compared = 0
    for task in ("class_scene", "class_object", "room_layout", "jigsaw"):
        known = table.dropna(subset=[f"{task}_params_m"])
        for arch, recorded in zip(known.arch, known[f"{task}_params_m"], strict=True):
            assert space.build(arch, task=task, normalised=False).params == round(recorded * 1e6), (task, arch)
            compared += 1
    assert compared == rows


@pytest.mark.parametrize("task", ["segmentsemantic", "normal", "autoencoder"])
def test_transnas_decoders_cost_the_same_at_the_same_width(shared_data: Path, task: str) -> None:
    space = spaces.get("transnas_macro")
    table = pd.read_parquet(shared_data / "transnas101_macro.parquet").dropna(subset=[f"{task}_params_m"])
    decoders: dict[int, set[int]] = {}
    for arch, recorded in zip(table.arch, table[f"{task}_params_m"], strict=True):
        graph = space.build(arch, task=task, normalised=False)
        width = (graph.nodes[graph.outputs[0]].shape or ())[1]
        decoders.setdefault(width, set()).add(round(recorded * 1e6) - graph.params)
    assert {width: len(found) for width, found in decoders.items()} == {128: 1, 256: 1, 512: 1}


def test_the_complete_spaces_are_the_recorded_ones(shared_data: Path) -> None:
    for name, file in [("nasbench201", "nasbench201"), ("transnas_micro", "transnas101_micro"),
                       ("transnas_macro", "transnas101_macro")]:  # fmt: skip
        space = spaces.get(name)
        archs = set(pd.read_parquet(shared_data / f"{file}.parquet", columns=["arch"]).arch)
        assert len(archs) == space.size()
        for arch in list(archs)[:50]:
            assert set(space.neighbours(arch)) <= archs


def test_cells_of_the_enumeration_have_the_recorded_hash(shared_data: Path) -> None:
    table = pd.read_parquet(shared_data / "nasbench101_cells.parquet").iloc[::2_003]
    for row in table.itertuples():
        cell = NASBench101().parse(from_edge_bits(row.n_vertices, row.edge_bits, row.op_codes))
        assert official_hash(cell)[:16] == f"{row.hash64:016x}"


def test_architecture_strings_of_nasbench101_are_written_as_recorded(shared_data: Path) -> None:
    table = pd.read_parquet(shared_data / "nasbench101.parquet", columns=["arch", "module_hash"]).iloc[::50]
    for arch, module_hash in zip(table.arch, table.module_hash, strict=True):
        cell = NASBench101().parse(arch)
        assert nasbench101.arch_string(cell) == arch
        assert official_hash(cell) == module_hash


def official_hash(cell: Cell) -> str:
    """The isomorphism hash of the NAS-Bench-101 code."""
    labels = {op: i for i, op in enumerate(nasbench101.OPERATIONS)} | {"input": -1, "output": -2}
    readers = [[j for j, sources in enumerate(cell.sources) if i in sources] for i in range(len(cell.ops))]
    degrees = zip(readers, cell.sources, cell.ops, strict=True)
    hashes = [_md5(str((len(out), len(into), labels[op]))) for out, into, op in degrees]
    for _ in cell.ops:
        hashes = [
            _md5("|".join(("".join(sorted(hashes[w] for w in into)), "".join(sorted(hashes[w] for w in out)), own)))
            for out, into, own in zip(readers, cell.sources, hashes, strict=True)
        ]
    return _md5(str(sorted(hashes)))


def _md5(text: str) -> str:
    return md5(text.encode()).hexdigest()


def _values(graph: ArchGraph, op: str) -> int:
    return sum(prod(node.shape or ()) for node in graph.nodes if node.op == op)
