"""The answer of a worker: bytes of our own format, never a pickled object."""

from __future__ import annotations

import json
import marshal
import traceback
from typing import Any

from onnx_bench.errors import (
    MalformedModelError,
    ModelTooLargeError,
    ReaderFailureError,
    UnsafeModelError,
    UnsupportedGraphError,
    UserInputError,
)
from onnx_bench.graph import ArchGraph
from onnx_bench.node import Node
from onnx_bench.reading.text import printable

_GRAPH, _ERROR = b"G", b"E"
_MESSAGE_LENGTH = 2000
_PLAIN = 2
"""The version of marshal that writes equal values alike, wherever they lie in memory."""
_ERRORS: dict[str, type[UserInputError]] = {
    cls.__name__: cls
    for cls in (MalformedModelError, ModelTooLargeError, UnsupportedGraphError, UnsafeModelError, ReaderFailureError)
}


def typed(error: BaseException) -> UserInputError:
    """`error` as one of the reader's own types; what we did not foresee becomes a `ReaderFailureError` that says so."""
    if isinstance(error, UserInputError):
        kind = type(error) if type(error).__name__ in _ERRORS else UserInputError
        return kind(printable(str(error))[:_MESSAGE_LENGTH])
    if isinstance(error, MemoryError):
        return ModelTooLargeError("reading the model takes more memory than its limit allows")
    if isinstance(error, RecursionError):
        return ModelTooLargeError("the model is nested too deep to be read")
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {frames[-1].name} ({frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno})" if frames else ""
    message = printable(f"{type(error).__name__}: {error}")[:_MESSAGE_LENGTH]
    return ReaderFailureError(f"the reader failed on this model, which is a defect of archlm: {message}{where}")


def encode_graph(graph: ArchGraph) -> bytes:
    """The answer that holds `graph`: what its nodes are, each kind once, and of every node its kind and its inputs.

    Networks repeat themselves, so this takes half the time of `ArchGraph.to_bytes` and `from_bytes`.
    """
    kinds: list[Any] = []
    places: dict[bytes, int] = {}  # by bytes: 1, 1.0 and True are equal as keys but not as attributes
    nodes = []
    for op, inputs, attrs, shape, params, macs in graph.nodes:
        kind = (op, attrs, shape, params, macs)
        place = places.setdefault(marshal.dumps(kind, _PLAIN), len(kinds))
        if place == len(kinds):
            kinds.append(kind)
        nodes.append((place, *inputs))
    body = (kinds, nodes, graph.outputs, graph.name, graph.warnings, graph.normalised, graph.stored_params)
    return _GRAPH + json.dumps(body, separators=(",", ":")).encode()


def encode_error(error: UserInputError) -> bytes:
    """The answer that holds `error`."""
    return _ERROR + json.dumps({"type": type(error).__name__, "message": str(error)}).encode()


def decode(answer: bytes) -> ArchGraph:
    """The graph in an answer.

    Raises:
        UserInputError: The error in the answer, of its own type.
        MalformedModelError: It is no answer.
    """
    try:
        body = json.loads(answer[1:])
        if answer[:1] == _GRAPH:
            return _graph(*body)
        raise _ERRORS.get(body["type"], UserInputError)(str(body["message"]))
    except (ValueError, LookupError, TypeError) as error:
        raise MalformedModelError(f"the reading process gave no answer that can be understood: {error}") from error


def _graph(
    kinds: list[list[Any]], nodes: list[list[int]], outputs: list[int], name: str, warnings: list[str],
    normalised: bool, stored_params: int | None,
) -> ArchGraph:  # fmt: skip
    known = [
        (op, tuple([(k, tuple(v) if isinstance(v, list) else v) for k, v in attrs]),
         None if shape is None else tuple(shape), params, macs)
        for op, attrs, shape, params, macs in kinds
    ]  # fmt: skip
    made = []
    for kind, *inputs in nodes:
        op, attrs, shape, params, macs = known[kind]
        made.append(Node(op, tuple(inputs), attrs, shape, params, macs))
    return ArchGraph(tuple(made), tuple(outputs), name, tuple(warnings), normalised, stored_params)
