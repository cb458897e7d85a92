"""Check one node against the schema of its operator, so that the importer can trust types and counts.

Operators of unknown domains have no schema and pass; so do attributes that the schema does not list.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import onnx

from onnx_bench.errors import MalformedModelError
from onnx_bench.reading.text import quote

_TYPE_NUMBERS = dict(onnx.AttributeProto.AttributeType.items())
_TYPE_NAMES = {value: name.lower() for name, value in _TYPE_NUMBERS.items()}
_MANY = 1 << 20


class _Schema(NamedTuple):
    types: dict[str, int]
    required: frozenset[str]
    inputs: tuple[int, int]
    outputs: tuple[int, int]


@lru_cache(maxsize=4096)
def _schema(op: str, domain: str, version: int) -> _Schema | None:
    try:
        found = onnx.defs.get_schema(op, version, domain)
    except onnx.defs.SchemaError:
        return None
    types = {name: _TYPE_NUMBERS[attr.type.name] for name, attr in found.attributes.items()}
    required = frozenset(name for name, attr in found.attributes.items() if attr.required)
    return _Schema(types, required, (found.min_input, found.max_input), (found.min_output, found.max_output))


def check_node(node: onnx.NodeProto, op: str, domain: str, names: Sequence[str], versions: dict[str, int]) -> None:
    """Refuse a node with wrong counts of inputs or outputs, or attributes twice, missing or of the wrong type.

    Args:
        node: Any node.
        op: Its operator.
        domain: Its domain, `""` for ONNX.
        names: Its attributes.
        versions: Version of each operator set imported.

    Raises:
        MalformedModelError: The node breaks a rule; or the model names no version of the ONNX operators.
    """
    if len(set(names)) < len(names):
        raise MalformedModelError(f"a node of type {quote(op)} has an attribute twice: {', '.join(map(quote, names))}")
    if not domain and "" not in versions:
        raise MalformedModelError("the model does not say which version of the ONNX operators it uses (opset_import)")
    version = versions.get(domain, 1)
    schema = _schema(op, domain, version) if 0 < version < _MANY else None
    _check_types(node, op, schema.types if schema else {})
    if schema is None:
        return
    for count, bounds, what in ((len(node.input), schema.inputs, "inputs"),
                                (len(node.output), schema.outputs, "outputs")):  # fmt: skip
        if not bounds[0] <= count <= bounds[1]:
            raise MalformedModelError(
                f"a node of type {quote(op)} has {count:,} {what}; the operator takes {_range(*bounds)}"
            )
    if not schema.required.issubset(names):
        missing = ", ".join(sorted(schema.required.difference(names)))
        raise MalformedModelError(f"a node of type {quote(op)} lacks the attribute {missing}")


def _check_types(node: onnx.NodeProto, op: str, types: dict[str, int]) -> None:
    for attr in node.attribute:
        kind = attr.type
        if kind not in _TYPE_NAMES or not kind:
            raise MalformedModelError(f"attribute {quote(attr.name)} of a node of type {quote(op)} has no known type")
        if types.get(attr.name, kind) != kind:
            raise MalformedModelError(
                f"attribute {quote(attr.name)} of a node of type {quote(op)} is of type {_TYPE_NAMES[kind]}; "
                f"the operator takes {_TYPE_NAMES[types[attr.name]]}"
            )


def _range(least: int, most: int) -> str:
    if most >= _MANY:
        return f"at least {least}"
    return f"{least}" if least == most else f"{least} to {most}"
