"""DARTS: known parameter counts, the notation, and exports of an independent torch model."""

from __future__ import annotations

import random
from itertools import cycle

import pytest

from onnx_bench import spaces
from onnx_bench.errors import UnknownNameError
from onnx_bench.spaces.darts import DARTS
from tests.onnx_bench.spaces.cases.darts import DARTS_V2, ODD
from tests.onnx_bench.spaces.test_canonical_form import check, exported
from tests.onnx_bench.spaces.torch_darts import DARTSNetwork

SIDES = {"cifar10": 32, "imagenet-1k": 224}
LAYERS = 5
"""Normal, reduction, normal, reduction, normal."""


@pytest.mark.parametrize(
    ("layers", "channels", "task", "params"), [(20, 36, "cifar10", 3_349_342), (14, 48, "imagenet-1k", 4_718_752)]
)
def test_the_published_network_has_its_published_size(layers: int, channels: int, task: str, params: int) -> None:
    space = DARTS(layers, channels)
    assert space.build(DARTS_V2, task=task, normalised=False).params == params
    assert space.build(DARTS_V2, task=task).stored_params == params


def compare_with_torch(archs: list[str], task: str) -> None:
    space = DARTS(layers=LAYERS, init_channels=4)
    imagenet = task == "imagenet-1k"
    for arch, folded in zip(archs, cycle((True, False))):
        drawn = space.build(arch, task=task)
        # The independent model reads lists alone.
        code = arch.replace("range(2, 6)", "[2, 3, 4, 5]")
        module = DARTSNetwork(code, LAYERS, 4, imagenet, space.head(task).outputs)
        assert drawn.stored_params == sum(p.numel() for p in module.parameters()), arch
        graph = exported(module, folded, SIDES[task])
        assert graph.fingerprint() == drawn.fingerprint(), (arch, folded)
        assert (graph.params, graph.macs) == (drawn.params, drawn.macs), (arch, folded)


def sampled(number: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    return [DARTS().sample(rng) for _ in range(number)]


def test_exports_of_an_independent_torch_model() -> None:
    compare_with_torch([*ODD[3:], *sampled(1, seed=1)], "cifar10")
    compare_with_torch(sampled(1, seed=2), "imagenet-1k")


@pytest.mark.slow
def test_exports_of_an_independent_torch_model_200_genotypes() -> None:
    compare_with_torch([*ODD, *sampled(150, seed=3)], "cifar10")
    compare_with_torch(sampled(50, seed=4), "imagenet-1k")


def test_drawn_equals_normalised_for_imagenet_and_deep_networks() -> None:
    for arch in [*ODD, *sampled(4, seed=5)]:
        check(DARTS(layers=14, init_channels=8), arch, "imagenet-1k")
        check(DARTS(layers=7, stem="imagenet"), arch)


def test_the_order_of_a_nodes_edges_and_the_way_of_writing_do_not_matter() -> None:
    space = spaces.get("darts")
    turned = DARTS_V2.replace("('sep_conv_3x3', 0), ('sep_conv_3x3', 1)", "('sep_conv_3x3', 1),('sep_conv_3x3', 0)")
    turned = turned.replace("[2, 3, 4, 5]", "range(2, 6)").replace("'", '"')
    assert turned != DARTS_V2
    assert space.parse(turned) == space.parse(DARTS_V2)


def test_samples_are_written_as_the_space_reads_them_and_know_all_choices() -> None:
    space = DARTS()
    cells = [cell for arch in sampled(300, seed=6) for cell in space.parse(arch)]
    assert {edge.op for cell in cells for edge in cell.edges} == {
        "max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5",
    }  # fmt: skip
    inputs = {(place, a.source, b.source) for cell in cells for place, (a, b) in enumerate(cell.nodes)}
    assert len(inputs) == 1 + 3 + 6 + 10


def test_neighbours_change_one_operation_or_one_source() -> None:
    space = DARTS()
    (arch,) = sampled(1, seed=7)
    assert len(space.neighbours(arch)) == 2 * (8 * 6 + 2 * (0 + 1 + 2 + 3))


def test_a_skeleton_that_cannot_be_built_is_a_typed_error() -> None:
    with pytest.raises(UnknownNameError, match="it has cifar, imagenet"):
        spaces.get("darts", stem="mnist")
    with pytest.raises(UnknownNameError, match="must be even"):
        spaces.get("darts", init_channels=33)
