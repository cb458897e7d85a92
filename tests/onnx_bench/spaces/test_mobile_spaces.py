"""Once-for-all networks and FBNet: against independent torch models, known networks and their own notations."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from itertools import cycle
from typing import Any

import pytest
import torch
from torch import nn

from onnx_bench import spaces
from onnx_bench.errors import UnknownNameError
from onnx_bench.spaces.ofa_arch import make_divisible
from tests.onnx_bench.spaces.test_canonical_form import exported
from tests.onnx_bench.spaces.torch_fbnet import FBNetTorch
from tests.onnx_bench.spaces.torch_ofa import Config, MobileNetV3, ProxylessNAS, ResNet50

SIDE = 64
"""Pixels, enough for a last plane of 2x2."""

Sampler = Callable[[random.Random], Config]


def mobile_config(rng: random.Random, blocks: int, last: list[int]) -> Config:
    """As the authors sample: full-length lists, also for blocks that the depths leave out."""
    depths = rng.choices((2, 3, 4), k=5) + last
    return {"ks": rng.choices((3, 5, 7), k=blocks), "e": rng.choices((3, 4, 6), k=blocks), "d": depths}


def resnet_config(rng: random.Random) -> Config:
    depths = [rng.choice((0, 2)), *rng.choices((0, 1, 2), k=4)]
    return {"d": depths, "e": rng.choices((0.2, 0.25, 0.35), k=18), "w": rng.choices((0, 1, 2), k=6)}


NETWORKS: dict[str, tuple[str, dict[str, Any], Sampler, Callable[[Config], nn.Module]]] = {
    "mbv3": ("ofa_mbv3", {}, lambda rng: mobile_config(rng, 20, []), MobileNetV3),
    "mbv3 1.2": ("ofa_mbv3", {"width_mult": 1.2}, lambda rng: mobile_config(rng, 20, []),
                 lambda config: MobileNetV3(config, 1.2)),
    "proxyless": ("ofa_proxyless", {}, lambda rng: mobile_config(rng, 21, [1]), ProxylessNAS),
    "proxyless 1.0": ("ofa_proxyless", {"width_mult": 1.0}, lambda rng: mobile_config(rng, 21, [1]),
                      lambda config: ProxylessNAS(config, 1.0)),
    "resnet50": ("ofa_resnet50", {}, resnet_config, ResNet50),
}  # fmt: skip


def check_export(space: spaces.SearchSpace[Any], arch: str, module: nn.Module, folded: bool) -> None:
    drawn = space.build(arch)
    assert drawn.stored_params == sum(p.numel() for p in module.parameters()), arch
    graph = exported(module, folded, space.head().input[-1])
    assert graph.fingerprint() == drawn.fingerprint(), (arch, folded)
    assert (graph.params, graph.macs) == (drawn.params, drawn.macs), (arch, folded)


def compare_ofa(name: str, number: int, side: int = SIDE) -> None:
    space_name, skeleton, sample, build = NETWORKS[name]
    space, rng = spaces.get(space_name, resolution=side, **skeleton), random.Random(1)
    for _, folded in zip(range(number), cycle((False, True))):
        config = sample(rng)
        check_export(space, json.dumps(config), build(config), folded)


def compare_fbnet(task: str, side: int, number: int) -> None:
    space, rng = spaces.get("fbnet"), random.Random(1)
    for _, folded in zip(range(number), cycle((False, True))):
        layers = rng.choices(range(9), k=22)
        module, drawn = FBNetTorch(layers, cifar=task == "cifar100"), space.build(json.dumps(layers), task=task)
        assert drawn.stored_params == sum(p.numel() for p in module.parameters()), layers
        graph = exported(module, folded, side)
        assert graph.fingerprint() == drawn.fingerprint(), (layers, folded)


@pytest.mark.parametrize("name", NETWORKS)
def test_export_of_an_independent_ofa_network(name: str) -> None:
    compare_ofa(name, number=1)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_exports_of_40_independent_ofa_networks(name: str) -> None:
    compare_ofa(name, number=40)


def test_shortcuts_pool_odd_planes_with_smaller_windows_at_the_end() -> None:
    compare_ofa("resnet50", number=1, side=176)  # planes of 44, 22, 11


@pytest.mark.parametrize(("task", "side", "number"), [("cifar100", 32, 2), ("imagenet-1k", 224, 1)])
def test_exports_of_an_independent_fbnet(task: str, side: int, number: int) -> None:
    compare_fbnet(task, side, number)


@pytest.mark.slow
def test_exports_of_100_independent_fbnets() -> None:
    compare_fbnet("cifar100", 32, number=100)


MOBILENET_V2 = {"ks": [3] * 21, "e": [6] * 21, "d": [2, 3, 4, 3, 3, 1]}
RESNET50_D = {"d": [2, 1, 2, 2, 1], "e": [0.25] * 18, "w": [2] * 6}
FBNET_C = [
    "k3_e1", "k3_e6", "skip", "k3_e1", "k3_e1", "k5_e6", "k5_e3", "k5_e6", "k3_e6", "k5_e6", "k5_e3", "k5_e6", "k5_e6",
    "k5_e6", "k5_e6", "k5_e6", "k5_e3", "k5_e6", "k5_e6", "k5_e6", "k5_e6", "k3_e6",
]  # fmt: skip
GOOGLE = {"widths": (16, 24, 32, 64, 96, 160, 320), "width_mult": 1.0}
KNOWN = {
    "mobilenetv2_100": ("ofa_proxyless", GOOGLE, MOBILENET_V2, 3_504_872),
    "resnet50d": ("ofa_resnet50", {}, RESNET50_D, 25_576_264),
    "fbnetc_100": ("fbnet", {}, FBNET_C, 5_572_200),
}
"""Networks of the spaces that timm has too: space, skeleton, architecture, published parameter count.

