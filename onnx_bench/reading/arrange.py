"""Bring an audited model into the form the importer reads: nodes in order, functions expanded."""

from __future__ import annotations

from collections.abc import Iterable

import onnx
from onnx import inliner

from onnx_bench.errors import MalformedModelError
from onnx_bench.reading.order import topological_order


def arrange(model: onnx.ModelProto, unsorted: Iterable[onnx.GraphProto | onnx.FunctionProto]) -> onnx.ModelProto:
    """`model` with nodes in topological order (some writers leave them unsorted) and without local functions.

    Args:
        model: The audited model; it is changed. The audit has bounded what the expansion makes.
        unsorted: Its graphs and functions that may be out of order, inner ones before those that hold them.

    Raises:
        MalformedModelError: The inliner refuses a function.
    """
    for scope in unsorted:
        order = topological_order(scope.node)
        if order != list(range(len(order))):
            nodes = list(scope.node)
            copies = [onnx.NodeProto.FromString(nodes[i].SerializeToString()) for i in order]
            del scope.node[:]
            scope.node.extend(copies)
    if not model.functions:
        return model
    _align_versions(model)
    try:
        return inliner.inline_local_functions(model)
    except RuntimeError as error:
        raise MalformedModelError(f"the functions of the model cannot be expanded: {error}") from error


def _align_versions(model: onnx.ModelProto) -> None:
    """Let every function use the operator versions of the model: the inliner leaves others unexpanded.

    The importer reads what a node holds (an axis as attribute or as input), so an older body stays readable.
    """
    versions = {entry.domain: entry.version for entry in model.opset_import}
    for function in model.functions:
        for entry in function.opset_import:
            if entry.domain not in versions:
                versions[entry.domain] = entry.version
                model.opset_import.add(domain=entry.domain, version=entry.version)
            entry.version = versions[entry.domain]
