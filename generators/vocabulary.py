"""`Vocabulary`: the values of every channel of a block, shared by all search spaces, as columns of an array."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from generators.block_graph import ABSENT, CHANNELS, Block, Value
from onnx_bench.errors import CheckpointError

Choices = Mapping[str, tuple[Value | None, ...]]
"""What may stand in a place: values for each channel, `None` among them where a block may lack it. A channel without an
entry is not set, nor is any channel but the operator where the place is empty."""


def place(**choices: tuple[Value | None, ...]) -> Choices:
    """What may stand in a place, by channel."""
    return choices


def maybe(choices: Choices) -> Choices:
    """The same, or nothing."""
    return {**choices, "op": (*choices["op"], ABSENT)}


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Columns of B x N x F arrays: for every channel one column for "not set" and one for each value.

    Attributes:
        values: For every channel its values; the first is `None`.
    """

    values: Mapping[str, tuple[Value | None, ...]]

    @classmethod
    def of(cls, places: Iterable[Choices]) -> Vocabulary:
        """All values that may stand in any of `places`, in the order in which they are met."""
        nothing: dict[tuple[str, Value | None], Value | None] = {("NoneType", None): None}
        found = {channel: dict(nothing) for channel in CHANNELS}
        for place in places:
            for channel, choices in place.items():
                found[channel].update({(type(v).__name__, v): v for v in choices})
        return cls({channel: tuple(values.values()) for channel, values in found.items()})

    @cached_property
    def _places(self) -> dict[tuple[str, str, Value | None], int]:
        names = [(channel, value) for channel in CHANNELS for value in self.values[channel]]
        return {(channel, type(value).__name__, value): i for i, (channel, value) in enumerate(names)}

    @cached_property
    def ranges(self) -> tuple[slice, ...]:
        """The columns of every channel, in the order of `CHANNELS`."""
        ends = np.cumsum([0, *(len(self.values[channel]) for channel in CHANNELS)]).tolist()
        return tuple(slice(a, b) for a, b in itertools.pairwise(ends))

    def __len__(self) -> int:
        return self.ranges[-1].stop

    def column(self, channel: str, value: Value | None) -> int:
        """The column of a value.

        Raises:
            CheckpointError: The vocabulary has no such value: it belongs to other search spaces.
        """
        try:
            return self._places[channel, type(value).__name__, value]
        except KeyError:
            raise CheckpointError(
                f"the generator's vocabulary has no {channel} {value!r}; it was made for other search spaces: use the "
                "archlm that wrote it, or train one"
            ) from None

    @lru_cache(maxsize=4096)  # noqa: B019  # few vocabularies are made, and blocks repeat themselves
    def columns(self, block: Block) -> tuple[int, ...]:
        """The column that is 1 for each channel of a block."""
        return tuple(self.column(channel, value) for channel, value in zip(CHANNELS, block, strict=True))

    def allowed(self, place: Choices) -> NDArray[np.bool_]:
        """Which columns may be 1 in a place. Shapes: [F]."""
        mask = np.zeros(len(self), bool)
        for channel in CHANNELS:
            mask[[self.column(channel, value) for value in place.get(channel, (None,))]] = True
            if channel != "op" and ABSENT in place["op"]:
                mask[self.column(channel, None)] = True
        return mask
