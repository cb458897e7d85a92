"""`plain`: an exported network without what the exporter noted of the machine and the source that it came from."""

from __future__ import annotations

import onnx


def plain(model: onnx.ModelProto) -> bytes:
    """The bytes of `model` without metadata (stack traces with file names, original names) and documentation."""
    kept = onnx.ModelProto.FromString(model.SerializeToString())
    values = [*kept.graph.input, *kept.graph.output, *kept.graph.value_info, *kept.graph.initializer]
    nodes = [*kept.graph.node, *[node for function in kept.functions for node in function.node]]
    for part in (kept, kept.graph, *kept.functions, *nodes, *values):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    return kept.SerializeToString()
