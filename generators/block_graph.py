"""`BlockGraph`: an architecture as a typed graph of blocks, the form that the diffusion model generates."""

from __future__ import annotations

from typing import NamedTuple

Value = str | int | float | bool
ABSENT = "none"
"""Operator of a place that holds no block."""


class Block(NamedTuple):
    """A block: its operator and the attributes that it has; `None` where an operator has no such attribute.

    Attributes:
        op: Operator, such as `conv3x3`, `mbconv` or `input`; `none` where a place is empty.
        kernel: Side of the window.
        width: Channels, or entry of a list of widths.
        ratio: Width inside the block in units of its input or output.
        depth: Repetitions.
        heads: Attention heads.
        gate: Whether it squeezes and excites.
        before: Function applied before what the block holds.
        after: Function applied after it.
    """

    op: str
    kernel: Value | None = None
    width: Value | None = None
    ratio: Value | None = None
    depth: Value | None = None
    heads: Value | None = None
    gate: Value | None = None
    before: Value | None = None
    after: Value | None = None


CHANNELS = Block._fields
"""Names of what is generated for each block."""


class BlockGraph(NamedTuple):
    """A directed acyclic graph.

    Attributes:
        blocks: In an order in which every edge points forward.
        edges: Pairs (i, j) with i < j: block j reads block i.
    """

    blocks: tuple[Block, ...]
    edges: frozenset[tuple[int, int]]


def chain(length: int) -> frozenset[tuple[int, int]]:
    """Edges of blocks that read one another in turn."""
    return frozenset((i, i + 1) for i in range(length - 1))
