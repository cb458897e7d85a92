"""What shape rules made of earlier calls: networks repeat themselves, and so do the files of a search space."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import onnx

from onnx_bench.importing.call import Key
from onnx_bench.importing.rules import RULES, SPECIALS
from onnx_bench.importing.tensor import Tensor
from onnx_bench.node import Attrs, Shape

MEMORABLE = RULES.keys() - SPECIALS.keys()
"""Operators whose outcome follows from the key: rules see attributes, and shapes, types and values of inputs."""
MAX_ENTRIES = 1 << 12
"""Outcomes that are remembered at a time."""
MAX_BYTES = 256
"""Bytes of the attributes of a call that is remembered."""


class Outcome(NamedTuple):
    """What a rule made of a call whose inputs it left alone.

    Attributes:
        op: Operator of the node.
        attrs: Its attributes.
        shapes: Shapes of the outputs.
        dtypes: Types of the outputs, see `Call.dtypes`.
    """

    op: str
    attrs: Attrs
    shapes: Sequence[Shape | None]
    dtypes: tuple[str, ...]


_outcomes: dict[Key, Outcome] = {}


def key_of(
    op: str, opset: int, count: int, attributes: Iterable[onnx.AttributeProto], ins: Iterable[Tensor | None]
) -> Key | None:
    """All that the outcome of a call follows from; `None` where that is not shapes and attributes alone.

    Held values are not part of it, so a call that reads one has no key; nor has one that reads nothing computed, which
    is no node.
    """
    key: list[object] = [op, opset, count]
    size, computed = 0, False
    for attribute in attributes:
        # As bytes: 1, 1.0 and True are equal as keys but not as attributes.
        written = attribute.SerializeToString()
        size += len(written)
        key.append(written)
    for t in ins:
        if t is None:
            key.append(None)
        elif t.value is not None or t.items is not None:
            return None
        else:
            held = t.node < 0
            computed = computed or not held
            key += (t.shape, t.dtype, held)
    return tuple(key) if computed and size <= MAX_BYTES else None


def recall(key: Key) -> Outcome | None:
    """The outcome of an earlier call with this key."""
    return _outcomes.get(key)


def remember(key: Key, outcome: Outcome) -> None:
    """Keep an outcome. When there are too many, all others are forgotten."""
    if len(_outcomes) >= MAX_ENTRIES:
        _outcomes.clear()
    _outcomes[key] = outcome
