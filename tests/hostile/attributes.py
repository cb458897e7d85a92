"""Attributes that are absurd, missing, of the wrong type or too large."""

from __future__ import annotations

import onnx

from onnx_bench.errors import MalformedModelError, ModelTooLargeError, UnsupportedGraphError
from tests.hostile.build import add, case, convolution, model, node, value, weights

add("group_0", lambda: convolution(group=0), UnsupportedGraphError)
add("group_huge", lambda: convolution(group=1 << 62), UnsupportedGraphError)
add("stride_0", lambda: convolution(strides=[0, 0]), UnsupportedGraphError)
add("stride_negative", lambda: convolution(strides=[-1, 1]), UnsupportedGraphError)
add("kernel_huge", lambda: convolution(kernel_shape=[10**9, 10**9]), None, "shapes unknown")
add("pads_huge", lambda: convolution(pads=[1 << 62] * 4), ModelTooLargeError,
     "found 2^128 or more elements in an output of Conv")  # fmt: skip
add("dilation_0", lambda: convolution(dilations=[0, 0]), UnsupportedGraphError,
     "a window of kernel (3, 3), strides (1, 1), dilations (0, 0) cannot slide")  # fmt: skip
add("kernel_missing", lambda: convolution(kernel_shape=None))
add("kernel_of_rank_1", lambda: convolution(kernel_shape=[3]), None, "shapes unknown")
add("kernel_float", lambda: convolution(kernel_shape=3.5), MalformedModelError,
     "attribute 'kernel_shape' of a node of type 'Conv' is of type float; the operator takes ints")  # fmt: skip
add("kernel_string", lambda: convolution(kernel_shape="3x3"), MalformedModelError,
     "attribute 'kernel_shape' of a node of type 'Conv' is of type string; the operator takes ints")  # fmt: skip


@case(MalformedModelError, "a node of type 'Concat' lacks the attribute axis")
def required_attribute_missing() -> onnx.ModelProto:
    return model([node("Concat", ["x", "x"], ["y"])])


def _declared(**changes: object) -> onnx.ModelProto:
    """A Conv whose output shape the file declares, so that it need not follow from attributes."""
    made = convolution(**changes)
    made.graph.output[0].CopyFrom(value("y", [1, 4, 8, 8]))
    return made


add("stride_0_declared", lambda: _declared(strides=[0, 0]), UnsupportedGraphError,
     "a window of kernel (3, 3), strides (0, 0), dilations (1, 1) cannot slide")  # fmt: skip
add("stride_of_rank_1_declared", lambda: _declared(strides=[1]), UnsupportedGraphError,
     "a window of kernel (3, 3), strides (1,), dilations (1, 1) cannot slide")  # fmt: skip
add("group_negative_declared", lambda: _declared(group=-1), UnsupportedGraphError, "the attributes of Conv give -108")


@case(UnsupportedGraphError, "a window of kernel (3, 3), strides (0, 0), dilations (1, 1) cannot slide")
def stride_0_transposed() -> onnx.ModelProto:
    return model([node("ConvTranspose", ["x", "w"], ["y"], strides=[0, 0])], initialisers=[weights("w", 3, 4, 3, 3)])


@case(ModelTooLargeError, "found 2^1240 or more as product of the strides of MaxPool")
def strides_huge() -> onnx.ModelProto:
    pool = node("MaxPool", ["x"], ["y"], kernel_shape=[1] * 20, strides=[1 << 62] * 20)
    return model([pool], [value("x", [1] * 22)])


@case(MalformedModelError, "a node of type 'Conv' has 1 inputs; the operator takes 2 to 3")
def input_missing() -> onnx.ModelProto:
    return model([node("Conv", ["x"], ["y"])])


@case(MalformedModelError, "attribute 'alpha' is not a number (NaN)")
def attribute_nan() -> onnx.ModelProto:
    return model([node("LeakyRelu", ["x"], ["y"], alpha=float("nan"))])


@case(MalformedModelError, "attribute 'alpha' of a node of type 'LeakyRelu' has no known type")
def attribute_of_unknown_type() -> onnx.ModelProto:
    made = model([node("LeakyRelu", ["x"], ["y"], alpha=0.5)])
    made.graph.node[0].attribute[0].ClearField("type")
    return made


@case(MalformedModelError, "a node of type 'LeakyRelu' has the attribute 'alpha' twice")
def attribute_twice() -> onnx.ModelProto:
    made = model([node("LeakyRelu", ["x"], ["y"], alpha=0.5)])
    made.graph.node[0].attribute.add().CopyFrom(made.graph.node[0].attribute[0])
    return made


@case()
def string_of_10_mb() -> onnx.ModelProto:
    return model([node("Odd", ["x"], ["y"], domain="local", payload="A" * 10_000_000)])


@case()
def list_of_10000() -> onnx.ModelProto:
    return model([node("Constant", [], ["c"], value_floats=[1.0] * 10_000),
                  node("Odd", ["x", "c"], ["y"], domain="local", tree=[1] * 10_000)])  # fmt: skip
