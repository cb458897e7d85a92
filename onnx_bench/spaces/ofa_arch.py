"""Architecture strings of once-for-all networks: the lists of the authors' configurations, read stage by stage.

A configuration gives every stage a depth and every block its properties. The authors' lists have an entry for every
block of the largest network; those of blocks that the depths leave out mean nothing, and the canonical form, which is
also read, has none.

Source: Cai et al., "Once-for-All: Train One Network and Specialize it for Efficient Deployment", ICLR 2020.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from reprlib import repr as short
from typing import Any, TypeVar

from onnx_bench.spaces.base import Head, SearchSpace

Value = TypeVar("Value", int, float)
Block = TypeVar("Block", bound=tuple[Any, ...])
Stages = tuple[tuple[Block, ...], ...]


def make_divisible(width: float) -> int:
    """The multiple of 8 nearest to `width`, or the next one where that is more than a tenth below it."""
    near = max(8, int(width + 4) // 8 * 8)
    return near + 8 if near < 0.9 * width else near


def resized(head: Head, resolution: int) -> Head:
    """The head of a network for square images of this side."""
    return replace(head, input=(*head.input[:2], resolution, resolution))


def read_lists(space: SearchSpace[Any], arch: str, keys: Sequence[str]) -> dict[str, list[Any]]:
    """The lists of a configuration such as `{"ks": [3, ...], "e": [6, ...], "d": [2, ...]}`.

    The authors' searches add the resolution (`image_size`, or `r`, also in a list) and a `wid` that is null; the
    resolution must be that of the space.

    Raises:
        UnknownNameError: Not such a configuration.
    """
    expected = f"JSON with the lists {', '.join(keys)}"
    try:
        body = json.loads(arch)
    except (ValueError, RecursionError) as error:
        raise space.bad(arch, f"{type(error).__name__}: {error}", expected) from error
    if not isinstance(body, dict):
        raise space.bad(arch, f"a JSON {type(body).__name__}", expected)
    resolution = space.head().input[-1]
    for key, allowed in (("image_size", (resolution,)), ("r", (resolution, [resolution])), ("wid", (None,))):
        if key in body and body.pop(key) not in allowed:
            raise space.bad(arch, f"another {key}", f"{allowed[0]}; resolution and widths are parameters of the space")
    if wrong := body.keys() ^ set(keys):
        raise space.bad(arch, f"unknown or missing keys {short(sorted(wrong))}", expected)
    for key in keys:
        if not isinstance(body[key], list):
            raise space.bad(arch, f"{key} = {short(body[key])}", expected)
    return body


def check_values(space: SearchSpace[Any], arch: str, key: str, values: Sequence[Any], allowed: Sequence[Value]) -> None:
    """Make sure that all `values` are among `allowed`, types included.

    Raises:
        UnknownNameError: One is not.
    """
    for i, value in enumerate(values):
        if type(value) is not type(allowed[0]) or value not in allowed:
            raise space.bad(arch, f"{key}[{i}] = {short(value)}", f"one of {tuple(allowed)}")


def check_length(space: SearchSpace[Any], arch: str, key: str, values: Sequence[Any], *lengths: int) -> None:
    """Make sure that there are as many `values` as one of `lengths` says.

    Raises:
        UnknownNameError: There are not.
    """
    if len(values) not in lengths:
        raise space.bad(arch, f"{len(values)} values of {key}", " or ".join(str(n) for n in dict.fromkeys(lengths)))


def used_values(
    space: SearchSpace[Any], arch: str, key: str, values: Sequence[Any], depths: Sequence[int],
    capacities: Sequence[int], allowed: Sequence[Value],
) -> Iterator[tuple[Value, ...]]:  # fmt: skip
    """The values of `depths[i]` blocks of every stage i, from a canonical list or one with `capacities[i]` entries.

    Raises:
        UnknownNameError: The list has another length, or a value of a block in use is not among `allowed`.
    """
    check_length(space, arch, key, values, sum(depths), sum(capacities))
    steps = depths if len(values) == sum(depths) else capacities
    remaining = iter(values)
    for depth, step in zip(depths, steps, strict=True):
        stage = list(islice(remaining, step))[:depth]
        check_values(space, arch, key, stage, allowed)
        yield tuple(stage)


def edited(stages: Stages[Block], blocks: Sequence[Block], depths: Sequence[Sequence[int]]) -> Iterator[Stages[Block]]:
    """Stages with one property of one block changed, or one stage with a block more or less at its end.

    Args:
        stages: The blocks of every stage.
        blocks: All blocks there are.
        depths: For every stage the numbers of blocks it may have.
    """
    for i, stage in enumerate(stages):
        others = [
            (*stage[:j], other, *stage[j + 1 :])
            for j, block in enumerate(stage)
            for other in blocks
            if sum(a != b for a, b in zip(block, other, strict=True)) == 1
        ]
        if len(stage) + 1 in depths[i]:
            others += [(*stage, block) for block in blocks]
        if len(stage) - 1 in depths[i]:
            others.append(stage[:-1])
        for other in others:
            yield (*stages[:i], other, *stages[i + 1 :])


def to_json(lists: Mapping[str, Sequence[Any]]) -> str:
    """The architecture string of these lists."""
    return json.dumps(lists)
