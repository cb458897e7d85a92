"""What the makers of hostile inputs share: the register of cases and short-hands for models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from onnx_bench.errors import UserInputError

FLOAT = TensorProto.FLOAT


@dataclass(frozen=True)
class Case:
    """A hostile input.

    Attributes:
        make: Makes the bytes.
        error: Type of the error, or `None` if a graph must come.
        message: How the message begins; for a graph, how one of its warnings begins.
    """

    make: Callable[[], bytes]
    error: type[UserInputError] | None = None
    message: str = ""


CASES: dict[str, Case] = {}
Maker = Callable[[], "bytes | onnx.ModelProto"]


def case(error: type[UserInputError] | None = None, message: str = "") -> Callable[[Maker], Maker]:
    """Register a function that makes bytes or a model as the case of its name."""

    def register(make: Maker) -> Maker:
        add(make.__name__, make, error, message)
        return make

    return register


def add(name: str, make: Maker, error: type[UserInputError] | None = None, message: str = "") -> None:
    def to_bytes() -> bytes:
        made = make()
        return made if isinstance(made, bytes) else made.SerializeToString()

    assert name not in CASES
    CASES[name] = Case(to_bytes, error, message)


Shape = Sequence[int | str | None] | None


def value(name: str, shape: Shape = (1, 3, 8, 8), dtype: int = FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, dtype, shape)


def node(op: str, inputs: Sequence[str], outputs: Sequence[str], **attrs: Any) -> onnx.NodeProto:
    return helper.make_node(op, inputs, outputs, **attrs)


def model(
    nodes: Sequence[onnx.NodeProto], inputs: Sequence[onnx.ValueInfoProto] | None = None,
    outputs: Sequence[onnx.ValueInfoProto] | None = None, initialisers: Sequence[TensorProto] = (), opset: int = 17,
    **fields: Any,
) -> onnx.ModelProto:  # fmt: skip
    """A model that reads `x` and gives `y` unless said otherwise."""
    graph = helper.make_graph(
        nodes, "g", [value("x")] if inputs is None else inputs, [value("y", None)] if outputs is None else outputs,
        initialisers,
    )  # fmt: skip
    imports = [helper.make_opsetid("", opset), helper.make_opsetid("local", 1)]
    return helper.make_model(graph, opset_imports=imports, ir_version=8, **fields)


def weights(name: str, *shape: int) -> TensorProto:
    return numpy_helper.from_array(np.zeros(shape, np.float32), name)


def convolution(**changes: Any) -> onnx.ModelProto:
    """One Conv whose attributes are overridden by `changes`; `None` takes one away."""
    attrs: dict[str, Any] = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [1, 1], "group": 1} | changes
    kept = {k: v for k, v in attrs.items() if v is not None}
    return model([node("Conv", ["x", "w"], ["y"], **kept)], initialisers=[weights("w", 4, 3, 3, 3)])


def field(number: int, content: bytes) -> bytes:
    """One length-delimited protobuf field."""
    size, out = len(content), bytearray([number << 3 | 2])
    while size > 0x7F:
        out.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes(out) + bytes([size]) + content
