"""What the weights of its first reader tell of an input whose shape the file leaves open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import onnx

from onnx_bench.importing.file_node import FileNode
from onnx_bench.importing.inputs import InputSpec

Dims = tuple[int | str, ...]


def informed(spec: InputSpec, nodes: Iterable[FileNode], stored: Iterable[onnx.TensorProto]) -> InputSpec:
    """`spec` with the rank and the channels, or features, that a convolution or a dense layer asks of it.

    Args:
        spec: An input as declared.
        nodes: Of the file, in order.
        stored: The initialisers of the file.
    """
    if not spec.tensor or (spec.dims is not None and all(isinstance(d, int) for d in spec.dims[1:])):
        return spec
    reader = next((node for node in nodes if spec.name in node.inputs), None)
    if reader is None or reader.domain or len(reader.inputs) < 2 or reader.inputs[0] != spec.name:
        return spec
    weights = next((tuple(tensor.dims) for tensor in stored if tensor.name == reader.inputs[1]), ())
    attrs = reader.attrs
    if reader.op == "Conv" and len(weights) > 2:
        dims = spec.dims or _open(len(weights))
        return _with_size(spec, dims, 1, weights[1] * attrs.get("group", 1)) if len(dims) == len(weights) else spec
    if reader.op in ("Gemm", "MatMul") and len(weights) == 2 and not attrs.get("transA"):
        dims = spec.dims or _open(2)
        return _with_size(spec, dims, len(dims) - 1, weights[1 if attrs.get("transB") else 0])
    return spec


def _open(rank: int) -> Dims:
    return tuple(f"?{axis}" for axis in range(rank))


def _with_size(spec: InputSpec, dims: Dims, axis: int, size: int) -> InputSpec:
    """`spec` with `dims`, of which `axis` has that size where it is open."""
    if isinstance(dims[axis], int) or size < 1:
        return spec
    return replace(spec, dims=(*dims[:axis], size, *dims[axis + 1 :]))
