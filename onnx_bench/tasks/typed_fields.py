"""Build a dataclass from a mapping that a person wrote, with errors that name the key."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from difflib import get_close_matches
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from onnx_bench.errors import InvalidTaskError

Built = TypeVar("Built")


def build(cls: type[Built], body: object, where: str) -> Built:
    """An instance of the dataclass `cls` from `body`.

    Fields may be of type `str`, `int`, `int | None`, a `Literal` of strings, or a tuple of dataclasses.

    Raises:
        InvalidTaskError: `body` is no mapping, lacks a key, has an unknown one, or a value of another type.
    """
    if not isinstance(body, Mapping):
        raise InvalidTaskError(f"{where}: found {_shown(body)}, expected keys and values")
    assert is_dataclass(cls)
    known = {f.name: f for f in fields(cls)}
    for key in body:
        if key not in known:
            close = get_close_matches(str(key), known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"known keys: {', '.join(known)}"
            raise InvalidTaskError(f"{where}: unknown key {_shown(key)}; {hint}")
    if missing := [name for name, f in known.items() if f.default is MISSING and name not in body]:
        raise InvalidTaskError(f"{where}: missing keys {', '.join(missing)}")
    kinds = get_type_hints(cls)
    return cls(**{key: _checked(value, kinds[key], f"{where}: {key}") for key, value in body.items()})


def _checked(value: object, kind: Any, where: str) -> Any:
    """`value` if it is of `kind`; lists become tuples of dataclasses."""
    options = get_args(kind)
    if get_origin(kind) is Literal:
        return _demand(isinstance(value, str) and value in options, value, f"one of {', '.join(options)}", where)
    if get_origin(kind) is tuple:
        _demand(isinstance(value, list | tuple), value, "a list", where)
        assert isinstance(value, list | tuple)
        return tuple(build(options[0], item, f"{where}[{i}]") for i, item in enumerate(value))
    if isinstance(kind, types.UnionType):
        if value is None:
            return None
        kind = next(option for option in options if option is not types.NoneType)
    if kind is int:
        positive = isinstance(value, int) and not isinstance(value, bool) and value > 0
        empty = " or nothing" if options else ""
        return _demand(positive, value, f"a whole number above 0{empty}", where)
    return _demand(isinstance(value, str), value, "text (put it in quotes if YAML reads it as something else)", where)


def _demand(right: bool, value: object, expected: str, where: str) -> Any:
    if not right:
        raise InvalidTaskError(f"{where}: found {_shown(value)}, expected {expected}")
    return value


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
