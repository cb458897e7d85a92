"""`fingerprint`: the identity of an architecture."""

from __future__ import annotations

from onnx_bench.colours import backward, digest, forward, labels, unordered, users_of
from onnx_bench.node import Graph


def fingerprint(graph: Graph) -> str:
    """32 hex digits of a normalised graph, equal for isomorphic ones.

    Iterated hashing (Weisfeiler and Lehman): a colour of all that a node is computed from, then, starting from these, a
    colour of all that is computed from it; the fingerprint is that of the multiset of final colours. Operators,
    attributes, shapes and wiring count; parameters, MACs and names do not. Two readings of one node differ from
    readings of two equal nodes.
    """
    free = unordered(graph, users_of(graph))
    start = forward(graph, labels(graph), free)
    return digest(b"".join(sorted(backward(graph, start, free)))).hex()
