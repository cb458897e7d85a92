"""Reading architecture strings that are JSON objects: every wrong one is a typed error that names what is wrong."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeVar

from onnx_bench.spaces.base import SearchSpace

Choice = TypeVar("Choice")
Space = SearchSpace[Any]


def read_object(space: Space, arch: str) -> dict[str, Any]:
    """The JSON object that `arch` is.

    Raises:
        UnknownNameError: It is no JSON, or no object.
    """
    try:
        body = json.loads(arch)
    except (ValueError, RecursionError) as error:
        raise space.bad(arch, f"{type(error).__name__}: {str(error)[:80]}", "a JSON object") from error
    if not isinstance(body, dict):
        raise space.bad(arch, f"JSON of type {type(body).__name__}", "a JSON object")
    return body


def read_fields(space: Space, arch: str, body: object, names: Sequence[str]) -> list[Any]:
    """The values of `names`, which must be all the fields of the object `body`, a part of `arch`.

    Raises:
        UnknownNameError: `body` is no object, or has other fields.
    """
    if not isinstance(body, dict):
        raise space.bad(arch, f"{type(body).__name__} in place of an object", f"the fields {', '.join(names)}")
    if wrong := body.keys() ^ set(names):
        raise space.bad(arch, f"missing or unknown fields {sorted(wrong)[:4]}", f"the fields {', '.join(names)}")
    return [body[name] for name in names]


def read_list(space: Space, arch: str, name: str, value: object, lengths: Sequence[int]) -> list[Any]:
    """`value`, which must be a list of one of `lengths`.

    Raises:
        UnknownNameError: It is not.
    """
    expected = f"a list of {' or '.join(map(str, lengths))}"
    if not isinstance(value, list):
        raise space.bad(arch, f"{name} of type {type(value).__name__}", expected)
    if len(value) not in lengths:
        raise space.bad(arch, f"{name} with {len(value)} entries", expected)
    return value


def read_choice(space: Space, arch: str, name: str, value: object, choices: Sequence[Choice]) -> Choice:
    """The one of `choices` that `value` is equal to; numbers may be written as `4` or `4.0`, but not as `true`.

    Raises:
        UnknownNameError: It is none of them.
    """
    for choice in choices:
        if value == choice and not isinstance(value, bool):
            return choice
    shown = repr(value)
    raise space.bad(arch, f"{name} = {shown[:60]}", f"one of {', '.join(map(str, choices))}")
