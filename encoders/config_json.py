"""Configurations of encoders as JSON: a frozen dataclass of plain values out, the same in, an unknown key an error."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any, TypeVar, get_args, get_type_hints

from onnx_bench.errors import CheckpointError

Config = TypeVar("Config")


def to_json(config: Any) -> str:
    """`config`, a dataclass of strings, numbers, booleans and `None`, as a JSON object."""
    return json.dumps(asdict(config), indent=1, sort_keys=True) + "\n"


def from_json(kind: type[Config], content: str | bytes) -> Config:
    """Inverse of `to_json` for a dataclass `kind`.

    Raises:
        CheckpointError: Not a JSON object, a key too many or too few, or a value of another type or that cannot be.
    """
    try:
        body = json.loads(content)
    except ValueError as error:
        raise CheckpointError(f"a {kind.__name__} that is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise CheckpointError(f"a {kind.__name__} is a JSON object; found {type(body).__name__}")
    known = [f.name for f in fields(kind)]  # type: ignore[arg-type]  # every config is a dataclass
    if wrong := set(known) ^ body.keys():
        raise CheckpointError(f"a {kind.__name__} has the keys {known}; unknown or missing here: {sorted(wrong)}")
    hints = get_type_hints(kind)
    for name, value in body.items():
        expected = get_args(hints[name]) or (hints[name],)
        if type(value) not in expected:
            raise CheckpointError(f"{kind.__name__}.{name} is {value!r}; expected {hints[name]}")
    try:
        return kind(**body)
    except ValueError as error:  # of the dataclass itself
        raise CheckpointError(f"values that cannot be: {error}") from error
