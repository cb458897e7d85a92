"""Derivations of einspace are drawn as the networks that the paper means."""

from __future__ import annotations

import io
import random
import warnings
from collections import Counter
from collections.abc import Iterable

import numpy as np
import onnx
import pytest
import torch

from onnx_bench.errors import UnknownNameError
from onnx_bench.graph import ArchGraph
from onnx_bench.importing.importer import import_model
from onnx_bench.node import Shape
from onnx_bench.spaces.drawing import Drawing
from onnx_bench.spaces.einspace import Einspace
from onnx_bench.spaces.einspace_grammar import GRAMMAR
from onnx_bench.spaces.patches import draw_patches
from tests.onnx_bench.spaces.cases import einspace as case
from tests.onnx_bench.spaces.torch_einspace import Classifier

SPACE = Einspace()


def compare_with_torch(archs: list[str]) -> None:
    """Same number of parameters, and the same values where every weight is given by its place in its own tensor."""
    torch.manual_seed(0)
    x = torch.randn(1, 3, 32, 32)
    for arch in archs:
        ours, theirs = SPACE.build(arch, normalised=False).to_module().eval(), Classifier(arch, 10).eval()
        assert SPACE.build(arch, normalised=False).params == sum(p.numel() for p in theirs.parameters()), arch
        with torch.no_grad():
            for parameter in (*ours.parameters(), *theirs.parameters()):
                fan = parameter.numel() // parameter.shape[0]
                parameter.copy_(torch.arange(parameter.numel()).sin().view(parameter.shape) / fan**0.5)
            found, wanted = ours(x), theirs(x)
        assert found.shape == wanted.shape
        scale = float(wanted.abs().max()) + 1e-6
        assert torch.allclose(found, wanted, rtol=0, atol=1e-4 * scale), arch


def test_an_independent_torch_model_computes_the_same() -> None:
    rng = random.Random(1)
    compare_with_torch([*case.ODD, *(SPACE.sample(rng) for _ in range(30))])


@pytest.mark.slow
def test_an_independent_torch_model_computes_the_same_for_300_networks() -> None:
    rng = random.Random(2)
    compare_with_torch([SPACE.sample(rng) for _ in range(300)])


def compare_with_exports(archs: Iterable[str]) -> int:
    """Number of networks whose export, as the authors compile them, was found equal to the drawn one."""
    compared = 0
    for arch in archs:
        network, file = Classifier(arch, 10, compiled=True).eval(), io.BytesIO()
        if network.overlaps:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(network, (torch.randn(1, 3, 32, 32),), file, dynamo=False, opset_version=17)
        graph = import_model(onnx.load_model_from_string(file.getvalue())).normalise()
        drawn = SPACE.build(arch)
        assert graph.fingerprint() == drawn.fingerprint(), arch
        assert graph.params == drawn.params, arch
        compared += 1
    return compared


def test_drawn_networks_equal_exports_of_the_torch_model() -> None:
    rng = random.Random(5)
    assert compare_with_exports([*case.ODD, *(SPACE.sample(rng) for _ in range(25))]) > 20


@pytest.mark.slow
def test_drawn_networks_equal_300_exports_of_the_torch_model() -> None:
    rng = random.Random(6)
    assert compare_with_exports(SPACE.sample(rng) for _ in range(400)) > 300


@pytest.mark.parametrize(("shape", "window"), [
    ((1, 3, 8, 8), (3, 1, 1)), ((1, 2, 9, 6), (3, 2, 1)), ((1, 3, 8, 8), (4, 4, 0)), ((1, 2, 11, 9), (4, 4, 0)),
    ((1, 3, 7, 8), (1, 2, 0)), ((1, 5, 4, 4), (1, 1, 0)), ((1, 2, 3, 3), (3, 2, 0)),
])  # fmt: skip
def test_patches_are_those_of_unfold(shape: Shape, window: tuple[int, int, int]) -> None:
    kernel, stride, padding = window
    pen = Drawing(folded=False)
    graph = ArchGraph((drawn := pen.build(draw_patches(pen, pen.input(shape), *window))).nodes, drawn.outputs)
    x = torch.randn(2, *shape[1:])
    wanted = torch.nn.functional.unfold(x, kernel, padding=padding, stride=stride).transpose(1, 2)
    assert graph.params == 0
    np.testing.assert_array_equal(graph.to_module()(x).numpy(), wanted.numpy())
    np.testing.assert_array_equal(graph.normalise().to_module()(x).numpy(), wanted.numpy())


def test_an_unfolded_linear_layer_is_a_convolution() -> None:
    drawn = SPACE.build(case.CONVOLUTION.replace("(MODULE routing", "(NETWORK routing"))
    assert [node.op for node in drawn.nodes] == ["Input", "Conv", "ReduceMean", "Linear"]
    assert drawn.params == 64 * (27 + 1) + 10 * 65


def test_attention_is_recognised() -> None:
    drawn = SPACE.build(case.ODD[2])
    assert Counter(node.op for node in drawn.nodes)["Attention"] == 1


def test_the_names_of_the_paper_are_all_there() -> None:
    sizes = {symbol: len(productions) for symbol, productions in GRAMMAR.rules.items()}
    assert sizes == {"NETWORK": 5, "MODULE": 6, "BRANCH2": 4, "BRANCH4": 4, "BRANCH8": 4, "JOIN2": 6, "JOIN4": 4,
                     "JOIN8": 4, "PRE": 14, "POST": 8, "COMPUTE": 13}  # fmt: skip


def test_samples_are_valid_bounded_and_of_all_kinds() -> None:
    rng = random.Random(3)
    words: Counter[str] = Counter()
    for _ in range(300):
        arch = SPACE.sample(rng)
        tree = SPACE.parse(arch)
        assert str(tree) == arch
        words.update(inner.terminal for inner in tree.walk())
        graph = SPACE.build(arch, normalised=False)
        assert graph.num_nodes < 2_000
        assert max(int(np.prod(node.shape or ())) for node in graph.nodes) <= 10 * SPACE.max_elements
    names = {production.items[0] for productions in GRAMMAR.rules.values() for production in productions}
    assert {name for name in names if not words[name]} <= {"dot_product", "scaled_dot_product", "cat_tensors3d8t"}
    assert words["computation"] > words["routing"] > words["branching2"] / 2


def test_a_derivation_beyond_the_limits_is_refused_and_a_larger_skeleton_takes_it() -> None:
    arch = case.sequence(*[case.RELU] * 40)
    with pytest.raises(UnknownNameError, match="31 functions"):
        Einspace(max_functions=30).parse(arch)
    assert Einspace(max_functions=60).parse(arch)


def test_another_size_of_image() -> None:
    small, rng = Einspace(side=16), random.Random(4)
    for _ in range(20):
        graph = small.build(small.sample(rng))
        assert graph.nodes[0].shape == (1, 3, 16, 16)
