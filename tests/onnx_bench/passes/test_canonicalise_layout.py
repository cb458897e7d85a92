"""Reshapes, transposes, slices, padding and resizing."""

from __future__ import annotations

from typing import Any

import pytest

from onnx_bench.passes.canonicalise_pads import CanonicalisePads
from onnx_bench.passes.canonicalise_reshapes import CanonicaliseReshapes
from onnx_bench.passes.canonicalise_resizes import CanonicaliseResizes
from onnx_bench.passes.canonicalise_slices import CanonicaliseSlices
from tests.onnx_bench.passes.drafts import IMAGE, Sketch, applied, normal, only, ops


def test_reshapes_merge_and_vanish() -> None:
    s = Sketch()
    x = s.op("Unsqueeze", s.op("Flatten", s.input(), shape=(1, 256), axis=1), shape=(1, 256, 1), axes=(2,))
    assert ops(applied(CanonicaliseReshapes(), s.done(s.op("Reshape", x, shape=(1, 16, 16))))) == ["Reshape"]
    s = Sketch()
    x = s.op("Squeeze", s.op("Unsqueeze", s.input(), shape=(1, *IMAGE), axes=(0,)), axes=(0,))
    assert ops(applied(CanonicaliseReshapes(), s.done(x))) == []


def test_transposes_merge_and_vanish() -> None:
    s = Sketch()
    x = s.op("Transpose", s.op("Transpose", s.input(), shape=(1, 8, 8, 4), perm=(0, 2, 3, 1)), shape=(1, 4, 8, 8),
             perm=(0, 3, 1, 2))  # fmt: skip
    assert ops(applied(CanonicaliseReshapes(), s.done(x))) == []


def test_moving_axes_of_one_element_is_a_reshape() -> None:
    s = Sketch()
    x = s.op("Transpose", s.input((1, 7, 5)), shape=(7, 1, 5), perm=(1, 0, 2))
    assert ops(applied(CanonicaliseReshapes(), s.done(x))) == ["Reshape"]


def test_split_is_slices_of_what_is_read() -> None:
    s = Sketch()
    parts = s.op("Split", s.input(), shape=(1, 1, 8, 8), axis=1, split=(1, 2, 1))
    second = s.op("Output", parts, shape=(1, 2, 8, 8), index=1)
    graph = applied(CanonicaliseSlices(), s.done(second))
    assert dict(only(graph, "Slice").attrs) == {"axis": 1, "start": 1, "end": 3, "step": 1}
    assert only(graph, "Slice").shape == (1, 2, 8, 8)


def test_slices_of_several_axes_are_a_chain() -> None:
    s = Sketch()
    x = s.op("Slice", s.input(), shape=(1, 4, 4, 3), axes=(2, 3), starts=(0, 1), ends=(8, 7), steps=(2, 2))
    graph = applied(CanonicaliseSlices(), s.done(x))
    assert [dict(n.attrs) for n in graph.nodes[1:]] == [
        {"axis": 2, "start": 0, "end": 7, "step": 2}, {"axis": 3, "start": 1, "end": 6, "step": 2}
    ]  # fmt: skip


def test_slices_of_slices_merge_and_full_ones_vanish() -> None:
    s = Sketch()
    inner = s.op("Slice", s.input(), shape=(1, 4, 4, 8), axis=2, start=1, end=8, step=2)
    outer = s.op("Slice", inner, shape=(1, 4, 2, 8), axis=2, start=2, end=4, step=1)
    full = s.op("Slice", outer, shape=(1, 4, 2, 8), axes=(0,), starts=(0,), ends=(1,), steps=(1,))
    graph = applied(CanonicaliseSlices(), s.done(full))
    assert dict(only(graph, "Slice").attrs) == {"axis": 2, "start": 5, "end": 8, "step": 2}


def test_reversal_survives() -> None:
    s = Sketch()
    x = s.op("Slice", s.input(), axes=(3,), starts=(7,), ends=(-1,), steps=(-1,))
    x = s.op("Slice", x, axes=(3,), starts=(7,), ends=(-1,), steps=(-1,))
    graph = applied(CanonicaliseSlices(), s.done(x))
    assert ops(graph) == []


@pytest.mark.parametrize(("index", "shape", "expected"), [
    ((2,), (), ["Slice", "Reshape"]), ((1, 2), (2,), ["Slice"]), ((3, 1), (2,), ["Slice"]),
    ((0, 3, 1), (3,), ["Constant", "Gather"]),
])  # fmt: skip
def test_gather_of_constant_places(index: tuple[int, ...], shape: tuple[int, ...], expected: list[str]) -> None:
    s = Sketch()
    where = s.number(*index, shape=shape, dtype="int")
    graph = applied(CanonicaliseSlices(), s.done(s.op("Gather", s.input(), where, shape=(1, *shape, 8, 8), axis=1)))
    assert ops(graph) == expected
    assert graph.nodes[graph.outputs[0]].shape == (1, *shape, 8, 8)


