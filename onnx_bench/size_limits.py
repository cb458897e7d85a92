"""`check_sizes`: no tensor, count or attribute of a network leaves the range of 64-bit integers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import prod

from onnx_bench.errors import ModelTooLargeError
from onnx_bench.node import Attrs, Node

LARGEST = 2**63 - 1
"""Elements, parameters and multiply-accumulates that a network may have: ONNX writes no larger dimension, a table no
larger count, and sums of them are far from the end of floats."""
LARGEST_NUMBER = 2**64 - 1
"""Magnitude of whole numbers among attributes: signed and unsigned ones of 64 bits."""
_WINDOW = frozenset(("kernel", "strides", "dilations"))


def check_sizes(nodes: Sequence[Node]) -> None:
    """Make sure that everything counted of `nodes` can be written down and turned into a float.

    Shapes and counts are Python integers, which have no end: files and texts claim any, and rules multiply them.

    Raises:
        ModelTooLargeError: A tensor has more than `LARGEST` elements, a window as many places, strides or dilations
            over all axes, or all nodes together as many parameters or multiply-accumulates; or a whole number among
            the attributes is beyond `LARGEST_NUMBER`.
    """
    # Nodes share shapes and attributes: what is one object is looked at once.
    for node in {id(node.shape): node for node in nodes}.values():
        if node.shape and (count := max(prod(node.shape), *node.shape)) > LARGEST:
            raise _too_large(count, f"elements in an output of {node.op}")
    for node in {id(node.attrs): node for node in nodes}.values():
        _check_attributes(node.op, node.attrs)
    if (count := sum([node.params for node in nodes])) > LARGEST:
        raise _too_large(count, "parameters")
    if (count := sum([node.macs for node in nodes])) > LARGEST:
        raise _too_large(count, "multiply-accumulates")


@lru_cache(4096)
def _check_attributes(op: str, attrs: Attrs) -> None:
    """Networks have few different ones."""
    for name, value in attrs:
        numbers = [abs(v) for v in (value if isinstance(value, tuple) else (value,)) if isinstance(v, int)]
        if name in _WINDOW and (count := prod(numbers)) > LARGEST:
            raise _too_large(count, f"as product of the {name} of {op}")
        if numbers and (count := max(numbers)) > LARGEST_NUMBER:
            raise _too_large(count, f"as {name} of {op}", LARGEST_NUMBER)


def _too_large(count: int, what: str, limit: int = LARGEST) -> ModelTooLargeError:
    return ModelTooLargeError(
        f"found 2^{count.bit_length() - 1} or more {what}; the limit is 2^{limit.bit_length()} - 1; correct the sizes "
        "that the network gives"
    )
