"""Layer norm, RMS norm and group norm in the arithmetic that exporters write."""

from __future__ import annotations

import pytest

from onnx_bench.builder import GraphBuilder
from onnx_bench.fingerprint import fingerprint
from onnx_bench.node import Graph
from onnx_bench.normalise import normalise

TOKENS = (1, 5, 16)
IMAGE = (1, 8, 4, 4)


def number(b: GraphBuilder, value: float) -> int:
    return b.add("Constant", shape=(), value=(value,))


def mean(b: GraphBuilder, x: int) -> int:
    return b.add("ReduceMean", x, axes=(2,), keepdims=True)


def affine(b: GraphBuilder, x: int, shape: tuple[int, ...]) -> int:
    scaled = b.add("Mul", b.add("Parameter", shape=shape), x)
    return b.add("Add", scaled, b.add("Parameter", shape=shape))


def square(b: GraphBuilder, x: int, power: bool) -> int:
    return b.add("Pow", x, number(b, 2)) if power else b.add("Mul", x, x)


def scaled_by_root(b: GraphBuilder, x: int, variance: int, reciprocal: str) -> int:
    shifted = b.add("Add", variance, number(b, 1.00136e-5))
    if reciprocal == "power":
        return b.add("Mul", x, b.add("Pow", shifted, number(b, -0.5)))
    root = b.add("Sqrt", shifted)
    return b.add("Div", x, root) if reciprocal == "quotient" else b.add("Mul", b.add("Reciprocal", root), x)


def ops(graph: Graph) -> list[str]:
    return [n.op for n in graph.nodes if n.op not in ("Input", "Parameter", "Constant")]


@pytest.mark.parametrize("power", [True, False])
@pytest.mark.parametrize("reciprocal", ["quotient", "reciprocal", "power"])
def test_layer_norm(power: bool, reciprocal: str) -> None:
    b = GraphBuilder()
    x = b.input(TOKENS)
    centred = b.add("Sub", x, mean(b, x))
    core = scaled_by_root(b, centred, mean(b, square(b, centred, power)), reciprocal)
    graph, _ = normalise(b.build(affine(b, core, (16,))))
    assert ops(graph) == ["LayerNorm"]
    norm = graph.nodes[-1]
    assert dict(norm.attrs) == {"bias": True, "dims": 1, "epsilon": 1e-5, "scale": True}
    assert norm.params == 32


def test_layer_norm_by_moments() -> None:
    """The body of the ONNX function: mean of squares less square of the mean, on a flattened tensor."""
    b = GraphBuilder()
    x = b.add("Reshape", b.input(TOKENS), shape=(5, 16))
    m = b.add("ReduceMean", x, axes=(1,), keepdims=True)
    squares = b.add("ReduceMean", b.add("Mul", x, x), axes=(1,), keepdims=True)
    variance = b.add("Sub", squares, b.add("Mul", m, m))
    core = scaled_by_root(b, b.add("Sub", x, m), variance, "quotient")
    graph, _ = normalise(b.build(b.add("Reshape", affine(b, core, (1, 16)), shape=TOKENS)))
    assert ops(graph) == ["LayerNorm"]


@pytest.mark.parametrize("reciprocal", ["quotient", "reciprocal", "power"])
def test_rms_norm(reciprocal: str) -> None:
    b = GraphBuilder()
    x = b.input(TOKENS)
    core = scaled_by_root(b, x, mean(b, square(b, x, True)), reciprocal)
    graph, _ = normalise(b.build(b.add("Mul", core, b.add("Parameter", shape=(16,)))))
    assert ops(graph) == ["RMSNorm"]
    assert dict(graph.nodes[-1].attrs) == {"bias": False, "dims": 1, "epsilon": 1e-5, "scale": True}


def test_factor_and_shift_of_another_shape_stay() -> None:
    b = GraphBuilder()
    x = b.add("LayerNorm", b.input(TOKENS), scale=False, bias=False)
    graph, _ = normalise(b.build(b.add("Add", x, b.add("Parameter", shape=(1, 5, 16)))))
    assert ops(graph) == ["LayerNorm", "Add"]


def test_norm_read_twice_keeps_its_weights() -> None:
    b = GraphBuilder()
    x = b.add("LayerNorm", b.input(TOKENS), scale=False, bias=False)
    scaled = b.add("Mul", x, b.add("Parameter", shape=(16,)))
    graph, _ = normalise(b.build(b.add("Sub", scaled, x)))
    assert ops(graph) == ["LayerNorm", "Mul", "Sub"]


