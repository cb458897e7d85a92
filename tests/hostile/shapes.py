"""Shapes and element types that are unknown, huge, negative or absurd."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from onnx_bench.errors import MalformedModelError, ModelTooLargeError, UnsupportedGraphError
from tests.hostile.build import FLOAT, Shape, add, case, convolution, model, node, value, weights


def _relu(shape: Shape) -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["y"])], [value("x", shape)])


add("shape_unknown", lambda: _relu(None))
add("shape_symbolic", lambda: _relu(["batch", 3, "height", None]))
add("shape_zero", lambda: _relu([1, 0, 8, 8]))
add("shape_negative", lambda: _relu([-1, 3, -7, 8]))
add("shape_huge", lambda: _relu([1, 1 << 62, 1 << 62, 1 << 62]), ModelTooLargeError,
     "found 2^186 or more elements in an output of Input; the limit is 2^63 - 1; correct the sizes")  # fmt: skip
add("shape_of_rank_31_huge", lambda: _relu([1] + [1 << 62] * 30), ModelTooLargeError,
     "found 2^1860 or more elements in an output of Input")  # fmt: skip
add("shape_rank_1000", lambda: _relu([1 << 62] * 1000), UnsupportedGraphError,
     "'x' has 1,000 dimensions; the limit is 64")  # fmt: skip


def _with_dims(*dims: int) -> onnx.ModelProto:
    """A Conv whose weights claim `dims` and hold nothing."""
    made = convolution(kernel_shape=None)
    tensor = made.graph.initializer[0]
    del tensor.dims[:]
    tensor.dims.extend(dims)
    tensor.ClearField("raw_data")
    return made


add("weights_without_values", lambda: _with_dims(4, 3, 3, 3))
add("weights_negative", lambda: _with_dims(4, -3, 3, 3), MalformedModelError,
     "tensor 'w' has a negative dimension in [4, -3, 3, 3]")  # fmt: skip
add("weights_rank_1000", lambda: _with_dims(*[1] * 1000), UnsupportedGraphError,
     "tensor 'w' has 1,000 dimensions; the limit is 64")  # fmt: skip
add("weights_huge", lambda: _with_dims(1 << 62, 3, 3, 3), ModelTooLargeError,
     "found 2^66 or more elements in an output of Parameter")  # fmt: skip
add("weights_zero", lambda: _with_dims(0, 3, 3, 3))
add("weights_scalar", lambda: _with_dims(), None, "shapes unknown")


@case(MalformedModelError, "tensor 'w' of shape [4, 3, 3, 3] holds 3 bytes; it takes 432")
def payload_too_short() -> onnx.ModelProto:
    made = convolution()
    made.graph.initializer[0].raw_data = b"abc"
    return made


def _reshape_to(*target: int) -> onnx.ModelProto:
    return model([node("Reshape", ["x", "s"], ["y"])],
                 initialisers=[numpy_helper.from_array(np.array(target, np.int64), "s")])  # fmt: skip


add("reshape_wrong_size", lambda: _reshape_to(7, 5))
add("reshape_negative", lambda: _reshape_to(-7, -7))
add("reshape_to_empty", lambda: _reshape_to(0, -1, 0))


@case()
def expand_to_2_to_the_60() -> onnx.ModelProto:
    shape = numpy_helper.from_array(np.array([1 << 30, 1 << 30], np.int64), "s")
    return model([node("ConstantOfShape", ["s"], ["c"]), node("ReduceMean", ["c"], ["m"], keepdims=0),
                  node("Add", ["x", "m"], ["y"])], initialisers=[shape])  # fmt: skip


@case()
def range_of_10_to_the_18() -> onnx.ModelProto:
    ends = [numpy_helper.from_array(np.array(v, np.int64), name) for name, v in (("a", 0), ("b", 10**18), ("d", 1))]
    return model([node("Range", ["a", "b", "d"], ["r"]), node("Cast", ["r"], ["f"], to=FLOAT),
                  node("ReduceSum", ["f"], ["m"], keepdims=0), node("Add", ["x", "m"], ["y"])],
                 initialisers=ends)  # fmt: skip


@case(ModelTooLargeError, "found 2^97 or more elements in an output of Tile")
def tile_by_10_to_the_9() -> onnx.ModelProto:
    repeats = numpy_helper.from_array(np.array([1, 10**9, 10**9, 10**9], np.int64), "r")
    return model([node("Tile", ["x", "r"], ["y"])], initialisers=[repeats])


@case(ModelTooLargeError, "found 2^69 or more elements in an output of Tile")
def tiles_to_2_to_the_30000() -> onnx.ModelProto:
    repeats = numpy_helper.from_array(np.array([1, 1 << 62, 1, 1], np.int64), "r")
    tiles = [node("Tile", [f"v{i}" if i else "x", "r"], [f"v{i + 1}"]) for i in range(500)]
    return model(tiles, outputs=[value("v500", None)], initialisers=[repeats])


@case(ModelTooLargeError, "found 2^3906 or more elements in an output of Input")
def flatten_2_to_the_3906() -> onnx.ModelProto:
    return model([node("Flatten", ["x"], ["f"], axis=0), node("Add", ["f", "f"], ["y"])], [value("x", [1 << 62] * 64)])


@case(ModelTooLargeError, "found 2^63 or more elements in an output of Concat")
def concats_to_2_to_the_2000() -> onnx.ModelProto:
    joins = [node("Concat", [f"v{i}" if i else "x"] * 2, [f"v{i + 1}"], axis=1) for i in range(2000)]
    return model(joins, outputs=[value("v2000", None)])


@case(ModelTooLargeError, "found 2^93 or more multiply-accumulates")
def matmul_huge() -> onnx.ModelProto:
    return model([node("MatMul", ["x", "z"], ["y"])], [value(name, [1 << 31, 1 << 31]) for name in "xz"])


@case(ModelTooLargeError, "found 2^63 or more multiply-accumulates")
def matmuls_huge_together() -> onnx.ModelProto:
    product = [node("MatMul", [f"v{i}" if i else "x", "z"], [f"v{i + 1}"]) for i in range(8)]
    return model(product, [value(name, [1 << 20, 1 << 20]) for name in "xz"], [value("v8", None)])


@case(ModelTooLargeError, "found 2^64 or more parameters")
def weights_huge_together() -> onnx.ModelProto:
    made = model([node("MatMul", [f"v{i}" if i else "x", f"w{i}"], [f"v{i + 1}"]) for i in range(4)],
                 [value("x", [1, 1 << 31])], [value("v4", None)])  # fmt: skip
    for i in range(4):
        made.graph.initializer.add(name=f"w{i}", data_type=FLOAT, dims=[1 << 31, 1 << 31])
    return made


def _typed(data_type: int) -> onnx.ModelProto:
    made = _with_dims(4, 3, 3, 3)
    made.graph.initializer[0].data_type = data_type
    return made


add("dtype_99", lambda: _typed(99), UnsupportedGraphError, "tensor 'w' has element type 99, which ONNX does not know")
add("dtype_undefined", lambda: _typed(0), UnsupportedGraphError, "tensor 'w' has element type 0")
for _name in ("BFLOAT16", "FLOAT16", "FLOAT8E4M3FN", "FLOAT4E2M1", "INT4", "UINT4", "STRING", "COMPLEX64"):
    add(f"dtype_{_name.lower()}", lambda name=_name: _typed(TensorProto.DataType.Value(name)))  # type: ignore[misc]


@case()
def input_of_unknown_dtype() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["y"])], [value("x", [1, 3], 99)])


@case()
def sequence_and_optional() -> onnx.ModelProto:
    inputs = [
        helper.make_tensor_sequence_value_info("x", FLOAT, [1, 3]),
        helper.make_value_info("o", helper.make_optional_type_proto(helper.make_tensor_type_proto(FLOAT, [1]))),
    ]
    return model([node("ConcatFromSequence", ["x"], ["y"], axis=0)], inputs)  # fmt: skip


@case()
def sparse_initialiser() -> onnx.ModelProto:
    made = model([node("MatMul", ["x", "w"], ["y"])], [value("x", [1, 100])])
    made.graph.sparse_initializer.append(helper.make_sparse_tensor(
        numpy_helper.from_array(np.ones(3, np.float32), "w"),
        numpy_helper.from_array(np.array([0, 7, 900], np.int64)), [100, 10],
    ))  # fmt: skip
    return made


@case()
def quantised() -> onnx.ModelProto:
    scale, zero = weights("s", 1), numpy_helper.from_array(np.zeros(1, np.int8), "z")
    kernel = numpy_helper.from_array(np.zeros((4, 3, 3, 3), np.int8), "q")
    return model([node("QuantizeLinear", ["x", "s", "z"], ["xq"]), node("DequantizeLinear", ["xq", "s", "z"], ["xd"]),
                  node("DequantizeLinear", ["q", "s", "z"], ["w"]), node("Conv", ["xd", "w"], ["y"])],
                 initialisers=[scale, zero, kernel])  # fmt: skip
