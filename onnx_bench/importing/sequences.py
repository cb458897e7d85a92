"""Sequences of tensors and optional tensors: followed where their members are certain."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from onnx_bench.importing.call import Call, axis_of
from onnx_bench.importing.tensor import Tensor, constant

if TYPE_CHECKING:
    from onnx_bench.importing.evaluator import Evaluator

MAX_ITEMS = 1024
"""Longest sequence whose members are followed."""


def _sequence(e: Evaluator, c: Call, items: list[Tensor] | None) -> list[Tensor]:
    """A sequence with these members. Its operator is kept, for readers that cannot do without."""
    result = e.emit(c, [None])[0]
    e.unknown -= 1  # a sequence has no shape
    result.items = items if items is not None and len(items) <= MAX_ITEMS else None
    return [result]


def construct(e: Evaluator, c: Call) -> list[Tensor]:
    return _sequence(e, c, [c.tensor(i) for i in range(len(c.ins))])


def insert(e: Evaluator, c: Call) -> list[Tensor]:
    items = c.tensor(0).items
    if items is None or (c.has(2) and c.value(2) is None):
        return _sequence(e, c, None)
    place = c.ints(2)[0] if c.has(2) else len(items)
    place += len(items) if place < 0 else 0
    return _sequence(e, c, [*items[:place], c.tensor(1), *items[place:]])


def erase(e: Evaluator, c: Call) -> list[Tensor]:
    items = c.tensor(0).items
    if not items or (c.has(1) and c.value(1) is None):
        return _sequence(e, c, None)
    place = axis_of(c.ints(1)[0] if c.has(1) else -1, len(items))
    return _sequence(e, c, items[:place] + items[place + 1 :])


def at(e: Evaluator, c: Call) -> list[Tensor]:
    """The member itself."""
    items = c.tensor(0).items
    if not items or c.value(1) is None:
        return e.emit(c, [None])
    return [items[axis_of(c.ints(1)[0], len(items))]]


def length(e: Evaluator, c: Call) -> list[Tensor]:
    items = c.tensor(0).items
    c.dtypes = ("int",)
    return e.emit(c, [()]) if items is None else [constant(np.array(len(items), np.int64))]


def split_to(e: Evaluator, c: Call) -> list[Tensor]:
    """The members are the outputs of a Split."""
    x = c.tensor(0)
    if x.shape is None or (c.has(1) and c.value(1) is None):
        return _sequence(e, c, None)
    axis = axis_of(c.attrs.get("axis", 0), len(x.shape))
    size = x.shape[axis]
    squeeze = not c.has(1) and not c.attrs.get("keepdims", 1)
    if not c.has(1):
        sizes = [1] * min(size, MAX_ITEMS + 1)
    elif c.tensor(1).shape == ():
        part = max(c.ints(1)[0], 1)
        sizes = [min(part, size - i) for i in range(0, min(size, part * (MAX_ITEMS + 1)), part)]
    else:
        sizes = c.ints(1)
    if len(sizes) > MAX_ITEMS:
        return _sequence(e, c, None)
    items = e.apply_all("Split", [x], len(sizes), axis=axis, split=tuple(sizes))
    if squeeze:
        items = [e.apply("Squeeze", t, axes=(axis,)) for t in items]
    return _sequence(e, c, items)


def join(e: Evaluator, c: Call) -> list[Tensor]:
    """ConcatFromSequence: a Concat of the members."""
    items = c.tensor(0).items
    if not items:
        return e.emit(c, [None])
    axis = c.attrs.get("axis", 0)
    if c.attrs.get("new_axis"):
        items = [e.apply("Unsqueeze", t, axes=(axis,)) for t in items]
    return [e.apply("Concat", *items, axis=axis)]


def optional(e: Evaluator, c: Call) -> list[Tensor]:
    """Optional and OptionalGetElement: the element itself."""
    return [c.tensor(0)] if c.has(0) else e.emit(c, [None])


def has_element(e: Evaluator, c: Call) -> list[Tensor]:
    """Whether there is an element: an omitted input has none, a tensor of known shape has one."""
    c.dtypes = ("bool",)
    if c.has(0) and c.tensor(0).shape is None:
        return e.emit(c, [()])
    return [constant(np.array(c.has(0)))]


SPECIALS: dict[str, Callable[[Evaluator, Call], list[Tensor] | None]] = {
    "SequenceConstruct": construct, "SequenceEmpty": construct, "SequenceInsert": insert, "SequenceErase": erase,
    "SequenceAt": at, "SequenceLength": length, "SplitToSequence": split_to, "ConcatFromSequence": join,
    "Optional": optional, "OptionalGetElement": optional, "OptionalHasElement": has_element,
}  # fmt: skip