@pytest.mark.parametrize("inner", ["InstanceNorm", "LayerNorm"])
@pytest.mark.parametrize("groups", [1, 2, 8])
def test_group_norm(inner: str, groups: int) -> None:
    b = GraphBuilder()
    x = b.add("Reshape", b.input(IMAGE), shape=(1, groups, 128 // groups))
    attrs = {"dims": 1, "scale": False, "bias": False} if inner == "LayerNorm" else {}
    x = b.add("Reshape", b.add(inner, x, **attrs), shape=IMAGE)
    graph, _ = normalise(b.build(affine(b, x, (8, 1, 1))))
    (norm,) = graph.nodes[1:]
    assert norm.op == ("GroupNorm" if groups < 8 else "InstanceNorm")
    assert norm.get("groups", 8) == groups
    assert norm.params == 16


def test_group_norm_of_rows() -> None:
    """Heads of a linear recurrence (RWKV, RetNet) are normed as rows; the Reshape before has met the first."""
    b = GraphBuilder()
    x = b.add("InstanceNorm", b.add("Reshape", b.input((1, 5, 16)), shape=(5, 2, 8)))
    graph, _ = normalise(b.build(affine(b, b.add("Reshape", x, shape=(5, 16)), (16,))))
    assert ops(graph) == ["Reshape", "GroupNorm"]
    assert graph.nodes[-1].get("groups") == 2


def test_flattened_instance_norm_is_no_group_norm() -> None:
    b = GraphBuilder()
    x = b.add("InstanceNorm", b.add("Reshape", b.input((1, 5, 16)), shape=(5, 2, 8)))
    graph, _ = normalise(b.build(b.linear(b.add("Reshape", x, shape=(5, 16)), 4)))
    assert ops(graph) == ["Reshape", "InstanceNorm", "Reshape", "Linear"]


def test_layer_norm_over_the_plane_is_instance_norm() -> None:
    b = GraphBuilder()
    graph, _ = normalise(b.build(b.add("LayerNorm", b.input(IMAGE), dims=2, scale=False, bias=False)))
    assert ops(graph) == ["InstanceNorm"]


@pytest.mark.parametrize("op", ["LayerNorm", "RMSNorm"])
def test_norm_of_channels_is_norm_of_the_last_axis(op: str) -> None:
    """The layer norm of an image that is written over axis 1, against permute, norm, permute."""
    b = GraphBuilder()
    x = b.conv(b.input(IMAGE), 8, 3)
    y = b.add("Sub", x, b.add("ReduceMean", x, axes=(1,), keepdims=True)) if op == "LayerNorm" else x
    core = scaled_by_root(b, y, b.add("ReduceMean", square(b, y, True), axes=(1,), keepdims=True), "quotient")
    scaled = b.add("Mul", b.add("Parameter", shape=(8, 1, 1)), core)
    y = b.add("Add", scaled, b.add("Parameter", shape=(8, 1, 1)))
    by_hand, _ = normalise(b.build(b.conv(y, 4, 3)))

    b = GraphBuilder()
    x = b.add("Transpose", b.conv(b.input(IMAGE), 8, 3), perm=(0, 2, 3, 1))
    y = b.add("Transpose", b.add(op, x, bias=True, epsilon=1e-5), perm=(0, 3, 1, 2))
    permuted, _ = normalise(b.build(b.conv(y, 4, 3)))
    assert fingerprint(by_hand) == fingerprint(permuted)
    assert sum(n.params for n in by_hand.nodes) == sum(n.params for n in permuted.nodes)


def parallel_branches(b: GraphBuilder, x: int, written_out: bool) -> Graph:
    """Two branches with a norm of their own on the same tensor, as in parallel transformer blocks."""
    ends = []
    for features in (4, 8):
        if written_out:
            centred = b.add("Sub", x, mean(b, x))
            core = scaled_by_root(b, centred, mean(b, square(b, centred, True)), "quotient")
            normed = affine(b, core, (16,))
        else:
            normed = b.add("LayerNorm", x)
        ends.append(b.linear(normed, features))
    return b.build(*ends)


def test_norms_of_parallel_branches_are_several() -> None:
    found = []
    for written_out in (True, False):
        b = GraphBuilder()
        graph, _ = normalise(parallel_branches(b, b.input(TOKENS), written_out))
        assert sorted(ops(graph)) == ["LayerNorm", "LayerNorm", "Linear", "Linear"]
        found.append(fingerprint(graph))
    assert found[0] == found[1]
