"""Reshapes, transposes and slices have one place, wherever an exporter or an optimiser put them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from onnx_bench.builder import GraphBuilder
from onnx_bench.fingerprint import fingerprint
from onnx_bench.node import Graph
from onnx_bench.normalise import normalise

Writing = Callable[[GraphBuilder], int]


def normal(writing: Writing) -> Graph:
    b = GraphBuilder()
    return normalise(b.build(writing(b)))[0]


def tokens(b: GraphBuilder) -> int:
    return b.input((1, 6, 16))


def linear_on_rows(b: GraphBuilder) -> int:
    flat = b.add("Reshape", tokens(b), shape=(6, 16))
    return b.add("Reshape", b.relu(b.linear(flat, 8)), shape=(1, 6, 8))


def linear_on_tokens(b: GraphBuilder) -> int:
    return b.relu(b.linear(tokens(b), 8))


def linear_sequence_first(b: GraphBuilder) -> int:
    turned = b.add("Transpose", tokens(b), perm=(1, 0, 2))
    return b.relu(b.add("Transpose", b.linear(turned, 8), perm=(1, 0, 2)))


def patches_flattened(b: GraphBuilder) -> int:
    flat = b.add("Reshape", b.conv(b.input((1, 3, 8, 8)), 4, 2, 2, padding=0), shape=(1, 4, 16))
    return b.linear(b.add("Transpose", flat, perm=(0, 2, 1)), 8)


def patches_last(b: GraphBuilder) -> int:
    last = b.add("Transpose", b.conv(b.input((1, 3, 8, 8)), 4, 2, 2, padding=0), perm=(0, 2, 3, 1))
    return b.linear(b.add("Reshape", last, shape=(1, 16, 4)), 8)


def image_from_tokens(b: GraphBuilder) -> int:
    turned = b.add("Transpose", tokens(b), perm=(0, 2, 1))
    return b.conv(b.add("Reshape", turned, shape=(1, 16, 2, 3)), 4, 3)


def image_from_grid(b: GraphBuilder) -> int:
    grid = b.add("Reshape", tokens(b), shape=(1, 2, 3, 16))
    return b.conv(b.add("Transpose", grid, perm=(0, 3, 1, 2)), 4, 3)


def sum_of_transposed(b: GraphBuilder) -> int:
    x = tokens(b)
    y = b.add("Transpose", b.linear(x, 16), perm=(0, 2, 1))
    z = b.add("Transpose", b.linear(x, 16), perm=(0, 2, 1))
    return b.add("Transpose", b.add("Add", y, z), perm=(0, 2, 1))


def sum_of_tokens(b: GraphBuilder) -> int:
    x = tokens(b)
    return b.add("Add", b.linear(x, 16), b.linear(x, 16))


def mean_of_transposed(b: GraphBuilder) -> int:
    turned = b.add("Transpose", tokens(b), perm=(0, 2, 1))
    return b.linear(b.add("ReduceMean", turned, axes=(2,), keepdims=False), 4)


def mean_of_tokens(b: GraphBuilder) -> int:
    return b.linear(b.add("ReduceMean", tokens(b), axes=(1,), keepdims=False), 4)


def last_step_of_turned(b: GraphBuilder) -> int:
    turned = b.add("Transpose", tokens(b), perm=(1, 0, 2))
    return b.linear(b.add("Reshape", b.add("Slice", turned, axis=0, start=5, end=6), shape=(1, 16)), 4)


def last_step(b: GraphBuilder) -> int:
    return b.linear(b.add("Reshape", b.add("Slice", tokens(b), axis=1, start=5, end=6), shape=(1, 16)), 4)


def two_halves_of_one_product(b: GraphBuilder) -> int:
    both = b.linear(tokens(b), 32)
    cuts = [b.add("Slice", both, axis=2, start=i, end=i + 16) for i in (0, 16)]
    return b.add("Mul", cuts[0], b.add("Gelu", cuts[1]))


def two_products(b: GraphBuilder) -> int:
    x = tokens(b)
    return b.add("Mul", b.linear(x, 16), b.add("Gelu", b.linear(x, 16)))


@pytest.mark.parametrize("one, other", [
    (linear_on_rows, linear_on_tokens), (linear_sequence_first, linear_on_tokens), (patches_flattened, patches_last),
    (image_from_tokens, image_from_grid), (sum_of_transposed, sum_of_tokens), (mean_of_transposed, mean_of_tokens),
    (last_step_of_turned, last_step), (two_halves_of_one_product, two_products),
])  # fmt: skip
def test_writings_are_equal(one: Writing, other: Writing) -> None:
    assert fingerprint(normal(one)) == fingerprint(normal(other))


def test_layout_that_cancels_is_gone() -> None:
    assert [n.op for n in normal(linear_on_rows).nodes] == ["Input", "Linear", "Relu"]
    assert [n.op for n in normal(sum_of_transposed).nodes] == ["Input", "Linear", "Linear", "Add"]


def test_overlapping_slices_do_not_split_a_linear() -> None:
    b = GraphBuilder()
    whole = b.linear(tokens(b), 32)
    cuts = [b.add("Slice", whole, axis=2, start=i, end=i + 20) for i in (0, 12)]
    graph, _ = normalise(b.build(b.add("Mul", *cuts)))
    assert [n.op for n in graph.nodes].count("Linear") == 1


def test_linear_read_whole_is_not_split() -> None:
    b = GraphBuilder()
    whole = b.linear(tokens(b), 32)
    graph, _ = normalise(b.build(whole, b.add("Slice", whole, axis=2, start=0, end=16)))
    assert [n.op for n in graph.nodes].count("Linear") == 1


def test_split_keeps_the_parameters() -> None:
    assert sum(n.params for n in normal(two_halves_of_one_product).nodes) == 32 * 17


def test_channel_shuffle_stays_a_shuffle() -> None:
    b = GraphBuilder()
    x = b.add("Reshape", b.input((1, 8, 4, 4)), shape=(1, 2, 4, 4, 4))
    shuffled = b.add("Reshape", b.add("Transpose", x, perm=(0, 2, 1, 3, 4)), shape=(1, 8, 4, 4))
    graph, _ = normalise(b.build(b.conv(shuffled, 4, 3)))
    assert [n.op for n in graph.nodes] == ["Input", "Reshape", "Transpose", "Reshape", "Conv"]


@pytest.mark.parametrize("plane", [(1, 1), (1, 6)])
def test_softmax_over_the_last_axis_and_back(plane: tuple[int, int]) -> None:
    """Exporters of opsets before 13 put the axis last and back; axes of size 1 must not settle between (ResNeSt)."""
    prints = []
    for old in (False, True):
        b = GraphBuilder()
        x = b.conv(b.input((1, 3, *plane)), 8, 1)
        x = b.add("Transpose", b.add("Reshape", x, shape=(1, 1, 2, 4 * plane[1])), perm=(0, 2, 1, 3))
        if old:
            x = b.add("Softmax", b.add("Transpose", x, perm=(0, 3, 2, 1)), axis=3)
            x = b.add("Transpose", x, perm=(0, 3, 2, 1))
        else:
            x = b.add("Softmax", x, axis=1)
        graph, _ = normalise(b.build(b.conv(b.add("Reshape", x, shape=(1, 8, *plane)), 4, 1)))
        prints.append(fingerprint(graph))
    assert prints[0] == prints[1]


@pytest.mark.parametrize("computed", [False, True])
def test_token_joins_pixels_before_or_behind_their_transpose(computed: bool) -> None:
    """onnxruntime moves a Transpose of pixels behind the class token that joins them, where it meets another (PiT)."""
    prints = []
    for late in (False, True):
        b = GraphBuilder()
        pixels = b.add("Reshape", b.conv(b.input((1, 3, 4, 4)), 8, 1), shape=(1, 8, 16))
        held = (1, 8, 1) if late else (1, 1, 8)
        token = b.linear(b.input((1, 1, 5)), 8) if computed else b.add("Parameter", shape=held)
        if late:
            token = b.add("Reshape", token, shape=held) if computed else token
            x = b.add("Transpose", b.add("Concat", token, pixels, axis=2), perm=(0, 2, 1))
        else:
            x = b.add("Concat", token, b.add("Transpose", pixels, perm=(0, 2, 1)), axis=1)
        prints.append(fingerprint(normalise(b.build(b.linear(x, 8)))[0]))
    assert prints[0] == prints[1]
