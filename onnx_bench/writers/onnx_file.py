"""`OnnxFile`: collects the nodes, constants and weights of an ONNX file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, helper, numpy_helper

from onnx_bench.node import Shape
from onnx_bench.writers.view import View
from onnx_bench.writers.weights import Weight

ELEM_TYPES = {"float": TensorProto.FLOAT, "int": TensorProto.INT64, "bool": TensorProto.BOOL}
NUMPY_TYPES: dict[str, Any] = {"float": np.float32, "int": np.int64, "bool": np.bool_}
FILL = 0.02
"""What weights are filled with where no data are stored, as in the `light_*` models of the onnx package."""
CONSTANT = "constant/"
"""How the names of initialisers begin that are no weights (shapes, bounds, indices)."""


class OnnxFile:
    """A file under construction.

    Attributes:
        nodes: Its nodes in topological order.
        initializers: Its weights and constants.
        opset: The oldest operator set that has all operators used.
    """

    def __init__(self, weights: Mapping[str, np.ndarray] | None) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.opset = 20
        self._weights = weights
        self._constants: dict[tuple[Any, ...], str] = {}
        self._names: set[str] = set()

    def fresh(self, name: str) -> str:
        """`name`, with a number where it is taken."""
        found, number = name, 2
        while found in self._names:
            found, number = f"{name}_{number}", number + 1
        self._names.add(found)
        return found

    def need(self, opset: int) -> None:
        """Some operator exists from this opset on."""
        self.opset = max(self.opset, opset)

    def op(self, op: str, inputs: Sequence[str], name: str = "", **attrs: Any) -> str:
        """Append a node with one output, called `name` if that is given, and return the output's name."""
        output = name or self.fresh(f"{op.lower()}_value")
        self.multi(op, inputs, [output], **attrs)
        return output

    def multi(self, op: str, inputs: Sequence[str], outputs: Sequence[str], **attrs: Any) -> None:
        """Append a node with these outputs."""
        empty = {name: value for name, value in attrs.items() if isinstance(value, list | tuple) and not value}
        told = {name: value for name, value in attrs.items() if name not in empty}
        node = helper.make_node(op, list(inputs), list(outputs), name=f"{outputs[0]}/{op}", **told)
        # An empty list does not say what it is a list of.
        node.attribute.extend(helper.make_attribute(name, [], attr_type=AttributeProto.INTS) for name in empty)
        self.nodes.append(node)

    def constant(self, values: Any, dtype: str, shape: Shape) -> str:
        """A constant with data; equal ones are stored once."""
        array = np.asarray(values, NUMPY_TYPES[dtype]).reshape(shape)
        key = (dtype, shape, array.tobytes())
        if key not in self._constants:
            name = self.fresh(f"{CONSTANT}{len(self._constants)}")
            self.initializers.append(numpy_helper.from_array(array, name))
            self._constants[key] = name
        return self._constants[key]

    def ints(self, values: Sequence[int]) -> str:
        """A vector of integers."""
        return self.constant(list(values), "int", (len(values),))

    def filled(self, value: float, dtype: str, shape: Shape, name: str = "") -> str:
        """One value in every place of `shape`. The shape is a node here and an initialiser in `weight`: readers tell
        constants from weights without data by that."""
        sizes = numpy_helper.from_array(np.array(shape, np.int64))
        return self._fill(self.op("Constant", [], value=sizes), value, dtype, name)

    def _fill(self, shape: str, value: float, dtype: str, name: str) -> str:
        tensor = helper.make_tensor("value", ELEM_TYPES[dtype], [1], [value])
        return self.op("ConstantOfShape", [shape], name, value=tensor)

    def weight(self, name: str, weight: Weight) -> str:
        """The weight called `name` in the `state_dict`: an initialiser, or without data nodes that fill its shape."""
        self._names.add(name)
        if self._weights is not None:
            self.initializers.append(numpy_helper.from_array(self._weights[name], name))
        elif weight.dtype == "float":
            self._fill(self.ints(weight.shape), FILL, "float", name)
        else:
            filled = self._fill(self.ints(weight.shape), FILL, "float", self.fresh("table"))
            self.op("Cast", [filled], name, to=ELEM_TYPES[weight.dtype])
        return name


def value_info(view: View, position: int, name: str, dtype: str) -> onnx.ValueInfoProto:
    """Type and shape of a graph input or output; the batch axis is called `batch`."""
    dims: list[int | str | None] = list(view.shape(position))
    axis = view.batch[position]
    if axis is not None:
        dims[axis] = "batch" if dims[axis] == 1 else None
    return helper.make_tensor_value_info(name, ELEM_TYPES[dtype], dims)
