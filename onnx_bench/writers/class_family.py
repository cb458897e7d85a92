"""Blocks that differ in numbers only share a class, and those numbers become its arguments."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from onnx_bench.writers.class_text import ClassText

_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.])")
_CALL = re.compile(r"([\w.]+)\($")
# What the positional arguments of a call are called.
_POSITIONAL = {
    "Conv": ("in_channels", "channels", "kernel"),
    "ConvTranspose": ("in_channels", "channels", "kernel"),
    "Linear": ("in_features", "features"),
    "Embedding": ("entries", "features"),
    "LayerNorm": ("features",),
    "RMSNorm": ("features",),
    "GroupNorm": ("groups", "channels"),
    "InstanceNorm": ("channels",),
    "BatchNorm": ("channels",),
    "PReLU": ("channels",),
    "LSTM": ("features", "hidden"),
    "GRU": ("features", "hidden"),
    "RNN": ("features", "hidden"),
    "range": ("depth",),
}
_PREFERRED = ("channels", "features", "hidden", "kernel", "stride", "padding", "in_channels", "in_features", "groups")


@dataclass(frozen=True)
class Family:
    """One class for several blocks.

    Attributes:
        parameters: Names of the arguments of `__init__`.
        values: For every block its values of them, as text.
        text: The statements of the class, the arguments in place of the numbers.
    """

    parameters: tuple[str, ...]
    values: tuple[tuple[str, ...], ...]
    text: ClassText


def skeleton(text: ClassText) -> str:
    """What blocks of one class have in common: their statements without the numbers."""
    return _NUMBER.sub("#", _join(text))


def unify(texts: Sequence[ClassText]) -> Family:
    """The class of blocks with equal skeletons."""
    joined = [_join(text) for text in texts]
    columns = list(zip(*(_NUMBER.findall(text) for text in joined), strict=True))
    slots = list(_NUMBER.finditer(joined[0]))
    labels: dict[tuple[str, ...], set[str]] = {}
    for column, slot in zip(columns, slots, strict=True):
        if len(set(column)) > 1:
            labels.setdefault(column, set()).add(_label(joined[0], slot.start()))
    names: dict[tuple[str, ...], str] = {}
    for column, found in labels.items():
        names[column] = _unused(min(found, key=_preference), names.values())
    border = len("\n".join(texts[0].init))
    pieces, end = [], 0
    for column, slot in zip(columns, slots, strict=True):
        pieces.append(joined[0][end : slot.start()])
        name = names.get(column)
        pieces.append(slot[0] if name is None else name if slot.start() < border else f"self.{name}")
        end = slot.end()
    pieces.append(joined[0][end:])
    init, forward, result = (part.strip("\0") for part in "".join(pieces).split(_BORDER))
    kept = [f"self.{name} = {name}" for name in names.values() if f"self.{name}" in forward + result]
    first = texts[0]
    text = ClassText([*kept, *_lines(init)], _lines(forward), first.arguments, result, first.helpers)
    return Family(tuple(names.values()), tuple(tuple(c[i] for c in names) for i in range(len(texts))), text)


_BORDER = "\n\0\n"


def _join(text: ClassText) -> str:
    return _BORDER.join(("\n".join(text.init), "\n".join(text.forward), text.result))


def _lines(text: str) -> list[str]:
    return text.split("\n") if text else []


def _preference(label: str) -> tuple[int, str]:
    return _PREFERRED.index(label) if label in _PREFERRED else len(_PREFERRED), label


def _unused(label: str, taken: Collection[str]) -> str:
    number = 2
    name = label
    while name in taken:
        name, number = f"{label}{number}", number + 1
    return name


def _label(text: str, position: int) -> str:
    """What the number at `position` is: the keyword before it, or the argument of the call around it."""
    if keyword := re.search(r"(\w+)=\(?(?:\d+, )*$", text[max(0, position - 60) : position]):
        return keyword[1]
    depth, argument, i = 0, 0, position
    while i > 0 and text[i - 1] != "\n":
        i -= 1
        depth += (text[i] in ")]") - (text[i] in "([")
        if depth < 0:
            break
        argument += depth == 0 and text[i] == ","
    if depth < 0 and (call := _CALL.search(text[: i + 1])):
        name = re.sub(r"\dd$", "", call[1].removeprefix("nn."))
        known = _POSITIONAL.get(name, ())
        if argument < len(known):
            return known[argument]
    return "size"
