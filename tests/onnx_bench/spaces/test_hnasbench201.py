"""Hierarchical NAS-Bench-201: against an independent torch model, the cells of NAS-Bench-201 and the paper's size."""

from __future__ import annotations

import random
from collections import Counter
from itertools import cycle

import pytest

from onnx_bench.graph import ArchGraph
from onnx_bench.spaces.hnasbench201 import GRAMMAR, HNASBench201
from tests.onnx_bench.spaces.cases.hnasbench201 import ODD
from tests.onnx_bench.spaces.test_canonical_form import check, exported
from tests.onnx_bench.spaces.torch_hnasbench201 import HierarchicalNetwork

BLOCKS = 3 * 3 * 3
"""Convolution blocks: activations, convolutions, normalisations."""


def other_exports(archs: list[str]) -> list[str]:
    """Architectures whose export is not the drawn graph; even there all but the way of summing must be the same."""
    space, found = HNASBench201(stem_channels=4), []
    for arch, folded in zip(archs, cycle((True, False))):
        drawn = space.build(arch)
        module = HierarchicalNetwork(arch, 4)
        assert drawn.stored_params == sum(p.numel() for p in module.parameters()), arch
        graph = exported(module, folded)
        assert (graph.params, graph.macs) == (drawn.params, drawn.macs), (arch, folded)
        assert operators(graph) == operators(drawn), (arch, folded)
        if graph.fingerprint() != drawn.fingerprint():
            found.append(arch)
    return found


def operators(graph: ArchGraph) -> Counter[tuple[object, ...]]:
    """All operators but sums, with attributes and shapes."""
    return Counter((node.op, node.attrs, node.shape) for node in graph.nodes if node.op != "Add")


def sampled(number: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    return [HNASBench201().sample(rng) for _ in range(number)]


def test_exports_of_an_independent_torch_model() -> None:
    assert other_exports([*ODD[5:10], *sampled(1, seed=1)]) == []


@pytest.mark.slow
def test_exports_of_an_independent_torch_model_200_derivations() -> None:
    # The exporter computes once what several sums begin with: `(a + b) + c` and `(a + b) + d` share `a + b`. Where no
    # other operator reads that part, the canonical form of the network as trained does not have it. This takes several
    # parameter-free paths side by side, as in the fifth odd network, which is sums alone, and one sampled in 200.
    assert other_exports(ODD) == [ODD[4]]
    assert len(other_exports(sampled(200, seed=2))) <= 2


def test_the_size_the_paper_states_counts_the_block_twice_and_unconnected_cells_too() -> None:
    stated = GRAMMAR.count(known={"OPS": 3 + 2 * BLOCKS})
    assert stated is not None
    assert len(str(stated)) - 1 == 446
    assert GRAMMAR.count("OPS") == 3 + BLOCKS


def test_all_tasks_are_drawn_in_canonical_form() -> None:
    for arch, task in zip(sampled(3, seed=3), HNASBench201.tasks, strict=True):
        check(HNASBench201(), arch, task)


def test_sampling_draws_convolution_blocks_for_two_edges_in_five() -> None:
    words = " ".join(sampled(60, seed=4))
    edges = words.count("(OPS ")
    assert words.count("CONVBLOCK") / edges == pytest.approx(2 / 5, abs=0.03)  # connected cells have a few more
    assert words.count("(OPS zero)") / edges < 1 / 5, "fewer, as they disconnect"


def test_networks_with_one_operation_changed_are_neighbours_and_so_are_longer_ones() -> None:
    space, arch = HNASBench201(), ODD[0]
    neighbours = space.neighbours(arch)
    assert arch.replace("(CONV conv3x3o)", "(CONV conv1x1o)", 1) in neighbours
    cell = arch[arch.index("(CELL") : arch.index(" (CELL", arch.index("(CELL") + 1)]
    assert arch.replace(f"Linear2 {cell}", f"Linear3 {cell} {cell}", 1) in neighbours
    assert not any(f"Linear3 {cell} (CELL Cell (OPS zero)" in n for n in neighbours)
