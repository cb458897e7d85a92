"""From bytes to an `ArchGraph`, in one process. The order of the steps is the defence."""

from __future__ import annotations

from dataclasses import replace

import onnx
from google.protobuf.message import DecodeError

from onnx_bench.errors import MalformedModelError
from onnx_bench.graph import ArchGraph
from onnx_bench.importing.file_node import FileNode, file_nodes
from onnx_bench.importing.importer import import_model
from onnx_bench.reading.arrange import arrange
from onnx_bench.reading.audit import audit
from onnx_bench.reading.sniff import sniff
from onnx_bench.reading.strip import strip
from onnx_bench.reading.wire import explain_failure, slim

_MOST_IDLE = 2
"""Times as many stored as effective parameters, beyond which it is said."""


def parse(data: memoryview, allow_external: bool = True) -> tuple[onnx.ModelProto, list[FileNode]]:
    """The audited, ordered, function-free and weightless model in `data`, and the nodes of its graph.

    See `onnx_bench.reading.audit` for errors.
    """
    what = sniff(bytes(data[:4096]))
    if what is not None:
        raise MalformedModelError(f"not an ONNX model: this is {what}")
    kept = slim(data)
    try:
        model = onnx.ModelProto.FromString(kept)
    except DecodeError:
        explain_failure(kept)
    nodes, unsorted = audit(model, allow_external)
    if unsorted or model.functions:
        model = arrange(model, unsorted)
        nodes = file_nodes(model.graph.node)
    return model, strip(model, nodes)


def read_bytes(data: memoryview, name: str, normalised: bool = True, allow_external: bool = True) -> ArchGraph:
    """Read a serialised model.

    Args:
        data: The bytes; a view of a mapped file will do, its weights are then never touched.
        name: Name of the result.
        normalised: Whether to run the normalisation passes.
        allow_external: Whether to accept tensors that live in other files. They are not opened in any case.

    Raises:
        UserInputError: One of its subclasses.
    """
    model, nodes = parse(data, allow_external)
    graph = import_model(model, name, nodes)
    if not normalised:
        return graph
    normal = graph.normalise()
    return replace(normal, warnings=(*normal.warnings, *_idle(normal)))


def _idle(graph: ArchGraph) -> list[str]:
    """A note where most of the weights of a file are gone: so much was hardly meant to be left out."""
    stored = graph.stored_params or 0
    if graph.params * _MOST_IDLE >= stored:
        return []
    return [
        f"{stored - graph.params:,} of {stored:,} parameters were left out: their branches lead nowhere or are "
        "multiplied by a stored zero; a learned gate that starts at zero looks the same: train the network first"
    ]
