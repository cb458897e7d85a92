"""Attributes of a node as Python values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import onnx

from onnx_bench.node import AttrValue

MAX_STRING = 256
"""Longer strings are cut: no operator of the standard has one, and an equation of this length is refused anyway."""


def _text(raw: bytes) -> str:
    return raw[:MAX_STRING].decode("utf-8", "replace")


def _untyped(a: onnx.AttributeProto) -> Any:
    if a.HasField("t"):
        return a.t
    if a.HasField("g"):
        return a.g
    if a.HasField("s"):
        return _text(a.s)
    if a.HasField("f"):
        return a.f
    return a.i if a.HasField("i") else tuple(a.ints) or tuple(a.floats) or tuple(_text(s) for s in a.strings)


def read_attributes(protos: Iterable[onnx.AttributeProto]) -> dict[str, Any]:
    """Name -> int, float, str, tuple, TensorProto or GraphProto."""
    attrs: dict[str, Any] = {}
    for a in protos:
        kind = a.type
        if kind == 2:
            attrs[a.name] = a.i
        elif kind == 7:
            attrs[a.name] = tuple(a.ints)
        elif kind == 1:
            attrs[a.name] = a.f
        elif kind == 3:
            attrs[a.name] = _text(a.s)
        elif kind == 4:
            attrs[a.name] = a.t
        elif kind == 5:
            attrs[a.name] = a.g
        elif kind == 6:
            attrs[a.name] = tuple(a.floats)
        elif kind == 8:
            attrs[a.name] = tuple(_text(s) for s in a.strings)
        elif kind == 11:
            attrs[a.name] = a.sparse_tensor
        elif kind == 0:  # files of IR version 1 do not say
            attrs[a.name] = _untyped(a)
    return attrs


def plain(attrs: dict[str, Any]) -> dict[str, AttrValue]:
    """The attributes that a graph node can hold: numbers, strings and tuples of one kind of them."""
    kept: dict[str, AttrValue] = {}
    for name, value in attrs.items():
        kind = type(value)
        if kind is list:
            value = tuple(value)
            kind = tuple
        if kind is float:
            kept[name] = float(f"{value:.6g}")
        elif kind is tuple:
            first = value[0] if value else 0
            kept[name] = tuple([float(f"{v:.6g}") for v in value]) if type(first) is float else value
        elif kind is int or kind is str or kind is bool:
            kept[name] = value
    return kept
