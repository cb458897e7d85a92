"""`Thrift`: steps through what Thrift's compact protocol has written, and sets no memory aside for what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from mmap import mmap
from typing import Any, TypeVar

Item = TypeVar("Item")

_TRUE, _FALSE, _BYTE, _I16, _DOUBLE, _SET = 1, 2, 3, 4, 7, 10
I32, I64, BINARY, LIST, STRUCT = 5, 6, 8, 9, 12
_DEEPEST = 16
"""Structs and lists inside each other; parquet has eight."""


class Thrift:
    """Reads at `at`, never at `end` or behind. Every method raises IndexError where there is no such thing."""

    def __init__(self, stored: mmap, at: int, end: int) -> None:
        self.stored, self.at, self.end = stored, at, end

    def struct(self, wanted: Mapping[tuple[int, int], Callable[[Thrift], Any]]) -> dict[int, Any]:
        """Moves behind a struct.

        Args:
            wanted: What reads the value of a field, by its number and kind; other fields are skipped.

        Returns:
            What was read, by the number of its field.
        """
        found = {}
        for field, kind in self._fields():
            if read := wanted.get((field, kind)):
                found[field] = read(self)
            else:
                self._skip(kind)
        return found

    def items(self, read: Callable[[Thrift], Item]) -> list[Item]:
        """Moves behind a list; what `read` makes of each of its elements."""
        return [read(self) for _ in range(self._head()[0])]

    def binary(self) -> bytes:
        """Moves behind bytes or text."""
        size = self._varint()
        self._move(size)
        return self.stored[self.at - size : self.at]

    def number(self) -> int:
        """A whole number with its sign in the lowest bit."""
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def _fields(self) -> Iterator[tuple[int, int]]:
        """Number and kind of each field of a struct; its value is to be read, or skipped, before the next."""
        field, seen = 0, set[int]()
        while byte := self._byte():
            field = field + (byte >> 4) if byte >> 4 else self.number()
            if field in seen:  # readers differ in which of two counts
                raise IndexError
            seen.add(field)
            yield field, byte & 15

    def _skip(self, kind: int, depth: int = 0) -> None:
        """Moves behind the value of a field."""
        if depth > _DEEPEST:
            raise IndexError
        if kind in (_I16, I32, I64):
            self._varint()
        elif kind == _BYTE:
            self._move(1)
        elif kind == _DOUBLE:
            self._move(8)
        elif kind == BINARY:
            self._move(self._varint())
        elif kind in (LIST, _SET):
            count, inner = self._head()
            for _ in range(count):
                self._skip(_BYTE if inner in (_TRUE, _FALSE) else inner, depth + 1)
        elif kind == STRUCT:
            for _, inner in self._fields():
                self._skip(inner, depth + 1)
        elif kind not in (_TRUE, _FALSE):  # these are in the kind itself; the format of parquet has no map
            raise IndexError

    def _head(self) -> tuple[int, int]:
        """Moves to the first element of a list; how many there are, and of which kind."""
        byte = self._byte()
        return byte >> 4 if byte >> 4 < 15 else self._varint(), byte & 15

    def _move(self, count: int) -> None:
        if count > self.end - self.at:
            raise IndexError
        self.at += count

    def _byte(self) -> int:
        self._move(1)
        return self.stored[self.at - 1]

    def _varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise IndexError
