"""What a person may ask about, as a graph: files, bytes, graphs, torch modules, members of a search space."""

from __future__ import annotations

from os import PathLike, fspath
from typing import Any

from onnx_bench import spaces
from onnx_bench.errors import UnsupportedGraphError
from onnx_bench.graph import ArchGraph
from onnx_bench.reader import read_graph


def as_graph(item: Any) -> ArchGraph:
    """The normalised graph of `item`.

    Args:
        item: An `ArchGraph`; a path to an ONNX file; the bytes of one; a pair (space, architecture string); or a pair
            (torch module, example input or tuple of inputs).

    Raises:
        UserInputError: The item cannot be read; the subclass and message say why.
    """
    match item:
        case ArchGraph():
            return item.normalise()
        case bytes() | str() | PathLike():
            return read_graph(item if isinstance(item, bytes) else fspath(item))
        case (str(space), str(arch)):
            return spaces.get(space).build(arch)
        case (module, example) if hasattr(module, "state_dict"):
            from onnx_bench.torch_export import export_module

            inputs = example if isinstance(example, tuple) else (example,)
            graph = read_graph(export_module(module, inputs), trusted=True)
            return graph.renamed(type(module).__name__)
    raise UnsupportedGraphError(
        f"cannot read a network from {type(item).__name__}; pass an ONNX path or its bytes, an ArchGraph, a pair "
        "(space, architecture) or a pair (torch module, example input)"
    )


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
