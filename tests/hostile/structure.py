"""Wiring: cycles, dangling names, duplicates, and graphs that are merely odd."""

from __future__ import annotations

import onnx
from onnx import TensorProto, helper

from onnx_bench.errors import MalformedModelError
from tests.hostile.build import case, model, node, value, weights


@case(MalformedModelError, "the graph has a cycle through or before the node that computes 'a'")
def cycle() -> onnx.ModelProto:
    return model([node("Add", ["x", "b"], ["a"]), node("Relu", ["a"], ["b"]), node("Relu", ["b"], ["y"])])


@case(MalformedModelError, "the graph has a cycle through or before the node that computes 'y'")
def self_loop() -> onnx.ModelProto:
    return model([node("Add", ["x", "y"], ["y"])])


@case(MalformedModelError, "the graph has a cycle through or before the node that computes 'a'")
def cycle_through_a_subgraph() -> onnx.ModelProto:
    body = helper.make_graph([node("Relu", ["b"], ["t"])], "body", [], [value("t", None)])
    return model([node("If", ["c"], ["a"], then_branch=body, else_branch=body), node("Relu", ["a"], ["b"]),
                  node("Relu", ["b"], ["y"])], [value("x"), value("c", [], TensorProto.BOOL)])  # fmt: skip


@case(MalformedModelError, "a node of type 'Relu' reads 'nothing', which nothing computes")
def dangling_input() -> onnx.ModelProto:
    return model([node("Relu", ["nothing"], ["y"])])


@case(MalformedModelError, "the output 'y' is computed by nothing")
def dangling_output() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["a"])])


@case(MalformedModelError, "the value 'y' is computed twice")
def duplicate_outputs() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["y"]), node("Tanh", ["x"], ["y"])])


@case(MalformedModelError, "the value 'x' is computed twice")
def input_overwritten() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["x"])], outputs=[value("x")])


@case(MalformedModelError, "there are two graph inputs named 'x'")
def duplicate_inputs() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["y"])], [value("x"), value("x")])


@case(MalformedModelError, "there are two initialisers named 'w'")
def duplicate_initialisers() -> onnx.ModelProto:
    return model([node("Add", ["x", "w"], ["y"])], initialisers=[weights("w", 1), weights("w", 1)])


@case()
def unsorted() -> onnx.ModelProto:
    return model([node("Relu", ["b"], ["y"]), node("Tanh", ["a"], ["b"]), node("Sigmoid", ["x"], ["a"])])


@case()
def unnamed() -> onnx.ModelProto:
    made = model([node("Relu", ["x"], ["y"])])
    made.graph.ClearField("name")
    return made


@case()
def input_is_output() -> onnx.ModelProto:
    return model([], outputs=[value("x")])


@case()
def unused_branch() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["y"]), node("Tanh", ["x"], ["unread"])])


@case(MalformedModelError, "the graph has no outputs")
def no_outputs() -> onnx.ModelProto:
    return model([node("Relu", ["x"], ["y"])], outputs=[])


@case(MalformedModelError, "the graph has no outputs")
def no_nodes() -> onnx.ModelProto:
    return model([], [], [])


@case(MalformedModelError, "not an ONNX model, or an empty one: it holds no graph")
def no_graph() -> onnx.ModelProto:
    return onnx.ModelProto(ir_version=8, producer_name="nobody")