ResNet-50-D has no shortcut in its stem; one has no parameters, so the count is the same.
"""


@pytest.mark.parametrize("name", KNOWN)
def test_known_networks_have_their_published_parameters(name: str) -> None:
    space, skeleton, arch, params = KNOWN[name]
    graph = spaces.get(space, **skeleton).build(json.dumps(arch), task="imagenet-1k", normalised=False)
    assert graph.params == params


def test_the_canonical_form_drops_the_entries_of_unused_blocks() -> None:
    space = spaces.get("ofa_mbv3")
    full = {"ks": [3, 5, 7, 3] * 5, "e": [6, 4, 3, 6] * 5, "d": [2, 3, 4, 3, 2]}
    short = {"ks": [3, 5, 3, 5, 7, 3, 5, 7, 3, 3, 5, 7, 3, 5], "e": [6, 4, 6, 4, 3, 6, 4, 3, 6, 6, 4, 3, 6, 4]}
    canonical = json.dumps({**short, "d": full["d"]})
    assert space.parse(json.dumps(full)) == space.parse(canonical)
    assert canonical in {back for n in space.neighbours(json.dumps(full)) for back in space.neighbours(n)}
    unread = {**full, "ks": [3, 5, 0, 0, 3, 5, 7, 0, 3, 5, 7, 3, 3, 5, 7, 0, 3, 5, 0, 0]}
    assert space.parse(json.dumps(unread)) == space.parse(canonical)


def test_the_depth_of_the_last_block_of_proxyless_is_always_one() -> None:
    space = spaces.get("ofa_proxyless")
    configs = [json.dumps({**MOBILENET_V2, "d": [2, 2, 2, 2, 2, last]}) for last in (1, 4)]
    assert space.parse(configs[0]) == space.parse(configs[1])


def test_another_resolution_is_a_parameter_of_the_space() -> None:
    arch = json.dumps({"ks": [3] * 20, "e": [6] * 20, "d": [4] * 5, "image_size": 160})
    with pytest.raises(UnknownNameError, match=r"image_size.*parameters of the space"):
        spaces.get("ofa_mbv3").build(arch)
    graph = spaces.get("ofa_mbv3", resolution=160).build(arch)
    assert graph.nodes[0].shape == (1, 3, 160, 160)


def test_numbers_of_operations_are_read_as_hw_nas_bench_counts_them() -> None:
    space = spaces.get("fbnet")
    numbers = [*range(9), *range(9), 3, 7, 8, 0]
    assert space.parse(json.dumps(numbers))[:9] == (
        "k3_e1", "k3_e1_g2", "k3_e3", "k3_e6", "k5_e1", "k5_e1_g2", "k5_e3", "k5_e6", "skip",
    )  # fmt: skip
    assert space.parse(json.dumps(space.parse(json.dumps(numbers)))) == space.parse(json.dumps(numbers))


def test_widths_are_rounded_to_multiples_of_eight_but_not_down_by_a_tenth() -> None:
    assert [make_divisible(w) for w in (1, 8, 11.9, 12, 19, 20.8, 41.6, 92)] == [8, 8, 16, 16, 24, 24, 40, 96]


def test_the_shuffle_deals_the_groups_out_in_turn() -> None:
    from onnx_bench.graph import ArchGraph
    from onnx_bench.spaces.drawing import Drawing
    from onnx_bench.spaces.fbnet import shuffle_channels

    pen = Drawing(folded=True)
    graph = pen.build(shuffle_channels(pen, pen.input((1, 6, 1, 1)), 2))
    out = ArchGraph(graph.nodes, graph.outputs).to_module()(torch.arange(6.0).reshape(1, 6, 1, 1))
    assert out.flatten().tolist() == [0, 3, 1, 4, 2, 5]
