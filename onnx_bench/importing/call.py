"""`Call`: one operator application as the shape rules see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from onnx_bench.importing.file_node import FileNode
from onnx_bench.importing.tensor import Tensor
from onnx_bench.node import Shape

UNKNOWN_OPSET = 1 << 30
"""The opset of calls that the importer makes up: newer than any file's."""

Key = tuple[object, ...]

MAX_LIST = 1 << 13
"""Longest list of sizes, axes or positions that is read from a tensor: enough for a Split into as many parts."""


class UnknownShapeError(Exception):
    """A shape or value that a rule needs is not known."""


class UnknownOperatorError(UnknownShapeError):
    """No rule and no schema describes an operator."""


class MisfitError(Exception):
    """The inputs or attributes of an operator do not fit each other."""


class KeepBatchError(Exception):
    """The first axis of the graph inputs is no batch axis, so its size may not be changed."""


class Call:
    """An operator, its inputs and attributes. Rules bring `op`, `attrs` and `ins` to their one form, in place.

    Attributes:
        op: Operator name.
        attrs: Attributes as Python values.
        ins: Inputs, `None` where omitted.
        count: Number of outputs.
        opset: Version of the operator set.
        node: The node of the file, `None` for a call that the importer makes up.
        dtypes: Types of the outputs, where they differ from the type of the first input.
        batch: The batch of the file while it is evaluated for batch 1, else 1.
        before: The tensors of the file at its own batch, then.
        out_full: The shape of the first output at the batch of the file, then.
        outer: `Tensor.outer` of the first output where it differs from that of the inputs, then; else 0.
        note: What a rule had to assume.
        key: Under what to remember the outcome, see `importing.memo`.
    """

    dtypes: tuple[str, ...] = ()
    batch = 1
    before: Mapping[str, Tensor] | None = None
    out_full: Shape | None = None
    outer = 0
    note = ""
    key: Key | None = None

    def __init__(
        self, op: str, ins: list[Tensor | None], attrs: dict[str, Any], count: int, opset: int,
        node: FileNode | None = None,
    ) -> None:  # fmt: skip
        self.op = op
        self.ins = ins
        self.attrs = attrs
        self.count = count
        self.opset = opset
        self.node = node

    @property
    def names(self) -> Sequence[str | None]:
        """Names of the outputs in the file: empty for one that is not used, `None` where there is no file."""
        return (None,) * self.count if self.node is None else self.node.outputs

    def has(self, i: int) -> bool:
        """Whether input `i` is given."""
        return i < len(self.ins) and self.ins[i] is not None

    def tensor(self, i: int) -> Tensor:
        """Input `i`, which must be given."""
        tensor = self.ins[i] if i < len(self.ins) else None
        if tensor is None:
            raise MisfitError(f"{self.op} lacks its input {i}")
        return tensor

    def shape(self, i: int = 0) -> Shape:
        """The shape of input `i`."""
        ins = self.ins
        tensor = ins[i] if i < len(ins) else None
        shape = self.tensor(i).shape if tensor is None else tensor.shape
        if shape is None:
            raise UnknownShapeError
        return shape

    def value(self, i: int) -> np.ndarray | None:
        """The values of input `i` where it is given and they are known."""
        tensor = self.ins[i] if i < len(self.ins) else None
        return None if tensor is None else tensor.value

    def scalar(self, i: int) -> Any:
        """The first value of input `i` as a Python number, `None` where it is omitted or not known."""
        value = self.value(i)
        return None if value is None or not value.size else value[(0,) * value.ndim].item()

    def ints(self, i: int) -> list[int]:
        """The known integers in input `i`, flattened."""
        tensor = self.tensor(i)
        if tensor.ints is None:
            value = tensor.value
            if value is None:
                raise UnknownShapeError
            if value.size > MAX_LIST:
                raise MisfitError(f"{self.op} is given {value.size} numbers where it takes one for each axis")
            tensor.ints = [int(v) for v in value.ravel().tolist()]
        return list(tensor.ints)

    def moved(self, name: str, i: int) -> Any:
        """An attribute that later opsets give as input `i`: from either, as a list or scalar; `None` if in neither.

        Raises:
            UnknownShapeError: It is an input whose value is not known.
        """
        if name in self.attrs:
            return self.attrs[name]
        if not self.has(i):
            return None
        value = self.tensor(i).value
        if value is None:
            raise UnknownShapeError
        if value.size > MAX_LIST:
            raise MisfitError(f"{self.op} is given {value.size} numbers where it takes one for each axis or output")
        return value.tolist()

    def keep(self, *indices: int) -> None:
        """Keep only these inputs; the others have become attributes."""
        self.ins = [self.ins[i] if i < len(self.ins) else None for i in indices]


def axis_of(axis: int, rank: int) -> int:
    """`axis` counted from the front.

    Raises:
        MisfitError: There is no such axis.
    """
    if not -rank <= axis < rank:
        raise MisfitError(f"axis {axis} of a tensor of rank {rank}")
    return axis % rank if rank else 0


def own_axis(c: Call, default: int = 0) -> int:
    """Attribute `axis` of `c`, counted from the front of its first input."""
    axis: int = axis_of(c.attrs.get("axis", default), len(c.shape()))
    c.attrs["axis"] = axis
    return axis


def as_list(value: Any) -> list[int]:
    """Integers from a scalar or a list."""
    return [int(v) for v in value] if isinstance(value, (list, tuple)) else [int(value)]
