"""`informed`: what the weights of its first reader tell of an input whose shape the file leaves open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import onnx

from onnx_bench.importing.file_node import FileNode
from onnx_bench.importing.inputs import InputSpec

Dims = tuple[int | str, ...]


def informed(
    specs: Sequence[InputSpec], nodes: Iterable[FileNode], stored: Iterable[onnx.TensorProto]
) -> list[InputSpec]:  # fmt: skip
    """`specs`, each with the rank and the channels, or features, that a convolution or a dense layer asks of it.

    Args:
        specs: The inputs as declared.
        nodes: Of the file, in order.
        stored: The initialisers of the file.
    """
    asked = {spec.name for spec in specs if _is_open(spec)}
    if not asked:
        return list(specs)
    readers: dict[str, FileNode] = {}
    for node in nodes:
        for name in asked.intersection(node.inputs):
            readers.setdefault(name, node)
    of_weights = {node.inputs[1] for node in readers.values() if len(node.inputs) > 1}
    weights = {tensor.name: tuple(tensor.dims) for tensor in stored if tensor.name in of_weights}
    return [_read_by(readers[spec.name], spec, weights) if spec.name in readers else spec for spec in specs]


def _is_open(spec: InputSpec) -> bool:
    return spec.tensor and (spec.dims is None or not all(isinstance(d, int) for d in spec.dims[1:]))


def _read_by(reader: FileNode, spec: InputSpec, stored: Mapping[str, tuple[int, ...]]) -> InputSpec:
    """`spec` with what its first reader asks of it; `stored` are shapes of weights by name."""
    if reader.domain or len(reader.inputs) < 2 or reader.inputs[0] != spec.name:
        return spec
    weights, attrs = stored.get(reader.inputs[1], ()), reader.attrs
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
