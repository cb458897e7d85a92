"""What a person may ask about, as a graph: files, bytes, graphs, torch modules, members of a search space."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from os import PathLike, fspath
from typing import Any

from onnx_bench import spaces
from onnx_bench.errors import UnsupportedGraphError, UserInputError
from onnx_bench.graph import ArchGraph
from onnx_bench.reader import read_graph, read_many
from onnx_bench.spaces.base import DrawnSpace


def as_list(items: Any) -> list[Any]:
    """Items as a list; one alone is a list of one. Two names are two files, unless the first is that of a space.

    Raises:
        UserInputError: A table, which would be a list of the names of its columns.
    """
    if hasattr(items, "columns"):
        raise UserInputError(
            "a table is no list of networks; pass its column of names, e.g. table['arch'], with space=... where these "
            "are architecture strings"
        )
    first = items[0] if isinstance(items, tuple) and len(items) == 2 else items
    alone = _is_file(items) or isinstance(items, (ArchGraph, bytearray, memoryview)) or hasattr(first, "state_dict")
    alone = alone or (first is not items and isinstance(first, str) and first in spaces.list_spaces())
    return [items] if alone or not isinstance(items, Iterable) else list(items)


def as_graph(item: Any, *, as_trained: bool = False) -> ArchGraph:
    """The normalised graph of `item`.

    Args:
        item: An `ArchGraph`; a path to an ONNX file; the bytes of one; an `onnx.ModelProto`; a pair (space,
            architecture string); or a pair (torch module, example input), several inputs as a tuple or list, keyword
            arguments as a dictionary.
        as_trained: Members of search spaces as they were trained, see `from_space`.

    Raises:
        UserInputError: The item cannot be read; the subclass and message say why.
    """
    match item:
        case ArchGraph():
            return item.normalise()
        case bytes() | str() | PathLike():
            return read_graph(item if isinstance(item, bytes) else fspath(item))
        case bytearray() | memoryview():
            return read_graph(bytes(item))
        case (str(space), str(arch)):
            return from_space(space, arch, as_trained=as_trained)
        case (str(space), other):
            raise UnsupportedGraphError(
                f"an architecture of {space} is named by a string; found {type(other).__name__}: is its cell empty?"
            )
        case (module, example) if hasattr(module, "state_dict"):
            from onnx_bench.torch_export import read_module

            inputs = example if isinstance(example, (tuple, list)) else (example,)
            return read_module(module, inputs).renamed(type(module).__name__)
        case _ if hasattr(item, "SerializeToString"):  # named, onnx would be imported for those who only have files
            return read_graph(item.SerializeToString())
    raise UnsupportedGraphError(
        f"cannot read a network from {type(item).__name__}; pass an ONNX path or model, an ArchGraph, a pair "
        "(space, architecture) or a pair (torch module, example input)"
    )


def from_space(space: str, arch: str, *, task: str | None = None, as_trained: bool = False) -> ArchGraph:
    """A member of a search space.

    Args:
        space: Its name.
        arch: Architecture string.
        task: Decides input and head, see `SearchSpace.build`.
        as_trained: Not normalised, where the space draws its networks: a device runs dead branches as well. What a
            package exports is normalised all the same; its operators are not known otherwise.

    Raises:
        UnknownNameError: There is no such space, task or member.
    """
    found = spaces.get(space)
    canonical = found.build(arch, task=task)
    if not (as_trained and isinstance(found, DrawnSpace)):
        return canonical
    return replace(found.build(arch, task=task, normalised=False), canonical=canonical)


def as_graphs(items: Sequence[Any], *, as_trained: bool = False) -> Iterator[ArchGraph | UserInputError]:
    """The graph of each item, see `as_graph`, or why there is none. Files are read side by side."""
    read = read_many(item if isinstance(item, bytes) else fspath(item) for item in items if _is_file(item))
    for item in items:
        try:
            yield next(read) if _is_file(item) else as_graph(item, as_trained=as_trained)
        except UserInputError as error:
            yield error


def _is_file(item: Any) -> bool:
    return isinstance(item, (bytes, str, PathLike))


def name_of(item: Any, place: int) -> str:
    """What an answer calls `item`, the one at `place`."""
    match item:
        case ArchGraph():
            return item.name or f"item {place}"
        case str() | PathLike():
            return fspath(item)
        case (str(space), str(arch)):
            return f"{space}:{arch}"
        case (module, _):
            return type(module).__name__
    return f"item {place}"
