"""Every reading of a held tensor has its own node."""

from __future__ import annotations

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.passes.base import Pass
from onnx_bench.passes.values import HELD


class SplitSources(Pass):
    """Gives each reader its own copy of a constant or learned tensor.

    1. A `Parameter` or `Constant` is read once. Exporters merge tensors that happen to be equal, or do not; the graph
       form counts weights per use.
    """

    def __call__(self, draft: Draft) -> bool:
        changed = False
        for node in list(draft.nodes):
            if node.op in HELD and (len(node.users) > 1 or any(n > 1 for n in node.users.values())):
                changed = True
                self.split(draft, node)
        return changed

    def split(self, draft: Draft, node: DraftNode) -> None:
        """Rule 1."""
        kept = False
        for user in list(node.users):
            inputs = list(user.inputs)
            for i, producer in enumerate(inputs):
                if producer is node:
                    if kept:
                        inputs[i] = draft.add(node.op, (), node.shape, params=node.params, **node.attrs)
                    kept = True
            draft.set_inputs(user, inputs)
