"""Check a parsed model against the limits and the rules of the format, before anything walks, inlines or infers.

Neither the ONNX checker nor shape inference is a gate: they accept cycles, duplicate outputs and opset 999, hang on
nested functions, and refuse harmless files. What is promised after `audit`:

1. Nodes, edges and initialisers, functions expanded, and the nesting of subgraphs and calls are within `limits`.
2. Every value is computed once and every value that is read is computed; there is no cycle (the order may be wrong).
3. Functions do not call themselves, directly or not.
4. Exactly one version of the ONNX operator set is named, and it is known here.
5. Nodes agree with the schema of their operator (see `node_schema`); tensors are sound (see `tensors`).
6. External data is not there where the caller forbids it. It is never opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import onnx

from onnx_bench.errors import MalformedModelError, ModelTooLargeError, UnsupportedGraphError
from onnx_bench.importing.file_node import FileNode, file_nodes
from onnx_bench.reading import limits
from onnx_bench.reading.calls import Calls
from onnx_bench.reading.node_schema import KINDS, NodeChecker
from onnx_bench.reading.order import topological_order
from onnx_bench.reading.tensors import check_tensor
from onnx_bench.reading.text import check_names, quote
from onnx_bench.reading.versions import domain_name, opset_versions

Scope = onnx.GraphProto | onnx.FunctionProto


class Audited(NamedTuple):
    """What the audit has seen.

    Attributes:
        nodes: Those of the main graph.
        unsorted: Graphs and functions whose nodes may not be in topological order.
    """

    nodes: list[FileNode]
    unsorted: list[Scope]


def audit(model: onnx.ModelProto, allow_external: bool = True) -> Audited:
    """Refuse `model` if it breaks a rule or a limit. Takes time linear in its size.

    Args:
        model: Parsed, payloads of large tensors cut off.
        allow_external: Whether tensors may name another file as their home.

    Raises:
        MalformedModelError: It breaks the rules of the format.
        ModelTooLargeError: It exceeds a limit.
        UnsafeModelError: It refers to other files although `allow_external` is false.
        UnsupportedGraphError: It is written for a newer ONNX, or has element types unknown here.
    """
    if not model.HasField("graph"):
        raise MalformedModelError("not an ONNX model, or an empty one: it holds no graph")
    if not model.graph.output:
        raise MalformedModelError("the graph has no outputs")
    work = _Audit(opset_versions(model), allow_external)
    nodes = work.graph(model.graph, [])
    for function in model.functions:
        work.function(function)
    if model.functions:
        Calls(model.functions).check(model.graph.node)
    return Audited(nodes, work.unsorted)


class _Audit:
    def __init__(self, versions: dict[str, int], allow_external: bool) -> None:
        self.versions = versions
        self.checker = NodeChecker(versions)
        self.allow_external = allow_external
        self.nodes = self.edges = self.initialisers = 0
        self.unsorted: list[Scope] = []

    def function(self, function: onnx.FunctionProto) -> None:
        check_names((function.name, function.domain, function.overload), "a function", limits.NAME_BYTES)
        check_names((e.domain for e in function.opset_import), "a domain", limits.NAME_BYTES)
        of_model = self.checker
        self.checker = NodeChecker(self.versions | {domain_name(e.domain): e.version for e in function.opset_import})
        self.scope(function, function.input, function.output, [])
        for attr in function.attribute_proto:
            self.attribute(attr, [])
        self.checker = of_model

    def graph(self, graph: onnx.GraphProto, outer: list[set[str]]) -> list[FileNode]:
        self.initialisers += len(graph.initializer) + len(graph.sparse_initializer)
        if self.initialisers > limits.INITIALISERS:
            raise ModelTooLargeError(
                f"the model holds {self.initialisers:,} initialisers; the limit is {limits.INITIALISERS:,}"
            )
        for tensor in graph.initializer:
            check_tensor(tensor, self.allow_external)
        for sparse in graph.sparse_initializer:
            self.sparse(sparse)
        for value in (*graph.input, *graph.output, *graph.value_info):
            rank = len(value.type.tensor_type.shape.dim)
            if rank > limits.RANK:
                raise UnsupportedGraphError(f"{quote(value.name)} has {rank:,} dimensions; the limit is {limits.RANK}")
        for value in graph.input:
            check_names((d.dim_param for d in value.type.tensor_type.shape.dim), "a dimension", limits.VALUE_NAME_BYTES)
        given = [value.name for value in graph.input]
        held = [t.name for t in graph.initializer] + [t.values.name for t in graph.sparse_initializer]
        _check_unique(given, "graph inputs")
        _check_unique(held, "initialisers")
        return self.scope(graph, given + held, [value.name for value in graph.output], outer)

    def scope(
        self, scope: Scope, given: Iterable[str], results: Iterable[str], outer: list[set[str]]
    ) -> list[FileNode]:
        """Check the wiring of the nodes in `scope`, then each of them. `outer` are the names of enclosing scopes."""
        self.nodes += len(scope.node)
        if self.nodes > limits.NODES:
            raise ModelTooLargeError(f"the model has {self.nodes:,} nodes; the limit is {limits.NODES:,}")
        if len(outer) > limits.DEPTH:
            raise ModelTooLargeError(f"subgraphs are nested more than {limits.DEPTH} deep")
        nodes = file_nodes(scope.node)
        known = set(given)
        early: list[tuple[str, str]] = []  # (reader, name) not computed by a node before the reader
        for node in nodes:
            self.edges += len(node.inputs)
            for name in node.inputs:
                if name not in known and name and not any(name in names for names in outer):
                    early.append((node.op, name))
            for name in node.outputs:
                if name in known:
                    raise MalformedModelError(f"the value {quote(name)} is computed twice")
                if name:
                    known.add(name)
        if self.edges > limits.EDGES:
            raise ModelTooLargeError(f"the nodes read {self.edges:,} inputs; the limit is {limits.EDGES:,}")
        check_names(known, "a value", limits.VALUE_NAME_BYTES)
        for reader, name in early:
            if name not in known:
                raise MalformedModelError(f"a node of type {quote(reader)} reads {quote(name)}, which nothing computes")
        for name in results:
            if name not in known and not any(name in names for names in outer):
                raise MalformedModelError(f"the output {quote(name)} is computed by nothing")
        scopes = [*outer, known]
        nested = [self.node(node, scopes) for node in nodes]
        if early or any(nested):
            topological_order(scope.node)
            self.unsorted.append(scope)
        return nodes

    def node(self, node: FileNode, scopes: list[set[str]]) -> bool:
        """Check what `node` says, unless an equal one was accepted before; whether it holds a subgraph."""
        form, conditions = node.form, (self.checker.version(node.domain), self.allow_external)
        if form is not None and form.accepted == conditions:
            return False
        nested = any([self.attribute(attr, scopes) for attr in self.checker.check(node.proto)])
        if form is not None and not nested:
            form.accepted = conditions
        return nested

    def attribute(self, attr: onnx.AttributeProto, scopes: list[set[str]]) -> bool:
        """Check the value of an attribute; whether it is a subgraph. What its type does not announce is never read."""
        kind = attr.type
        if kind == KINDS["TENSOR"]:
            check_tensor(attr.t, self.allow_external)
        elif kind in (KINDS["FLOAT"], KINDS["FLOATS"]):
            if attr.f != attr.f or any(f != f for f in attr.floats):
                raise MalformedModelError(f"attribute {quote(attr.name)} is not a number (NaN)")
        elif kind == KINDS["SPARSE_TENSOR"]:
            self.sparse(attr.sparse_tensor)
        elif kind == KINDS["GRAPH"]:
            self.graph(attr.g, scopes)
        else:
            for tensor in attr.tensors:
                check_tensor(tensor, self.allow_external)
            for sparse in attr.sparse_tensors:
                self.sparse(sparse)
            for graph in attr.graphs:
                self.graph(graph, scopes)
        return kind in (KINDS["GRAPH"], KINDS["GRAPHS"])

    def sparse(self, sparse: onnx.SparseTensorProto) -> None:
        check_tensor(sparse.values, self.allow_external)
        check_tensor(sparse.indices, self.allow_external)


def _check_unique(names: Sequence[str], what: str) -> None:
    if len(set(names)) < len(names):
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise MalformedModelError(f"there are two {what} named {quote(twice)}")
