"""Small ONNX models for the tests of the importer, written in the textual form of ONNX."""

from __future__ import annotations

import onnx
from onnx import parser

from onnx_bench.graph import ArchGraph
from onnx_bench.importing.importer import import_model
from onnx_bench.node import Node


def model(
    body: str, inputs: str = "float[1,3,8,8] x", outputs: str = "float y", opset: int = 18, domains: str = "",
    stored: str = "",
) -> onnx.ModelProto:  # fmt: skip
    """A model with one graph. `stored` declares initialisers, such as `float[2] w = {1, 2}`; those of `float[4,4] w`
    without values are left without data."""
    imports = f'"" : {opset}' + (f", {domains}" if domains else "")
    parts = [p.strip() for p in stored.split(";") if p.strip()]
    valued = ", ".join(p for p in parts if "=" in p)
    text = f"<ir_version: 8, opset_import: [{imports}]>\ngraph ({inputs}) => ({outputs})"
    text += f" <{valued}>" if valued else ""
    proto = parser.parse_model(f"{text}\n{{ {body} }}")
    for part in parts:
        if "=" not in part:
            kind, name = part.split()
            dims = [int(d) for d in kind[kind.index("[") + 1 : -1].split(",") if d]
            elem_type = {"float": 1, "int64": 7, "int8": 3, "bool": 9}[kind[: kind.index("[")]]
            proto.graph.initializer.append(onnx.TensorProto(name=name, dims=dims, data_type=elem_type))
    return proto


def imported(body: str, **kwargs: object) -> ArchGraph:
    """The raw graph of `model(...)`."""
    return import_model(model(body, **kwargs))  # type: ignore[arg-type]


def operators(graph: ArchGraph) -> list[str]:
    """Operator names without sources."""
    return [n.op for n in graph.nodes if n.op not in ("Input", "Parameter", "Constant")]


def the(graph: ArchGraph, op: str) -> Node:
    """The one node with this operator."""
    (node,) = [n for n in graph.nodes if n.op == op]
    return node


def output(graph: ArchGraph) -> Node:
    """The node of the first output."""
    return graph.nodes[graph.outputs[0]]
