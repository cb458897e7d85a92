"""The answer of a worker: bytes of our own format, never a pickled object."""

from __future__ import annotations

import json
import traceback

from onnx_bench.errors import (
    MalformedModelError,
    ModelTooLargeError,
    ReaderFailureError,
    UnsafeModelError,
    UnsupportedGraphError,
    UserInputError,
)
from onnx_bench.graph import ArchGraph
from onnx_bench.reading.text import printable

_GRAPH, _ERROR = b"G", b"E"
_MESSAGE_LENGTH = 2000
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
    """The answer that holds `graph`."""
    return _GRAPH + graph.to_bytes()


def encode_error(error: UserInputError) -> bytes:
    """The answer that holds `error`."""
    return _ERROR + json.dumps({"type": type(error).__name__, "message": str(error)}).encode()


def decode(answer: bytes) -> ArchGraph:
    """The graph in an answer.

    Raises:
        UserInputError: The error in the answer, of its own type.
        MalformedModelError: It is no answer.
    """
    if answer[:1] == _GRAPH:
        return ArchGraph.from_bytes(answer[1:])
    try:
        body = json.loads(answer[1:])
        raise _ERRORS.get(body["type"], UserInputError)(str(body["message"]))
    except (ValueError, KeyError, TypeError) as error:
        raise MalformedModelError(f"the reading process gave no answer that can be understood: {error}") from error
