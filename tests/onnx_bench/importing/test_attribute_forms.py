"""Attributes that moved to inputs over the opsets reach the graph in one form."""

from __future__ import annotations

import pytest

from tests.onnx_bench.importing.models import imported, the

CASES = [
    ("Squeeze", {"axes": (0, 2)}, (2, 4), "float[1,2,1,4] x", [
        (11, "y = Squeeze <axes = [0, 2]> (x)", ""),
        (11, "y = Squeeze <axes = [-2, -4]> (x)", ""),
        (11, "y = Squeeze (x)", ""),
        (13, "y = Squeeze (x, a)", "int64[2] a = {-2, 0}"),
        (13, "a = Constant <value_ints = [0, 2]> () y = Squeeze (x, a)", ""),
    ]),
    ("Unsqueeze", {"axes": (0, 2)}, (1, 1, 1, 4), "float[1,4] x", [
        (11, "y = Unsqueeze <axes = [0, 2]> (x)", ""), (13, "y = Unsqueeze (x, a)", "int64[2] a = {-2, 0}"),
    ]),
    ("ReduceMean", {"axes": (2, 3), "keepdims": 0}, (1, 3), "float[1,3,4,5] x", [
        (13, "y = ReduceMean <axes = [3, -2], keepdims = 0> (x)", ""),
        (18, "y = ReduceMean <keepdims = 0> (x, a)", "int64[2] a = {2, 3}"),
    ]),
    ("ReduceSum", {"axes": (0, 1), "keepdims": 1}, (1, 1), "float[1,3] x", [
        (11, "y = ReduceSum (x)", ""), (13, "y = ReduceSum (x)", ""),
        (13, "y = ReduceSum <noop_with_empty_axes = 0> (x, a)", "int64[0] a = {}"),
    ]),
    ("Slice", {"axes": (1,), "starts": (1,), "ends": (4,), "steps": (1,)}, (1, 3), "float[1,4] x", [
        (9, "y = Slice <axes = [1], starts = [1], ends = [9223372036854775807]> (x)", ""),
        (9, "y = Slice <starts = [0, -3], ends = [2, 4]> (x)", ""),
        (13, "y = Slice (x, s, e, a)", "int64[1] s = {1}; int64[1] e = {4}; int64[1] a = {-1}"),
        (13, "y = Slice (x, s, e, a, t)",
         "int64[2] s = {0, 1}; int64[2] e = {2, 99}; int64[2] a = {0, 1}; int64[2] t = {1, 1}"),
    ]),
    ("Slice", {"axes": (1,), "starts": (3,), "ends": (-1,), "steps": (-1,)}, (1, 4), "float[1,4] x", [
        (13, "y = Slice (x, s, e, a, t)",
         "int64[1] s = {-1}; int64[1] e = {-99}; int64[1] a = {1}; int64[1] t = {-1}"),
    ]),
    ("Pad", {"mode": "constant", "pads": (0, 0, 1, 2, 0, 0, 1, 2), "value": 1.5}, (1, 3, 10, 12), "float[1,3,8,8] x", [
        (2, "y = Pad <pads = [0,0,1,2,0,0,1,2], value = 1.5> (x)", ""),
        (13, "y = Pad (x, p, v)", "int64[8] p = {0,0,1,2,0,0,1,2}; float v = {1.5}"),
        (18, "y = Pad (x, p, v, a)", "int64[4] p = {1,2,1,2}; float v = {1.5}; int64[2] a = {2,-1}"),
    ]),
    ("Clip", {"min": 0.0, "max": 6.0}, (1, 4), "float[1,4] x", [
        (6, "y = Clip <min = 0.0, max = 6.0> (x)", ""), (11, "y = Clip (x, a, b)", "float a = {0}; float b = {6}"),
    ]),
    ("Clip", {"min": 0.0}, (1, 4), "float[1,4] x", [
        (6, "y = Clip <min = 0.0> (x)", ""), (6, "y = Clip <min = 0.0, max = 3.4028234e38> (x)", ""),
        (11, "y = Clip (x, a)", "float a = {0}"), (13, "y = Clip (x, a, )", "float a = {0}"),
    ]),
    ("Tile", {"repeats": (2, 3)}, (2, 12), "float[1,4] x", [(13, "y = Tile (x, r)", "int64[2] r = {2, 3}")]),
    ("TopK", {"axis": 1, "k": 2}, (1, 2), "float[1,4] x", [
        (9, "y, i = TopK <k = 2> (x)", ""), (11, "y, i = TopK (x, k)", "int64[1] k = {2}"),
    ]),
    ("CumSum", {"axis": 1}, (1, 4), "float[1,4] x", [(14, "y = CumSum (x, a)", "int64 a = {-1}")]),
    ("Softmax", {"axis": 1}, (1, 4), "float[1,4] x", [
        (11, "y = Softmax (x)", ""), (13, "y = Softmax (x)", ""), (13, "y = Softmax <axis = 1> (x)", ""),
    ]),
    ("Transpose", {"perm": (1, 0)}, (4, 1), "float[1,4] x", [
        (13, "y = Transpose (x)", ""), (13, "y = Transpose <perm = [1, 0]> (x)", ""),
    ]),
    ("Reshape", {}, (1, 2, 2), "float[1,4] x", [
        (1, "y = Reshape <shape = [0, 2, -1]> (x)", ""), (13, "y = Reshape (x, s)", "int64[3] s = {0, 2, -1}"),
        (14, "y = Reshape <allowzero = 1> (x, s)", "int64[3] s = {1, -1, 2}"),
        (13, "s = Constant <value_ints = [1, 2, 2]> () y = Reshape (x, s)", ""),
    ]),
    ("Cast", {"to": "int"}, (1, 4), "float[1,4] x", [
        (13, "y = Cast <to = 7> (x)", ""), (13, "y = Cast <to = 6> (x)", ""), (1, 'y = Cast <to = "INT64"> (x)', ""),
        (15, "y = CastLike (x, o)", "int64 o = {1}"),
    ]),
    ("MaxPool", {"ceil_mode": 0, "dilations": (1, 1), "kernel_shape": (3, 3), "pads": (0, 0, 1, 1), "strides": (2, 2)},
     (1, 3, 4, 4), "float[1,3,8,8] x", [
        (12, "y = MaxPool <ceil_mode = 0, kernel_shape = [3,3], strides = [2,2], auto_pad = \"SAME_UPPER\"> (x)", ""),
        (12, "y = MaxPool <ceil_mode = 0, kernel_shape = [3,3], strides = [2,2], pads = [0,0,1,1]> (x)", ""),
    ]),
]  # fmt: skip
RESIZED = [
    (9, "y = Upsample <mode = \"linear\"> (x, s)", "float[4] s = {1, 1, 2, 2}"),
    (7, "y = Upsample <mode = \"linear\", scales = [1.0, 1.0, 2.0, 2.0]> (x)", ""),
    (10, "y = Resize <mode = \"linear\"> (x, s)", "float[4] s = {1, 1, 2, 2}"),
    (11, 'y = Resize <mode="linear", coordinate_transformation_mode="asymmetric", nearest_mode="floor"> (x, r, s)',
     "float[0] r = {}; float[4] s = {1, 1, 2, 2}"),
    (18, 'y = Resize <mode="linear", coordinate_transformation_mode="asymmetric", nearest_mode="floor", axes=[2,3]>'
         " (x, , , s)", "int64[2] s = {16, 16}"),
]  # fmt: skip


