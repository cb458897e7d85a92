"""A sum that is part of another sum, or is added to itself, is computed once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.passes.base import Pass, on

MAX_READERS = 64
"""Operands with more readers are not searched, so that the search stays linear in the graph."""


class SharePartialSums(Pass):
    """Makes exports with and without elimination of common subexpressions equal.

    1. Where all operands of one `Add` are among those of a longer `Add` of the same shape, the longer one reads the
       shorter one instead: `s = a + b; t = a + b + c` becomes `s = a + b; t = s + c`, which is how an exporter that
       saw `a + b` twice writes it. Of several such sums the longest is taken.
    2. An `Add` of four or more operands in which each occurs an even number of times is a sum added to itself:
       `a + b + a + b` becomes `s = a + b; s + s`.

    `FlattenNary` undoes this where the shorter sum has lost its other reader; it runs again only then.
    """

    @on("Add")
    def share(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 1."""
        if len(node.inputs) < 3:
            return False
        wanted = Counter(node.inputs)
        parts = [part for part in _shorter_sums(node) if not Counter(part.inputs) - wanted]
        if not parts:
            return False
        part = max(parts, key=lambda p: len(p.inputs))
        rest = wanted - Counter(part.inputs)
        draft.set_inputs(node, [part, *rest.elements()])
        return True

    @on("Add")
    def halve(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 2."""
        counts = Counter(node.inputs)
        if len(node.inputs) < 4 or any(count % 2 for count in counts.values()):
            return False
        half = draft.add("Add", [operand for operand, count in counts.items() for _ in range(count // 2)], node.shape)
        draft.set_inputs(node, [half, half])
        return True


def _shorter_sums(node: DraftNode) -> Iterator[DraftNode]:
    """Other sums of that shape with fewer operands that read something that `node` reads, each once."""
    seen: set[DraftNode] = {node}
    for operand in node.inputs:
        if operand is None or len(operand.users) > MAX_READERS:
            continue
        for other in operand.users:
            if other not in seen and other.op == "Add":
                seen.add(other)
                if len(other.inputs) < len(node.inputs) and other.shape == node.shape and not other.dead:
                    yield other
