"""Impossible attributes and sizes: a warning or a typed error, in bounded time and memory."""

from __future__ import annotations

import contextlib
import random
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import numpy_helper

from onnx_bench.errors import MalformedModelError, UserInputError
from onnx_bench.importing.importer import import_model
from tests.onnx_bench.importing.models import imported, model, output

HUGE = 2**62
POOL = [0, -1, 1, 2, 3, 7, -5, 10**9, HUGE, -HUGE, 2**63 - 1, -(2**63), 1 << 40, 64, 65, 100_000]


@pytest.mark.parametrize(
    ("body", "stored"),
    [
        ("y = Conv <group = 0> (x, w)", "float[3,3,3,3] w"),
        ("y = Conv <strides = [0, 0]> (x, w)", "float[3,3,3,3] w"),
        ("y = Conv <dilations = [-1, 1]> (x, w)", "float[3,3,3,3] w"),
        ("y = Conv <pads = [1, 1]> (x, w)", "float[3,3,3,3] w"),
        ("y = Conv (x, w)", "float[3,4,3,3] w"),
        ("y = MaxPool <kernel_shape = [1000000000, 3]> (x)", ""),
        ("y = MaxPool <kernel_shape = [3, 3], strides = [2.5, 2.5]> (x)", ""),
        ("y = MaxPool (x)", ""),
        ("y = MaxPool <kernel_shape = 3> (x)", ""),
        ("y = Reshape (x, s)", "int64[2] s = {-1, -1}"),
        ("y = Reshape (x, s)", "int64[2] s = {7, 11}"),
        ("y = Transpose <perm = [0, 0, 1, 2]> (x)", ""),
        ("y = Concat <axis = 9> (x, x)", ""),
        ("y = Softmax <axis = -9> (x)", ""),
        ("y = Tile (x, r)", f"int64[4] r = {{{HUGE}, {HUGE}, {HUGE}, {HUGE}}}"),
        ("y = DepthToSpace <blocksize = 0> (x)", ""),
        ("y = Split <num_outputs = 1000000000000> (x)", ""),
        ("y = Einsum <equation = \"ab,bc->ac\"> (x)", ""),
        ("y = Resize (x, r, s)", "float[0] r = {}; float[4] s = {1, 1, 1e38, 1e38}"),
        ("y = Gather (x, i)", "int64 i = {5}"),
        ("y = MatMul (x, w)", "float[5,5] w"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_a_warning(body: str, stored: str) -> None:
    graph = imported(body, stored=stored)
    assert output(graph).shape is None
    assert [w for w in graph.warnings if w.startswith("shapes unknown")]


@pytest.mark.parametrize(
    "body",
    [
        "f = ConstantOfShape (s) y = Reshape (x, f)",
        "f = ConstantOfShape <value = int64[1] {1}> (s) t = ReduceSum (f) y = Expand (x, t)",
        "f = ConstantOfShape <value = int64[1] {1}> (s) t = NonZero (f) y = Gather (x, t)",
        "f = ConstantOfShape <value = int64[1] {-1}> (s) y = Gather (x, f)",
        "f = ConstantOfShape <value = int64[1] {1}> (s) y = Slice (x, f, f)",
        "f = ConstantOfShape <value = int64[1] {1}> (s) t = Concat <axis = 0> (f, f) y = ConstantOfShape (t)",
        "f = ConstantOfShape (s) c = Cast <to = 9> (f) y = Compress (x, c)",
        "r = Range (a, n, b) y = Gather (x, r)",
        "r = Range (a, n, b) t = Tile (r, s) y = Gather (x, t)",
        "f = ConstantOfShape (s) c = CumSum (f, a) t = Trilu (c) y = Cast <to = 1> (t)",
        "h = ConstantOfShape (s) h3 = Unsqueeze (h, u) y, g = GRU <hidden_size = 2> (q, w, v, , , h3)",
    ],
)
def test_huge_computed_tensors_allocate_nothing(body: str) -> None:
    stored = (
        f"int64[1] s = {{{1 << 39}}}; int64 a = {{0}}; int64 b = {{1}}; int64 n = {{{HUGE}}}; int64[2] u = {{0, 1}}; "
        "float[1,6,3] w; float[1,6,2] v; float[5,1,3] q"
    )
    import_model(model(body, stored=stored))


def test_dangling_and_repeated_names_are_refused() -> None:
    for body in ("y = Add (x, nowhere)", "y = Relu (x) y = Abs (x)", "x = Relu (x) y = Abs (x)", "z = Relu (x)"):
        with pytest.raises(MalformedModelError):
            imported(body)


def test_negative_stored_dims_are_refused() -> None:
    proto = model("y = Add (x, w)", stored="float[4] w")
    proto.graph.initializer[0].dims[0] = -4
    with pytest.raises(MalformedModelError, match="negative"):
        import_model(proto)


def test_a_thousand_axes() -> None:
    proto = model("y = Add (x, w)", stored="float[4] w")
    proto.graph.initializer[0].dims[:] = [1] * 1000
    assert output(import_model(proto)).shape is None


def _mutate(proto: onnx.ModelProto, rng: random.Random) -> None:
    """Change sizes, attribute values and types, operands and opsets; make inputs constants."""
    for info in list(proto.graph.input):
        body = info.type.tensor_type
        if info.type.HasField("tensor_type") and rng.random() < 0.5 and body.elem_type in (1, 6, 7):
            dtype = {1: np.float32, 6: np.int32, 7: np.int64}[body.elem_type]
            with np.errstate(all="ignore"):
                values = np.array([rng.choice(POOL) for _ in range(rng.randrange(6))], np.int64).astype(dtype)
            proto.graph.initializer.append(numpy_helper.from_array(values, info.name))
            proto.graph.input.remove(info)
        else:
            for dim in body.shape.dim:
                if rng.random() < 0.2:
                    dim.dim_value = rng.choice(POOL)
    for node in proto.graph.node:
        for a in node.attribute:
            if rng.random() < 0.3:
                a.i, a.f = rng.choice(POOL), rng.choice([0.0, float("nan"), float("inf"), -1.0])
                a.ints[:] = [rng.choice(POOL) if rng.random() < 0.5 else i for i in a.ints]
            if rng.random() < 0.1:
                a.type = rng.choice([1, 2, 3, 6, 7, 8])
        if node.attribute and rng.random() < 0.1:
            del node.attribute[0]
        if node.input and rng.random() < 0.1:
            node.input[rng.randrange(len(node.input))] = ""
    if rng.random() < 0.2:
        for opset in proto.opset_import:
            opset.version = rng.randrange(1, 30)


@pytest.mark.filterwarnings("ignore")
@settings(deadline=None, max_examples=300)
@given(st.randoms(use_true_random=False))
def test_mutated_cases_raise_nothing_untyped(node_cases: list[Any], rng: random.Random) -> None:
    proto = onnx.ModelProto()
    proto.CopyFrom(rng.choice(node_cases).model)
    _mutate(proto, rng)
    with contextlib.suppress(UserInputError):
        import_model(proto).to_bytes()
