"""Versions of the format and of the operator sets that a model names."""

from __future__ import annotations

import onnx

from onnx_bench.errors import MalformedModelError, UnsupportedGraphError
from onnx_bench.reading.limits import NAME_BYTES
from onnx_bench.reading.text import check_names, quote

_NEWEST = onnx.defs.onnx_opset_version()


def domain_name(domain: str) -> str:
    """`domain`, with the long name of the ONNX operators shortened to `""`."""
    return "" if domain == "ai.onnx" else domain


def opset_versions(model: onnx.ModelProto) -> dict[str, int]:
    """Version of each operator set, the ONNX one under `""`.

    Raises:
        MalformedModelError: A set is named twice with different versions, or with an impossible one.
        UnsupportedGraphError: The ONNX set or the file format is newer than the installed onnx knows.
    """
    if model.ir_version > onnx.IR_VERSION:
        raise UnsupportedGraphError(_too_new("IR version", model.ir_version, onnx.IR_VERSION))
    check_names((entry.domain for entry in model.opset_import), "a domain", NAME_BYTES)
    versions: dict[str, int] = {}
    for entry in model.opset_import:
        domain = domain_name(entry.domain)
        if versions.setdefault(domain, entry.version) != entry.version:
            raise MalformedModelError(
                f"the model imports operator set {quote(domain or 'ai.onnx')} as version {versions[domain]} "
                f"and as version {entry.version}; only one can hold"
            )
    if not versions and model.ir_version < 3:
        versions[""] = 1  # the format had no operator sets yet
    if "" in versions and versions[""] < 1:
        raise MalformedModelError(f"the model imports version {versions['']} of the ONNX operators; they begin at 1")
    if versions.get("", 1) > _NEWEST:
        raise UnsupportedGraphError(_too_new("ONNX operators of version", versions[""], _NEWEST))
    return versions


def _too_new(what: str, found: int, newest: int) -> str:
    return (
        f"the model has {what} {found}; onnx {onnx.__version__} knows up to {newest}: "
        "update onnx, or export the model for an older version"
    )
