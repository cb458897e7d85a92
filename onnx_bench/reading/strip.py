"""Take out of a model what the importer must not see: weights, long lists, free text."""

from __future__ import annotations

import re
from collections.abc import Sequence

import onnx

from onnx_bench.importing.file_node import FileNode
from onnx_bench.reading.limits import KEPT_LIST
from onnx_bench.reading.tensors import drop_values
from onnx_bench.reading.text import plain_name

_KINDS = onnx.AttributeProto.AttributeType
_TENSOR, _FLOATS, _INTS, _STRING, _STRINGS, _GRAPH, _SPARSE = (
    _KINDS.Value(name) for name in ("TENSOR", "FLOATS", "INTS", "STRING", "STRINGS", "GRAPH", "SPARSE_TENSOR")
)
_LISTS = {_KINDS.Value(name) for name in ("TENSORS", "GRAPHS", "SPARSE_TENSORS")}
_WORD = re.compile(rb"[A-Za-z0-9_.\-]{0,64}")
_EQUATION = re.compile(rb"[A-Za-z., >\-]{0,256}")


def strip(model: onnx.ModelProto, nodes: Sequence[FileNode]) -> list[FileNode]:
    """Strip `model` in place.

    1. Tensors of more than 64 elements (16,384 if they are integers, which may be indices) lose their values and are
       marked `data_location = EXTERNAL`, as are those whose values are elsewhere; smaller ones keep them. Of equal
       elements one is left.
    2. Lists of more than 4,096 numbers in attributes are emptied; one that is the value of a `Constant` becomes a
       tensor without values.
    3. Strings in attributes that are neither one word of up to 64 bytes nor an equation are emptied.
    4. Names of operators, domains and attributes hold only letters, digits, `_`, `.` and `-`.

    Doc strings, metadata and the names of values need no care: an `ArchGraph` has no place for them.

    Args:
        model: An audited model.
        nodes: Those of its main graph.

    Returns:
        The same nodes as they are now.
    """
    _strip_tensors(model.graph)
    return [node if node.form is not None and node.form.harmless else _stripped(node) for node in nodes]


def _stripped(node: FileNode) -> FileNode:
    """`node` stripped; where that changes nothing, equal nodes need not be looked at again."""
    _strip_node(node.proto)
    stripped = FileNode(node.proto)
    if node.form is not None and stripped.form is node.form:
        node.form.harmless = True
    return stripped


def _strip_graph(graph: onnx.GraphProto) -> None:
    _strip_tensors(graph)
    for node in graph.node:
        _strip_node(node)


def _strip_tensors(graph: onnx.GraphProto) -> None:
    for tensor in graph.initializer:
        drop_values(tensor)
    for sparse in graph.sparse_initializer:
        _strip_sparse(sparse)


def _strip_node(node: onnx.NodeProto) -> None:
    op, domain = node.op_type, node.domain
    if domain:
        node.domain = plain_name(domain)
    if not _is_plain(op):
        node.op_type = plain_name(op)
    if op == "Constant":
        _lists_to_tensors(node)
    for attr in node.attribute:
        _strip_attribute(attr)


def _strip_attribute(attr: onnx.AttributeProto) -> None:
    name, kind = attr.name, attr.type
    if not _is_plain(name):
        attr.name = plain_name(name)
    if kind == _TENSOR:
        drop_values(attr.t)
    elif kind in (_FLOATS, _INTS):
        if len(attr.floats) > KEPT_LIST or len(attr.ints) > KEPT_LIST:
            attr.ClearField("floats")
            attr.ClearField("ints")
    elif kind == _STRING:
        attr.s = _harmless(name, attr.s)
    elif kind == _STRINGS:
        kept = [_harmless(name, s) for s in attr.strings[:KEPT_LIST]]
        del attr.strings[:]
        attr.strings.extend(kept)
    elif kind == _GRAPH:
        _strip_graph(attr.g)
    elif kind == _SPARSE:
        _strip_sparse(attr.sparse_tensor)
    elif kind in _LISTS:
        for tensor in attr.tensors:
            drop_values(tensor)
        for graph in attr.graphs:
            _strip_graph(graph)
        for sparse in attr.sparse_tensors:
            _strip_sparse(sparse)


def _is_plain(name: str) -> bool:
    return name.isidentifier() and name.isascii()


def _harmless(name: str, text: bytes) -> bytes:
    """`text` if it can only be a setting, else nothing."""
    return text if (_EQUATION if name == "equation" else _WORD).fullmatch(text) else b""


def _strip_sparse(sparse: onnx.SparseTensorProto) -> None:
    drop_values(sparse.values)
    drop_values(sparse.indices)


def _lists_to_tensors(node: onnx.NodeProto) -> None:
    for attr in node.attribute:
        kinds = {
            "value_floats": (attr.floats, onnx.TensorProto.FLOAT),
            "value_ints": (attr.ints, onnx.TensorProto.INT64),
        }
        values, element_type = kinds.get(attr.name, ((), 0))
        if len(values) > KEPT_LIST:
            attr.t.data_type = element_type
            attr.t.dims.append(len(values))
            attr.t.data_location = onnx.TensorProto.EXTERNAL
            attr.name, attr.type = "value", onnx.AttributeProto.TENSOR
