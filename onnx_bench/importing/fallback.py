"""Shapes of operators without a rule of our own: the ONNX library's inference, one node at a time."""

from __future__ import annotations

from collections.abc import Mapping

import onnx
from onnx import numpy_helper, shape_inference

from onnx_bench.importing.call import Call, UnknownOperatorError, UnknownShapeError
from onnx_bench.importing.tensor import Tensor, dtype_class
from onnx_bench.node import Shape

_FAILURES = (
    onnx.checker.ValidationError, shape_inference.InferenceError, KeyError, RuntimeError, TypeError, ValueError,
)  # fmt: skip
_ELEM_TYPES = {"float": 1, "int": 7, "bool": 9, "string": 8}


def _type_of(tensor: Tensor) -> onnx.TypeProto:
    if tensor.items is not None:
        raise UnknownShapeError
    return onnx.helper.make_tensor_type_proto(_ELEM_TYPES[tensor.dtype], tensor.shape)


def infer_outputs(call: Call, opsets: Mapping[str, int]) -> list[Shape | None]:
    """Output shapes of `call`, which is as it stands in the file.

    Raises:
        UnknownOperatorError: The operator is not of the ONNX standard.
        UnknownShapeError: It holds a subgraph or a sequence, or its inference fails.
    """
    if call.node is None:
        raise UnknownOperatorError
    proto = call.node.proto
    domain = "" if proto.domain == "ai.onnx" else proto.domain
    try:
        schema = onnx.defs.get_schema(proto.op_type, opsets.get(domain, 1), domain)
    except onnx.defs.SchemaError as error:
        raise UnknownOperatorError from error
    if any(a.type in (5, 10) for a in proto.attribute):
        raise UnknownShapeError
    try:
        given = [(n, t) for n, t in zip(proto.input, call.ins, strict=True) if t is not None]
        types = {name: _type_of(t) for name, t in given}
        small = {name: t.value for name, t in given if t.value is not None and t.value.size <= 64}
        data = {name: numpy_helper.from_array(value) for name, value in small.items()}
        imports = [onnx.helper.make_opsetid(d, v) for d, v in opsets.items()]
        found = shape_inference.infer_node_outputs(schema, proto, types, data, opset_imports=imports)
    except _FAILURES as error:
        raise UnknownShapeError from error
    shapes: list[Shape | None] = []
    dtypes = []
    for name in proto.output:
        kind = found[name].tensor_type if name in found else None
        dtypes.append(dtype_class(kind.elem_type) if kind is not None else "float")
        dims = None if kind is None or not kind.HasField("shape") else [d.dim_value for d in kind.shape.dim]
        known = kind is not None and dims is not None and all(d.HasField("dim_value") for d in kind.shape.dim)
        shapes.append(tuple(dims) if known and dims is not None else None)
    call.dtypes = tuple(dtypes)
    return shapes
