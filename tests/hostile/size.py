"""Models that are too large, or blow up."""

from __future__ import annotations

import onnx

from onnx_bench.errors import MalformedModelError, ModelTooLargeError, UserInputError
from tests.hostile.build import FLOAT, add, case, field, model, node, value


def chain(length: int) -> onnx.ModelProto:
    """`length` Relu nodes in a row."""
    made = model([], outputs=[value(f"v{length - 1}", None)])
    for i in range(length):
        made.graph.node.add(op_type="Relu", input=[f"v{i - 1}" if i else "x"], output=[f"v{i}"])
    return made


add("chain_1k", lambda: chain(1000))
add("chain_20k", lambda: chain(20_000))
add("chain_200k", lambda: chain(200_000), ModelTooLargeError, "the model has 200,000 nodes; the limit is 50,000")


@case()
def fan_in_50k() -> onnx.ModelProto:
    return model([node("Sum", ["x"] * 50_000, ["y"])])


@case()
def fan_out_5k() -> onnx.ModelProto:
    branches = [node("Relu", ["x"], [f"b{i}"]) for i in range(5000)]
    return model([*branches, node("Sum", [f"b{i}" for i in range(5000)], ["y"])])


@case()
def edges_120k() -> onnx.ModelProto:
    nodes = [node("Sum", [f"v{max(i - j, 0)}" for j in range(1, 21)], [f"v{i}"]) for i in range(1, 6000)]
    return model([node("Relu", ["x"], ["v0"]), *nodes], outputs=[value("v5999", None)])


@case(ModelTooLargeError, "the nodes read 600,000 inputs; the limit is 500,000")
def edges_600k() -> onnx.ModelProto:
    return model([node("Sum", ["x"] * 600_000, ["y"])])


@case(ModelTooLargeError, "the model holds 100,001 initialisers; the limit is 100,000")
def initialisers_100k() -> onnx.ModelProto:
    made = model([node("Relu", ["x"], ["y"])])
    for i in range(100_001):
        made.graph.initializer.add(name=f"w{i}", data_type=FLOAT, dims=[1])
    return made


@case(ModelTooLargeError, "the name 'aaaaaaaa")
def value_name_of_5_mb() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["a" * 5_000_000]), node("Relu", ["a" * 5_000_000], ["y"])])


@case(ModelTooLargeError, "the name 'Rrrrrrrr")
def operator_name_of_5_mb() -> onnx.ModelProto:
    return model([node("R" + "r" * 5_000_000, ["x"], ["y"])])


# 10 MB of empty nodes become 0.8 GB in a parser.
add("amplification", lambda: b"\x08\x08" + field(7, field(1, b"") * 5_000_000), ModelTooLargeError,
     "the model is made of more than 1,000,000 protobuf fields")  # fmt: skip
add("amplification_in_small_messages", lambda: b"\x08\x08" + field(7, field(1, field(5, b"") * 500) * 30_000),
     UserInputError)  # fmt: skip
add("group_wire_type", lambda: b"\x08\x08\x0b\x0b\x0b", MalformedModelError,
     "not an ONNX model: no protobuf field can begin as byte 2 does")  # fmt: skip
