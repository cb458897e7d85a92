"""The stored tensors: what of them is sound, and what of them is kept."""

from __future__ import annotations

from math import prod

from onnx import TensorProto

from onnx_bench.errors import MalformedModelError, UnsafeModelError, UnsupportedGraphError
from onnx_bench.reading.element_types import BITS, COMPLEX, INTEGERS, repeated
from onnx_bench.reading.limits import KEPT_ELEMENTS, KEPT_INTEGERS, RANK
from onnx_bench.reading.text import quote

_EXTERNAL = TensorProto.EXTERNAL
_PAYLOADS = ("raw_data", "int64_data", "float_data", "int32_data", "double_data", "uint64_data", "string_data")


def check_tensor(tensor: TensorProto, allow_external: bool) -> None:
    """Refuse a tensor whose type, dimensions or payload make no sense, or that lives in a file and must not.

    Raises:
        MalformedModelError: Negative dimensions, or a payload of another size than these ask for.
        UnsupportedGraphError: An unknown element type, or more than `RANK` dimensions.
        UnsafeModelError: It refers to another file and `allow_external` is false.
    """
    kind, dims = tensor.data_type, tensor.dims[:]  # a list: protobuf's own is slow
    if kind not in BITS:
        raise UnsupportedGraphError(f"tensor {quote(tensor.name)} has element type {kind}, which ONNX does not know")
    if len(dims) > RANK:
        raise UnsupportedGraphError(f"tensor {quote(tensor.name)} has {len(dims):,} dimensions; the limit is {RANK}")
    if dims and min(dims) < 0:
        raise MalformedModelError(f"tensor {quote(tensor.name)} has a negative dimension in {dims}")
    if not allow_external and tensor.external_data:
        raise UnsafeModelError(
            f"tensor {quote(tensor.name)} lives in another file; such models are not accepted here: save the model "
            "with its weights inside, or strip them"
        )
    if tensor.data_location == _EXTERNAL or kind == TensorProto.STRING:
        return
    if tensor.HasField("raw_data"):
        expected = (prod(dims) * BITS[kind] + 7) // 8
        found = len(tensor.raw_data)
        if found != expected:
            raise MalformedModelError(
                f"tensor {quote(tensor.name)} of shape {dims} holds {found:,} bytes; it takes {expected:,}"
            )


def drop_values(tensor: TensorProto) -> None:
    """Drop the values of `tensor` if it is large or they are not there, and mark it `data_location = EXTERNAL`.

    Small tensors keep their values: they bound clips, scale attention, give shapes. Of elements that are all equal
    one is left, as by `onnx_bench.reading.wire.slim`.
    """
    limit = KEPT_INTEGERS if tensor.data_type in INTEGERS else KEPT_ELEMENTS
    if tensor.data_location != _EXTERNAL and prod(tensor.dims[:]) <= limit and _holds_all(tensor):
        return
    left = repeated(tensor.raw_data, tensor.data_type)
    for field in (*_PAYLOADS, "external_data", "segment"):
        tensor.ClearField(field)
    tensor.data_location = _EXTERNAL
    if left:
        tensor.raw_data = left


def _holds_all(tensor: TensorProto) -> bool:
    """Whether the payload can be decoded: some writers leave it out without a mark."""
    if tensor.HasField("raw_data"):
        return True
    count = max(len(getattr(tensor, field)) for field in _PAYLOADS[1:])
    bits = BITS[tensor.data_type]
    needed = prod(tensor.dims)
    if bits < 8:
        needed = -(-needed * bits // 8)
    elif tensor.data_type in COMPLEX:
        needed *= 2
    return count >= needed
