"""Read ONNX files, safely: the way into archlm for every model that is not built here.

`read_graph` gives an `ArchGraph` or a typed error. A source is trusted only if the caller says so; others are read in
a worker process with limits on memory, time and files (see `onnx_bench.reading.worker`), which `warm_up` starts early
and which stays warm for the next file. In both cases the same steps run in the same order (see
`onnx_bench.reading.pipeline`): nothing in the file is executed, unpickled or fetched, no file it names is opened, and
its weights are cut out before it is parsed.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from onnx_bench.errors import UserInputError
from onnx_bench.reading.limits import LOCAL_BYTES
from onnx_bench.reading.pool import ReaderPool
from onnx_bench.reading.source import Source, contents, name_of, opened

if TYPE_CHECKING:
    from onnx_bench.graph import ArchGraph

__all__ = ["ReaderPool", "read_graph", "read_many", "warm_up"]

_lock = threading.Lock()
_shared: ReaderPool | None = None


def read_graph(source: Source, *, trusted: bool = False, normalised: bool = True) -> ArchGraph:
    """Read an ONNX model.

    Args:
        source: Path of a file, or the bytes of one.
        trusted: Read in this process. Saves the worker's start and a millisecond a file; a crash is then ours.
        normalised: Whether to bring the graph into its canonical form. Its `stored_params` are those of the raw one.

    Returns:
        The architecture, named like the file.

    Raises:
        UserInputError: `MalformedModelError`, `ModelTooLargeError`, `UnsupportedGraphError`, `UnsafeModelError`, or
            `ReaderFailureError` where we are at fault.
    """
    return _read_here(source, normalised) if trusted else _pool().read(source, normalised=normalised)


def read_many(
    sources: Iterable[Source], *, trusted: bool = False, normalised: bool = True, workers: int | None = None
) -> Iterator[ArchGraph | UserInputError]:
    """Read many models, lazily and in order; one that cannot be read yields its error.

    Args:
        sources: Paths or bytes; drawn from while results are taken, a bounded number ahead.
        trusted: Read in this process, one after the other.
        normalised: Whether to bring the graphs into their canonical form.
        workers: Most processes at a time; the shared pool with one for each processor by default.
    """
    if trusted:
        yield from (_result_here(source, normalised) for source in sources)
    elif workers is None:
        yield from _pool().read_many(sources, normalised=normalised)
    else:
        with ReaderPool(workers) as pool:
            yield from pool.read_many(sources, normalised=normalised)


def warm_up(sources: int = 1) -> None:
    """Start the shared pool's workers now, so that they import while the caller does other things.

    A command line calls this before anything else: importing this module takes a few milliseconds.

    Args:
        sources: How many models there will be to read.
    """
    _pool().prepare(sources)


def _read_here(source: Source, normalised: bool) -> ArchGraph:
    from onnx_bench.reading.answer import typed  # late, like all that `warm_up` can do without
    from onnx_bench.reading.pipeline import read_bytes

    with opened(source, LOCAL_BYTES) as content:
        data = memoryview(content) if isinstance(content, bytes) else contents(content)
    try:
        return read_bytes(data, name_of(source), normalised)
    except UserInputError:
        raise
    except Exception as error:
        raise typed(error) from error


def _result_here(source: Source, normalised: bool) -> ArchGraph | UserInputError:
    try:
        return _read_here(source, normalised)
    except UserInputError as error:
        return error


def _pool() -> ReaderPool:
    global _shared
    with _lock:
        if _shared is None:
            _shared = ReaderPool()
            atexit.register(_shared.close)
        return _shared


def _forget() -> None:
    """In a forked child: the workers are the parent's."""
    global _shared, _lock
    _shared, _lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_forget)
