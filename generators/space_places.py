"""What both networks of the generator know of the spaces: the vocabulary, and an embedding for every place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from generators.block_graph import Value
from generators.layouts import get_layout
from generators.vocabulary import Vocabulary


def vocabulary_of(spaces: Sequence[str]) -> Vocabulary:
    """The vocabulary of the layouts of `spaces`."""
    return Vocabulary.of(place for space in spaces for place in get_layout(space).places)


def vocabulary_from(values: Mapping[str, Sequence[Value | None]]) -> Vocabulary:
    """The vocabulary of a configuration."""
    return Vocabulary({channel: tuple(row) for channel, row in values.items()})


def place_ranges(spaces: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Where the embeddings of the places of every space are: first and one past the last."""
    found, start = {}, 0
    for space in spaces:
        end = start + len(get_layout(space).places)
        found[space], start = (start, end), end
    return found


def as_config(vocabulary: Vocabulary) -> dict[str, Any]:
    """The vocabulary as JSON."""
    return {channel: list(values) for channel, values in vocabulary.values.items()}
