"""Take values out of nested plain data that a file held, with errors that say where."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any, TypeVar

from onnx_bench.errors import MalformedRecordsError

Kind = TypeVar("Kind")


def mapping(value: Any, where: str) -> Mapping[Any, Any]:
    """`value`, which must be a mapping."""
    return of_kind(value, Mapping, where)  # type: ignore[type-abstract]


def of_kind(value: Any, kind: type[Kind], where: str) -> Kind:
    """`value`, which must be of `kind`.

    Raises:
        MalformedRecordsError: It is not; the message says `where`.
    """
    if not isinstance(value, kind):
        raise MalformedRecordsError(f"{where}: found {_shown(value)}, expected {kind.__name__.lower()}")
    return value


def member(value: Any, key: Hashable, where: str) -> Any:
    """`value[key]`, where `value` must be a mapping that has the key.

    Raises:
        MalformedRecordsError: It is none, or has no such key; the message lists those it has.
    """
    body = mapping(value, where)
    if key not in body:
        known = ", ".join(map(str, list(body)[:8]))
        raise MalformedRecordsError(f"{where}: no {key!r}; there are {known or 'no keys'}")
    return body[key]


def number(value: Any, where: str) -> float:
    """`value` as a finite number; a tensor without axes counts as its element.

    Raises:
        MalformedRecordsError: It is none.
    """
    plain = value.item() if getattr(value, "ndim", None) == 0 else value
    if isinstance(plain, bool) or not isinstance(plain, int | float) or not math.isfinite(plain):
        raise MalformedRecordsError(f"{where}: found {_shown(value)}, expected a finite number")
    return float(plain)


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str | int | float | None) else type(value).__name__
    return text if len(text) <= 60 else f"{text[:57]}..."
