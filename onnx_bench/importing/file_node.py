"""`FileNode`: a node of a file as Python values, read once for all who look at it; `Form`: what equal nodes share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import onnx

from onnx_bench.importing.attributes import read_attributes

MAX_FORMS = 1 << 12
"""Forms that are remembered at a time."""
MAX_BYTES = 256
"""Bytes of operator, domain and attributes of a form."""

Key = tuple[str, str, int, int, bytes]
"""Operator, domain, numbers of inputs and outputs, attributes."""
_NAMES = frozenset(b"\x0a\x12\x1a")
"""How the fields of `NodeProto` begin that name its inputs, its outputs and itself, which are written before others."""

_forms: dict[Key, Form] = {}


class Form:
    """All that a node says but the names of its values. Networks repeat themselves, and so do the files of a space.

    Equal forms are one object as long as it is remembered, so what was found out about a form is found by its identity.

    Attributes:
        written: The attributes, serialised as part of a node: 1, 1.0 and True are equal as keys but not as attributes.
        accepted: Under which conditions the audit found nothing to refuse in it, the last time (`reading.audit`).
        harmless: Whether there is nothing in it to strip (`reading.strip`).
    """

    __slots__ = ("_attrs", "accepted", "harmless", "written")

    def __init__(self, written: bytes) -> None:
        self.written = written
        self.accepted: tuple[int | None, bool] | None = None
        self.harmless = False
        self._attrs: dict[str, Any] | None = None

    @property
    def attrs(self) -> dict[str, Any]:
        """The attributes as Python values, free to change."""
        if self._attrs is None:  # from the bytes: a message would hold the whole file it came from
            self._attrs = read_attributes(onnx.NodeProto.FromString(self.written).attribute)
        return dict(self._attrs)


class FileNode:
    """A node of a file.

    Attributes:
        op: Its operator.
        domain: The domain of the operator, as the file writes it.
        inputs: Names of the values it reads; empty for an omitted one.
        outputs: Names of the values it computes.
        form: What it shares with equal nodes, `None` where it says too much to be remembered.
        proto: The node itself.
    """

    __slots__ = ("domain", "form", "inputs", "op", "outputs", "proto")

    def __init__(self, proto: onnx.NodeProto) -> None:
        self.proto = proto
        self.op, self.domain = proto.op_type, proto.domain
        self.inputs: list[str] = proto.input[:]
        self.outputs: list[str] = proto.output[:]
        written = _without_names(proto.SerializeToString()) if proto.attribute else b""
        key = (self.op, self.domain, len(self.inputs), len(self.outputs), written)
        self.form = _forms.get(key) or _remembered(key)

    @property
    def attrs(self) -> dict[str, Any]:
        """The attributes as Python values, free to change."""
        return read_attributes(self.proto.attribute) if self.form is None else self.form.attrs


def _without_names(node: bytes) -> bytes:
    """A serialised node from its first field on that is no name; all of it where names are long."""
    start = 0
    while node[start] in _NAMES:
        size = node[start + 1]
        if size >= 0x80:
            return node
        start += size + 2
    return node[start:]


def _remembered(key: Key) -> Form | None:
    """The form of a new `key`. When there are too many, all others are forgotten."""
    op, domain, _, _, written = key
    if len(op) + len(domain) + len(written) > MAX_BYTES:
        return None
    if len(_forms) >= MAX_FORMS:
        _forms.clear()
    form = _forms[key] = Form(written)
    return form


def file_nodes(protos: Iterable[onnx.NodeProto]) -> list[FileNode]:
    """The nodes of a graph."""
    return [FileNode(proto) for proto in protos]
