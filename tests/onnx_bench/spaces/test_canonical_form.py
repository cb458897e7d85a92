"""The graphs that spaces draw are the canonical ones: equal to normalised trained networks and to foreign exports."""

from __future__ import annotations

import io
import random
import warnings
from collections.abc import Iterable
from itertools import cycle, permutations
from pathlib import Path
from typing import Any

import onnx
import pandas as pd
import pytest
import torch
from torch import nn

from onnx_bench import spaces
from onnx_bench.canonical_order import canonical_order
from onnx_bench.graph import ArchGraph
from onnx_bench.importing.importer import import_model
from onnx_bench.normalise import normalise
from onnx_bench.spaces.edge_cell import EDGES, live_edges
from onnx_bench.spaces.nasbench101 import NASBench101
from onnx_bench.spaces.nasbench201 import NASBench201
from tests.onnx_bench.spaces.cases import DRAWN, of
from tests.onnx_bench.spaces.torch_networks import Network101, Network201


def check(space: spaces.SearchSpace[Any], arch: str, task: str | None = None) -> None:
    drawn = space.build(arch, task=task)
    passed = space.build(arch, task=task, normalised=False).normalise()
    assert drawn.fingerprint() == passed.fingerprint(), arch
    assert canonical_order(drawn).nodes == passed.nodes, arch
    assert normalise(drawn)[0].nodes == passed.nodes, "a pass still finds something in the drawn graph"
    assert drawn.stored_params == passed.stored_params
    assert drawn.warnings == passed.warnings


@pytest.mark.parametrize("name", DRAWN)
def test_drawn_equals_normalised(name: str) -> None:
    space = spaces.get(name)
    rng = random.Random(7)
    for arch in [*of(name).ODD, *(space.sample(rng) for _ in range(12))]:
        check(space, arch)


@pytest.mark.parametrize("name", ["transnas_micro", "transnas_macro"])
def test_drawn_equals_normalised_for_every_head(name: str) -> None:
    space = spaces.get(name)
    rng = random.Random(8)
    for task in space.tasks:
        for _ in range(2):
            check(space, space.sample(rng), task)


def exported(module: nn.Module, folded: bool, side: int = 32) -> ArchGraph:
    """The graph of a network with random weights, exported by torch and read back."""
    mode = torch.onnx.TrainingMode.EVAL if folded else torch.onnx.TrainingMode.PRESERVE
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module.eval(), (torch.randn(1, 3, side, side),), file, dynamo=False, training=mode,
                          do_constant_folding=folded)  # fmt: skip
    return import_model(onnx.load_model_from_string(file.getvalue())).normalise()


def compare_with_torch(archs201: Iterable[str], archs101: Iterable[str]) -> None:
    """Cells in networks narrow enough to export quickly; widths that do not divide evenly stay in."""
    cells201, cells101 = NASBench201(stem_channels=4, cells_per_stage=2), NASBench101(8, modules_per_stack=2)
    pairs = [(cells201, Network201(arch, 4, 2), arch) for arch in archs201]
    pairs += [(cells101, Network101(arch, 8, 2), arch) for arch in archs101]
    for (space, module, arch), folded in zip(pairs, cycle((True, False))):
        drawn = space.build(arch)
        assert drawn.stored_params == sum(p.numel() for p in module.parameters()), arch
        graph = exported(module, folded)
        assert graph.fingerprint() == drawn.fingerprint(), (arch, folded)
        assert graph.params == drawn.params, (arch, folded)


def sampled(number: int, seed: int) -> list[list[str]]:
    """Cells of NAS-Bench-201, and of NAS-Bench-101."""
    rng = random.Random(seed)
    return [[space.sample(rng) for _ in range(number)] for space in (NASBench201(), NASBench101())]


def test_exports_of_an_independent_torch_model() -> None:
    archs201, archs101 = sampled(4, seed=1)
    compare_with_torch([*of("nasbench201").ODD, *archs201], [*of("nasbench101").ODD, *archs101])


def test_exports_of_networks_as_wide_as_they_were_trained() -> None:
    (cell201,), (cell101,) = sampled(1, seed=3)
    assert exported(Network201(cell201), folded=True).fingerprint() == NASBench201().build(cell201).fingerprint()
    assert exported(Network101(cell101), folded=True).fingerprint() == NASBench101().build(cell101).fingerprint()


@pytest.mark.slow
def test_exports_of_an_independent_torch_model_200_cells_each() -> None:
    compare_with_torch(*sampled(200, seed=2))


@pytest.mark.data
@pytest.mark.slow
def test_exports_of_200_recorded_cells_each(shared_data: Path) -> None:
    tables = (shared_data / f"{space}.parquet" for space in ("nasbench201", "nasbench101"))
    archs201, archs101 = (pd.read_parquet(table, columns=["arch"]).arch.sample(200, random_state=0) for table in tables)
    compare_with_torch(archs201, archs101)


def function_of(cell: tuple[str, ...]) -> str:
    """What a NAS-Bench-201 cell computes, as text: the least one over all ways of numbering its convolutions."""
    live = live_edges(cell, "none")
    convolutions = [edge for edge in range(6) if live[edge] and cell[edge].startswith("nor_conv")]
    found = []
    for numbers in permutations(range(len(convolutions))):
        number = dict(zip(convolutions, numbers, strict=True))
        weights: dict[int, Any] = {}
        terms: list[list[Any]] = [[("x",)], [], [], []]
        for edge, (i, j) in enumerate(EDGES):
            if live[edge] and cell[edge] == "skip_connect":
                terms[j] += terms[i]
            elif live[edge] and edge in number:
                weights[number[edge]] = cell[edge], sorted(terms[i])
                terms[j].append(("convolution", number[edge]))
            elif live[edge]:
                terms[j].append(("pool", tuple(sorted(terms[i]))))
        found.append(repr((sorted(weights.items()), sorted(terms[3]))))
    return min(found)


def test_fingerprints_are_equal_exactly_where_cells_compute_the_same() -> None:
    space, rng = NASBench201(), random.Random(9)
    functions: dict[str, set[str]] = {}
    fingerprints: dict[str, set[str]] = {}
    for _ in range(300):
        arch = space.sample(rng)
        function, fingerprint = function_of(space.parse(arch)), space.build(arch).fingerprint()
        functions.setdefault(function, set()).add(fingerprint)
        fingerprints.setdefault(fingerprint, set()).add(function)
    assert all(len(group) == 1 for group in (*functions.values(), *fingerprints.values()))
    assert len(functions) < 290, "the sample has no equal cells to compare"
