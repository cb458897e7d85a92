"""Expressions of held tensors alone become one held tensor."""

from __future__ import annotations

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.ops import spec
from onnx_bench.passes.base import Pass
from onnx_bench.passes.evaluate import evaluate
from onnx_bench.passes.values import HELD, element_class

_OWN_WEIGHTS = frozenset(("conv", "linear", "norm", "recurrent"))
_SELECTING = frozenset(("Slice", "Gather", "Split", "Output", "GatherND", "GatherElements"))


class FoldSources(Pass):
    """Folds what does not depend on a graph input.

    1. An operator that reads constants alone is evaluated where its result is one value or at most 64.
    2. Any other operator that reads held tensors alone becomes one `Parameter` of its shape; its `params` are the sum
       over its sources (at most its own size if the operator only selects).
    3. A linear map of a `Constant` stays: it is the head of a network without a path from its input. Any other layer
       makes zeros of zeros, for nothing would train its shifts.
    """

    def __call__(self, draft: Draft) -> bool:
        changed = False
        for node in draft.nodes:
            inputs = node.inputs
            if not inputs or node.op in HELD:
                continue
            for producer in inputs:
                if producer is not None and producer.op not in HELD:
                    break
            else:
                changed |= self.fold(draft, node)
        return changed

    def fold(self, draft: Draft, node: DraftNode) -> bool:
        """Fold `node`, all of whose inputs are held."""
        if node.shape is None or self.is_head(node):
            return False
        folded = evaluate(node)
        if folded is not None:
            values, dtype = folded
            draft.become(node, "Constant", (), value=values, dtype=dtype)
            return True
        dtype = element_class(node)
        draft.become(node, "Parameter", (), params=self.count(node), dtype=dtype)
        return True

    def is_head(self, node: DraftNode) -> bool:
        """Rule 3."""
        first = node.inputs[0]
        if first is None or first.op != "Constant":
            return False
        if node.op in ("MatMul", "Einsum"):
            return any(i is not None and i.op == "Parameter" for i in node.inputs)
        return node.op in ("Linear", "Gemm")

    def count(self, node: DraftNode) -> int:
        """Learned scalars behind `node`: those of its sources and its own."""
        sources = list(dict.fromkeys(i for i in node.inputs if i is not None and i.op == "Parameter"))
        total = 0
        for source in sources:
            total += _size(source) if source.params is None else source.params
        if node.op in _SELECTING:
            total = min(total, _size(node))
        entry = spec(node.op)
        shapes = [i.shape for i in node.inputs if i is not None and i.shape is not None]
        if node.shape is not None and shapes and entry.kind in _OWN_WEIGHTS:
            total += entry.params({**entry.defaults, **node.attrs}, shapes, node.shape)
        return total


def _size(node: DraftNode) -> int:
    size = 1
    for dim in node.shape or ():
        size *= dim
    return size
