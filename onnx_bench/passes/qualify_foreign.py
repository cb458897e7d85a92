"""Operators that no rule could bring into canonical form are marked as such."""

from __future__ import annotations

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.ops import OPS
from onnx_bench.passes.base import Pass


class QualifyForeign(Pass):
    """Keeps operators apart that have a canonical name but not the canonical attributes.

    1. A node with attributes its operator does not have, or without those it needs, becomes `ai.onnx::Name`: it is
       encoded as an operator outside the table, because nothing more is known of it.
    """

    def __call__(self, draft: Draft) -> bool:
        changed = False
        for node in draft.nodes:
            if _is_foreign(node):
                node.op = f"ai.onnx::{node.op}"
                changed = True
        return changed


def _is_foreign(node: DraftNode) -> bool:
    entry = OPS.get(node.op)
    if entry is None:
        return False
    given, defaults = node.attrs.keys(), entry.defaults
    if given == defaults.keys():
        return False
    return not given <= defaults.keys() or any(defaults[name] is ... for name in defaults.keys() - given)
