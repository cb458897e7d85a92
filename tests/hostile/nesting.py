"""Subgraphs and functions inside one another."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from onnx_bench.errors import MalformedModelError, ModelTooLargeError
from tests.hostile.build import add, case, field, model, node, value


def nested_ifs(depth: int) -> bytes:
    """`depth` If nodes inside one another, the innermost reading a value of the outermost graph.

    Written field by field: the protobuf library refuses to copy messages nested more than 100 deep.
    """
    branch = helper.make_graph([node("Relu", ["x"], ["y"])], "b", [], [value("y", None)]).SerializeToString()
    for i in range(depth):
        other = helper.make_graph([node("Tanh", ["x"], [f"e{i}"])], "e", [], [value(f"e{i}", None)])
        branches = ((b"then_branch", branch), (b"else_branch", other.SerializeToString()))
        attributes = [field(1, name) + b"\xa0\x01\x05" + field(6, graph) for name, graph in branches]
        top = field(1, b"c") + field(2, b"y") + field(4, b"If") + b"".join(field(5, a) for a in attributes)
        branch = field(1, top) + field(12, value("y", None).SerializeToString())
    frame = model([], [value("x"), value("c", [], TensorProto.BOOL)], [])
    return frame.SerializeToString() + field(7, branch)


add("if_30_deep", lambda: nested_ifs(30))
add("if_60_deep", lambda: nested_ifs(60), ModelTooLargeError,
     "messages nested more than 100 deep (about 33 subgraphs inside one another)")  # fmt: skip


@case()
def loop_with_outer_capture() -> onnx.ModelProto:
    body = helper.make_graph(
        [node("Identity", ["go"], ["still"]), node("Add", ["state", "x"], ["next"])], "body",
        [value("i", [], TensorProto.INT64), value("go", [], TensorProto.BOOL), value("state", None)],
        [value("still", [], TensorProto.BOOL), value("next", None)],
    )  # fmt: skip
    trips = numpy_helper.from_array(np.array(3, np.int64), "n")
    return model([node("Loop", ["n", "", "x"], ["y"], body=body)], initialisers=[trips])


@case()
def scan() -> onnx.ModelProto:
    body = helper.make_graph(
        [node("Add", ["s", "e"], ["t"]), node("Identity", ["t"], ["u"])], "body",
        [value("s", [4]), value("e", [4])], [value("t", [4]), value("u", [4])],
    )  # fmt: skip
    scanned = node("Scan", ["h", "x"], ["y", "ys"], body=body, num_scan_inputs=1)
    return model([scanned], [value("h", [4]), value("x", [7, 4])])


def functions(depth: int, calls: int, leaf: str = "Relu") -> onnx.ModelProto:
    """A chain of `depth` functions in which each calls the one before `calls` times."""
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
    made = [helper.make_function("local", "f0", ["x"], ["y"], [node(leaf, ["x"], ["y"])], opsets)]
    for i in range(1, depth):
        names = ["x", *(f"t{j}" for j in range(1, calls)), "y"]
        body = [node(f"f{i - 1}", [names[j]], [names[j + 1]], domain="local") for j in range(calls)]
        made.append(helper.make_function("local", f"f{i}", ["x"], ["y"], body, opsets))
    return model([node(f"f{depth - 1}", ["x"], ["y"], domain="local")], functions=made)


add("functions_1024_nodes", lambda: functions(11, 2))
add("function_bomb", lambda: functions(28, 2), ModelTooLargeError,
     "the model has 134,217,728 nodes with its functions expanded; the limit is 50,000")  # fmt: skip
add("function_chain", lambda: functions(60, 1), ModelTooLargeError,
     "subgraphs and function calls are nested more than 32 deep")  # fmt: skip


@case(MalformedModelError, "the function 'f' calls itself")
def recursive_function() -> onnx.ModelProto:
    opsets = [helper.make_opsetid("local", 1)]
    f = helper.make_function("local", "f", ["x"], ["y"], [node("g", ["x"], ["y"], domain="local")], opsets)
    g = helper.make_function("local", "g", ["x"], ["y"], [node("f", ["x"], ["y"], domain="local")], opsets)
    return model([node("f", ["x"], ["y"], domain="local")], functions=[f, g])


@case(MalformedModelError, "the function 'f0' is defined twice")
def function_defined_twice() -> onnx.ModelProto:
    made = functions(1, 1)
    made.functions.add().CopyFrom(made.functions[0])
    return made


@case()
def function_of_another_opset() -> onnx.ModelProto:
    made = functions(3, 2)
    for function in made.functions:
        function.opset_import[0].version = 13
    return made


@case(MalformedModelError, "a node of type 'Relu' reads 'x', which nothing computes")
def function_reads_the_graph() -> onnx.ModelProto:
    made = functions(1, 1)
    made.functions[0].input[0] = "z"
    return made
