"""What shape rules made of earlier calls: networks repeat themselves, and so do the files of a search space."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from onnx_bench.importing.call import Key
from onnx_bench.importing.file_node import Form
from onnx_bench.importing.rules import RULES, SPECIALS
from onnx_bench.importing.tensor import Tensor, is_filled
from onnx_bench.node import Attrs, Shape

MEMORABLE = RULES.keys() - SPECIALS.keys()
"""Operators whose outcome follows from the key: rules see attributes, and shapes, types and values of inputs."""
MAX_ENTRIES = 1 << 12
"""Outcomes that are remembered at a time."""


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


def key_of(form: Form, opset: int, ins: Iterable[Tensor | None]) -> Key | None:
    """All that the outcome of a call follows from; `None` where that is too much.

    Of held values only a single one is part of it, also where it fills a shape, so a call that reads others has no key;
    nor has one that reads nothing computed, which is no node.
    """
    key: list[object] = [form, opset]
    computed = False
    for t in ins:
        if t is None:
            key.append(None)
        elif t.items is not None:
            return None
        elif t.value is None:
            held = t.node < 0
            computed = computed or not held
            key += (t.shape, t.dtype, held)
        elif t.value.size == 1 or is_filled(t.value):
            key += (t.shape, t.value.dtype.char, t.value[(0,) * t.value.ndim].tobytes())
        else:
            return None
    return tuple(key) if computed else None


def recall(key: Key) -> Outcome | None:
    """The outcome of an earlier call with this key."""
    return _outcomes.get(key)


def remember(key: Key, outcome: Outcome) -> None:
    """Keep an outcome. When there are too many, all others are forgotten."""
    if len(_outcomes) >= MAX_ENTRIES:
        _outcomes.clear()
    _outcomes[key] = outcome
