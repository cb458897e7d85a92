"""Cut weights, doc strings and metadata out of a serialised model before it is parsed.

A parser copies what it reads and makes an object of every message, so 10 MB of empty messages become 0.8 GB and a
model of 2 GB needs 4. The walk here reads the lengths in the protobuf wire format alone: it skips over payloads
(in a mapped file their pages are never touched), counts what is left, and gives the parser a few hundred kB.
It descends only into messages large enough to hide something; a small one is copied as it is.
"""

from __future__ import annotations

from typing import NoReturn

from onnx_bench.errors import MalformedModelError, ModelTooLargeError
from onnx_bench.reading.element_types import BITS, INTEGERS, repeated
from onnx_bench.reading.limits import KEPT_ELEMENTS, KEPT_INTEGERS, STRUCTURE_BYTES, WIRE_DEPTH, WIRE_FIELDS

_SMALL = KEPT_ELEMENTS * 16
"""Bytes of a message that is copied without a look inside, and of a payload that is kept: 64 times the widest type."""

_DROP = "drop"
_PAYLOAD = "payload"
_DATA_TYPE = 2  # TensorProto.data_type; it comes before the payload
_RAW_DATA = 9
_VALUES_ELSEWHERE = b"\x70\x01"  # TensorProto.data_location = EXTERNAL: how every tensor without values is marked

_Rules = dict[int, "_Rules | str"]  # by field number: the rules of a message inside, or what to do with the field
_TENSOR: _Rules = {4: _PAYLOAD, 5: _PAYLOAD, 7: _PAYLOAD, 9: _PAYLOAD, 10: _PAYLOAD, 11: _PAYLOAD,
                   12: _DROP, 16: _DROP}  # fmt: skip
_SPARSE: _Rules = {1: _TENSOR, 2: _TENSOR}
_ATTRIBUTE: _Rules = {5: _TENSOR, 10: _TENSOR, 13: _DROP, 22: _SPARSE, 23: _SPARSE}
_NODE: _Rules = {5: _ATTRIBUTE, 6: _DROP, 9: _DROP}
_VALUE: _Rules = {3: _DROP, 4: _DROP}
_GRAPH: _Rules = {1: _NODE, 5: _TENSOR, 10: _DROP, 11: _VALUE, 12: _VALUE, 13: _VALUE, 14: _DROP, 15: _SPARSE,
                  16: _DROP}  # fmt: skip
_ATTRIBUTE |= {6: _GRAPH, 11: _GRAPH}
_FUNCTION: _Rules = {7: _NODE, 8: _DROP, 11: _ATTRIBUTE, 12: _VALUE, 14: _DROP}
_MODEL: _Rules = {6: _DROP, 7: _GRAPH, 14: _DROP, 20: _DROP, 25: _FUNCTION}


def slim(data: memoryview) -> bytes:
    """A serialised `ModelProto` without large payloads, doc strings, metadata and training information.

    Tensors that lose their values keep name, type and dimensions and are marked `data_location = EXTERNAL`. Of
    elements that are all equal one is left, in `raw_data`: an attention mask that masks nothing is to be told from one
    that does.

    Raises:
        MalformedModelError: `data` is not well-formed protobuf.
        ModelTooLargeError: Too much is left: fields, bytes or nesting.
    """
    walk = _Walk(data, _SMALL)
    kept = walk.message(0, len(data), _MODEL, 0)
    if kept is None:
        _check_size(len(data))
        return bytes(data)
    return kept


def explain_failure(data: bytes) -> NoReturn:
    """Raise the error that says why the parser refused `data` (which `slim` let through)."""
    _Walk(memoryview(data), 0).message(0, len(data), _MODEL, 0)
    raise MalformedModelError("not an ONNX model: a protobuf message of another kind, or damaged; export it again")


def _check_size(size: int) -> None:
    if size > STRUCTURE_BYTES:
        raise ModelTooLargeError(
            f"the model takes {size >> 20} MiB without its weights; the limit is {STRUCTURE_BYTES >> 20} MiB"
        )


class _Walk:
    def __init__(self, data: memoryview, small: int) -> None:
        self.data = data
        self.small = small
        self.fields = 0

    def message(self, pos: int, end: int, rules: _Rules, depth: int) -> bytes | None:
        """The message at `pos:end` after cutting, or `None` if nothing was cut."""
        if depth > WIRE_DEPTH:
            raise ModelTooLargeError(
                f"messages nested more than {WIRE_DEPTH} deep (about {WIRE_DEPTH // 3} subgraphs inside one another)"
            )
        data, run, emptied, element = self.data, pos, False, 0
        parts: list[memoryview | bytes] = []
        largest_payload = _SMALL
        while pos < end:
            start = pos
            key = data[pos]  # most numbers take one byte: read here, not in `varint`
            if key < 0x80:
                pos += 1
            else:
                key, pos = self.varint(pos, end)
            kind = key & 7
            if kind == 2:
                if pos < end and (size := data[pos]) < 0x80:
                    pos += 1
                else:
                    size, pos = self.varint(pos, end)
                stop = pos + size
                if stop > end:
                    raise MalformedModelError(
                        f"the file is damaged or incomplete: at byte {start} a field of {size} bytes begins, "
                        f"{end - pos} are left; fetch or export it again"
                    )
                rule = rules.get(key >> 3)
                if (
                    rule is None
                    or (size <= self.small and rule is not _DROP)
                    or (rule is _PAYLOAD and size <= largest_payload)
                ):
                    pass
                elif isinstance(rule, str):
                    parts.append(data[run:start])
                    run = stop
                    emptied = emptied or rule is _PAYLOAD
                    if key >> 3 == _RAW_DATA and (one := repeated(data[pos:stop], element)):
                        parts += (data[start : start + 1], bytes((len(one),)), one)
                else:
                    inner = self.message(pos, stop, rule, depth + 1)
                    if inner is not None:
                        parts += (data[run:start], _varint_bytes(key), _varint_bytes(len(inner)), inner)
                        run = stop
                pos = stop
            elif kind == 0:
                value, pos = self.varint(pos, end)
                if rules is _TENSOR and key >> 3 == _DATA_TYPE:
                    element = value
                    if value in INTEGERS:
                        largest_payload = KEPT_INTEGERS * BITS[value] // 8
            elif kind == 5:
                pos += 4
            elif kind == 1:
                pos += 8
            else:
                raise MalformedModelError(f"not an ONNX model: no protobuf field can begin as byte {start} does")
            self.fields += 1
            if self.fields > WIRE_FIELDS:
                raise ModelTooLargeError(f"the model is made of more than {WIRE_FIELDS:,} protobuf fields")
        if pos > end:
            raise MalformedModelError(f"the file is damaged or incomplete: it ends inside a field at byte {end}")
        if not parts:
            return None
        parts.append(data[run:end])
        if emptied:
            parts.append(_VALUES_ELSEWHERE)
        _check_size(sum(map(len, parts)))
        return b"".join(parts)

    def varint(self, pos: int, end: int) -> tuple[int, int]:
        """The number at `pos` and the position behind it."""
        data, start, value, shift = self.data, pos, 0, 0
        while pos < end and shift < 70:
            byte = data[pos]
            pos += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value, pos
            shift += 7
        raise MalformedModelError(f"not an ONNX model, or an incomplete one: no number at byte {start}")


def _varint_bytes(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
