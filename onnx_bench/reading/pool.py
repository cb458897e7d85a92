"""`ReaderPool`: warm workers that read untrusted models."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING

from onnx_bench.errors import UserInputError
from onnx_bench.reading.limits import LOCAL_BYTES, MEMORY_BYTES, SECONDS, UPLOAD_BYTES
from onnx_bench.reading.process import WorkerProcess
from onnx_bench.reading.source import Source, name_of, opened

if TYPE_CHECKING:
    from onnx_bench.graph import ArchGraph

_FILES_PER_WORKER = 8
"""A second process pays for its start when there are more files than this."""


def processors() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class ReaderPool:
    """Reads untrusted models in processes with limits. Thread-safe; a context manager.

    The first process starts with the pool, others when they are needed. A process that crashed or ran out of time is
    replaced; only the request that it served fails.

    Args:
        workers: Most processes at a time; one for each processor by default.
        allow_external: Whether to accept models whose tensors live in other files (which are never opened).
        seconds: Processor time for one model; the clock gives twice that.
        memory: Bytes of address space for one model, the file not counted.
    """

    def __init__(
        self, workers: int | None = None, *, allow_external: bool = True, seconds: float = SECONDS,
        memory: int = MEMORY_BYTES,
    ) -> None:  # fmt: skip
        self.workers = workers or processors()
        self.allow_external = allow_external
        self._limits = (seconds, memory)
        self._slots = threading.BoundedSemaphore(self.workers)
        self._idle = [WorkerProcess(seconds, memory)]

    def __enter__(self) -> ReaderPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the processes. The pool can still be used: it starts others."""
        while self._idle:
            self._idle.pop().close()

    def read(self, source: Source, *, normalised: bool = True) -> ArchGraph:
        """Read one model; waits for a free process.

        Raises:
            UserInputError: One of its subclasses.
        """
        with opened(source, UPLOAD_BYTES if isinstance(source, bytes) else LOCAL_BYTES) as content, self._slots:
            worker = self._take()
            try:
                graph = worker.read(content, normalised=normalised, allow_external=self.allow_external)
            finally:
                self._idle.append(worker if worker.alive else WorkerProcess(*self._limits))
        return graph.renamed(name_of(source))

    def read_many(self, sources: Iterable[Source], *, normalised: bool = True) -> Iterator[ArchGraph | UserInputError]:
        """Read models side by side; yields graphs, or errors, in the order of `sources`, which is read lazily."""
        workers = self.workers
        if isinstance(sources, Sized):
            workers = min(workers, 1 + len(sources) // _FILES_PER_WORKER)
        waiting: deque[Future[ArchGraph | UserInputError]] = deque()
        with ThreadPoolExecutor(workers) as threads:
            try:
                for source in sources:
                    waiting.append(threads.submit(self._result, source, normalised))
                    if len(waiting) > 2 * workers:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:  # the caller may have stopped listening
                for future in waiting:
                    future.cancel()

    def _result(self, source: Source, normalised: bool) -> ArchGraph | UserInputError:
        try:
            return self.read(source, normalised=normalised)
        except UserInputError as error:
            return error

    def _take(self) -> WorkerProcess:
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                return worker
            worker.close()
        return WorkerProcess(*self._limits)
