"""Check nodes against the schemas of their operators, so that the importer can trust types and counts.

Operators of unknown domains have no schema and pass; so do attributes that a schema does not list.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple, NoReturn

import onnx

from onnx_bench.errors import MalformedModelError
from onnx_bench.reading.limits import NAME_BYTES
from onnx_bench.reading.text import check_names, quote
from onnx_bench.reading.versions import domain_name

KINDS = dict(onnx.AttributeProto.AttributeType.items())
"""Number of each attribute type by name."""
_KIND_NAMES = {value: name.lower() for name, value in KINDS.items() if name != "UNDEFINED"}
_PLAIN = {KINDS[name] for name in ("INT", "INTS", "STRING", "STRINGS", "TYPE_PROTO", "TYPE_PROTOS")}
_MANY = 1 << 20


class _Schema(NamedTuple):
    kinds: Mapping[str, int] = {}
    required: frozenset[str] = frozenset()
    least_inputs: int = 0
    most_inputs: int = _MANY
    least_outputs: int = 0
    most_outputs: int = _MANY


class NodeChecker:
    """Checks nodes of a model that imports these versions of operator sets, the ONNX one under `""`."""

    def __init__(self, versions: Mapping[str, int]) -> None:
        self._versions = versions
        self._schemas: dict[tuple[str, str], _Schema] = {}

    def version(self, domain: str) -> int | None:
        """The version of an operator set, `None` where the model names none."""
        return self._versions.get(domain_name(domain))

    def check(self, node: onnx.NodeProto) -> list[onnx.AttributeProto]:
        """Refuse a node with wrong counts of inputs or outputs, or attributes twice, missing or of the wrong type.

        Returns:
            The attributes whose values have yet to be looked at: floats, tensors, graphs.

        Raises:
            MalformedModelError: The node breaks a rule; or the model names no version of the ONNX operators.
            ModelTooLargeError: A name is too long.
        """
        key = node.op_type, node.domain
        schema = self._schemas.get(key)
        if schema is None:
            schema = self._schemas[key] = self._find(*key)
        if not schema.least_inputs <= len(node.input) <= schema.most_inputs:
            _miscounted(key[0], len(node.input), "inputs", schema.least_inputs, schema.most_inputs)
        if not schema.least_outputs <= len(node.output) <= schema.most_outputs:
            _miscounted(key[0], len(node.output), "outputs", schema.least_outputs, schema.most_outputs)
        names: set[str] = set()
        deep = []
        for attr in node.attribute:
            name, kind = attr.name, attr.type
            if name in names:
                raise MalformedModelError(f"a node of type {quote(key[0])} has the attribute {quote(name)} twice")
            names.add(name)
            if schema.kinds.get(name) != kind:
                _check_unlisted(key[0], name, kind, schema)
            if kind not in _PLAIN:
                deep.append(attr)
        if schema.required and not schema.required <= names:
            missing = ", ".join(sorted(schema.required - names))
            raise MalformedModelError(f"a node of type {quote(key[0])} lacks the attribute {missing}")
        if key[0] == "Constant" and len(names) != 1 and not key[1]:
            raise MalformedModelError(f"a Constant has {len(names)} values; it takes one")
        return deep

    def _find(self, op: str, domain: str) -> _Schema:
        check_names((op, domain), "an operator or domain", NAME_BYTES)
        domain = domain_name(domain)
        if not domain and "" not in self._versions:
            raise MalformedModelError(
                "the model does not say which version of the ONNX operators it uses (opset_import)"
            )
        version = self._versions.get(domain, 1)
        if not 0 < version < _MANY:
            return _Schema()
        return _look_up(op, domain, version)


@lru_cache(maxsize=1 << 10)
def _look_up(op: str, domain: str, version: int) -> _Schema:
    try:
        found = onnx.defs.get_schema(op, version, domain)
    except onnx.defs.SchemaError:
        return _Schema()
    return _Schema(
        {name: KINDS[str(attr.type).rpartition('.')[2]] for name, attr in found.attributes.items()},
        frozenset(name for name, attr in found.attributes.items() if attr.required),
        found.min_input, found.max_input, found.min_output, found.max_output,
    )  # fmt: skip


def _check_unlisted(op: str, name: str, kind: int, schema: _Schema) -> None:
    """Refuse an attribute that does not have the type its schema lists, if it lists one."""
    check_names((name,), "an attribute", NAME_BYTES)
    if kind not in _KIND_NAMES:
        raise MalformedModelError(f"attribute {quote(name)} of a node of type {quote(op)} has no known type")
    if name in schema.kinds:
        raise MalformedModelError(
            f"attribute {quote(name)} of a node of type {quote(op)} is of type {_KIND_NAMES[kind]}; "
            f"the operator takes {_KIND_NAMES[schema.kinds[name]]}"
        )


def _miscounted(op: str, count: int, what: str, least: int, most: int) -> NoReturn:
    wanted = f"at least {least}" if most >= _MANY else f"{least}" if least == most else f"{least} to {most}"
    raise MalformedModelError(f"a node of type {quote(op)} has {count:,} {what}; the operator takes {wanted}")