@pytest.mark.parametrize(("op", "attrs", "shape", "inputs", "writings"), CASES)
def test_every_writing_gives_one_node(op: str, attrs: dict, shape: tuple, inputs: str, writings: list) -> None:
    for opset, body, stored in writings:
        node = the(imported(body, inputs=inputs, opset=opset, stored=stored), op)
        assert (node.attrs, node.shape, len(node.inputs)) == (tuple(sorted(attrs.items())), shape, 1), (opset, body)


def test_resizing_has_one_form() -> None:
    nodes = {the(imported(body, opset=opset, stored=stored), "Resize") for opset, body, stored in RESIZED}
    assert len(nodes) == 1
    assert nodes.pop().shape == (1, 3, 16, 16)


def test_split_writes_its_sizes_out() -> None:
    for opset, body, stored in [
        (11, "y, z = Split <axis = -1> (x)", ""), (11, "y, z = Split <axis = 1, split = [2, 2]> (x)", ""),
        (13, "y, z = Split <axis = 1> (x, s)", "int64[2] s = {2, 2}"),
        (18, "y, z = Split <axis=1, num_outputs=2> (x)", ""),
    ]:  # fmt: skip
        graph = imported(body, inputs="float[1,4] x", outputs="float y, float z", opset=opset, stored=stored)
        assert the(graph, "Split").attrs == (("axis", 1), ("split", (2, 2)))
        assert [graph.nodes[o].op for o in graph.outputs] == ["Split", "Output"]
        assert the(graph, "Output").get("index") == 1
        assert the(graph, "Output").shape == (1, 2)


def test_old_softmax_over_several_axes_is_reshaped() -> None:
    graph = imported("y = Softmax <axis = 1> (x)", inputs="float[1,3,4] x", opset=11)
    assert [(n.op, n.shape) for n in graph.nodes[1:]] == [
        ("Flatten", (1, 12)), ("Softmax", (1, 12)), ("Reshape", (1, 3, 4))
    ]  # fmt: skip


def test_casts_inside_a_class_vanish() -> None:
    graph = imported("a = Cast <to = 10> (x) b = Cast <to = 11> (a) c = Identity (b) d = Dropout (c) y = Relu (d)")
    assert [n.op for n in graph.nodes] == ["Input", "Relu"]


def test_unknown_bounds_stay_inputs() -> None:
    node = the(imported("y = Clip (x, a)", inputs="float[1,4] x, float a"), "Clip")
    assert (node.attrs, len(node.inputs)) == ((), 2)