def pad(pads: tuple[int, ...], shape: tuple[int, ...], **attrs: Any) -> Any:
    s = Sketch()
    return s, s.op("Pad", s.input(), shape=shape, pads=pads, **{"mode": "constant", **attrs})


def test_padding_by_nothing_vanishes_and_negative_padding_crops() -> None:
    s, x = pad((0,) * 8, IMAGE)
    assert ops(applied(CanonicalisePads(), s.done(x))) == []
    s, x = pad((0, 0, -1, 0, 0, 0, 0, -2), (1, 4, 7, 6))
    assert ops(normal(s.done(x))) == ["Slice", "Slice"]


@pytest.mark.parametrize(("attrs", "folds"), [({}, True), ({"value": 1.0}, False), ({"mode": "reflect"}, False)])
def test_padding_by_zeros_is_the_convolutions(attrs: dict[str, Any], folds: bool) -> None:
    s, x = pad((0, 0, 0, 0, 0, 0, 1, 1), (1, 4, 9, 9), **attrs)
    y = s.op("Conv", x, shape=(1, 4, 4, 4), channels=4, kernel=(3, 3), strides=(2, 2), pads=(0,) * 4, dilations=(1, 1))
    graph = applied(CanonicalisePads(), s.done(y))
    assert ops(graph) == (["Conv"] if folds else ["Pad", "Conv"])
    assert only(graph, "Conv").get("pads") == ((0, 0, 1, 1) if folds else (0,) * 4)


@pytest.mark.parametrize(("coordinates", "nearest"), [
    ("asymmetric", "floor"), ("half_pixel", "round_prefer_floor"), ("pytorch_half_pixel", "round_prefer_floor"),
])  # fmt: skip
def test_doubling_is_doubling(coordinates: str, nearest: str) -> None:
    s = Sketch()
    y = s.op("Resize", s.input(), shape=(1, 4, 16, 16), mode="nearest", coordinate_transformation_mode=coordinates,
             nearest_mode=nearest, exclude_outside=0)  # fmt: skip
    node = only(applied(CanonicaliseResizes(), s.done(y)), "Resize")
    assert node.get("coordinates") == "half_pixel" and node.get("nearest_mode") == "round_prefer_floor"


def test_resizing_by_parts_keeps_its_coordinates_and_resizing_to_itself_vanishes() -> None:
    s = Sketch()
    y = s.op("Resize", s.input(), shape=(1, 4, 12, 12), mode="linear", coordinate_transformation_mode="align_corners")
    z = s.op("Resize", y, shape=(1, 4, 12, 12), mode="nearest")
    node = only(applied(CanonicaliseResizes(), s.done(z)), "Resize")
    assert node.get("coordinates") == "align_corners" and node.get("mode") == "linear"


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 2, 1, 3)])
def test_blocks_of_pixels_are_slices(order: tuple[int, ...]) -> None:
    """onnxruntime makes SpaceToDepth of the slices with which YOLO begins, and a Gather where their order differs."""
    s, corners = Sketch(), [(i, j) for i in (0, 1) for j in (0, 1)]
    x = s.input()
    parts = [s.op("Slice", x, shape=(1, 4, 4, 4), axes=(2, 3), starts=corners[k], ends=(8, 8), steps=(2, 2))
             for k in order]  # fmt: skip
    plain = normal(s.done(s.op("Concat", *parts, shape=(1, 16, 4, 4), axis=1)))
    s = Sketch()
    y = s.op("SpaceToDepth", s.input(), shape=(1, 16, 4, 4), blocksize=2)
    if order != (0, 1, 2, 3):
        places = tuple(4 * k + channel for k in order for channel in range(4))
        y = s.op("Gather", y, s.op("Constant", shape=(16,), value=places, dtype="int"), shape=(1, 16, 4, 4), axis=1)
    assert normal(s.done(y)) == plain


@pytest.mark.parametrize("size", [3, 8])
def test_blocks_that_do_not_divide_an_image_or_are_large_stay(size: int) -> None:
    s = Sketch()
    side = 8 // size
    y = s.op("SpaceToDepth", s.input(), shape=(1, 4 * size * size, side, side), blocksize=size)
    assert [node.op for node in normal(s.done(y)).nodes] == ["Input", "SpaceToDepth"]


@pytest.mark.parametrize("places", [(0, 1, 2), (4, 5, 6, 7, 0), (1, 2, 3, 4), (4, 5, 7, 6)])
def test_channels_that_cut_an_operand_are_gathered(places: tuple[int, ...]) -> None:
    s = Sketch()
    parts = [s.op("Relu", s.input((1, 4, 8, 8)), shape=(1, 4, 8, 8)) for _ in range(2)]
    joined = s.op("Concat", *parts, shape=(1, 8, 8, 8), axis=1)
    index = s.op("Constant", shape=(len(places),), value=places, dtype="int")
    y = s.op("Gather", joined, index, shape=(1, len(places), 8, 8), axis=1)
    found = normal(s.done(s.op("Relu", y, shape=(1, len(places), 8, 8))))
    assert sum(node.op == "Concat" for node in found.nodes) == 1
