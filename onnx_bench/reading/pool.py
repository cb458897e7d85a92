"""`ReaderPool`: warm workers that read untrusted models."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING
from weakref import WeakSet

from onnx_bench.errors import UserInputError
from onnx_bench.reading.ahead import Answer, ReadAhead, threads_for
from onnx_bench.reading.limits import LOCAL_BYTES, MEMORY_BYTES, SECONDS, UPLOAD_BYTES
from onnx_bench.reading.process import WorkerProcess
from onnx_bench.reading.source import Source, name_of, opened
from onnx_bench.reading.turns import short_turns

if TYPE_CHECKING:
    from onnx_bench.graph import ArchGraph


def processors() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class ReaderPool:
    """Reads untrusted models in processes with limits. Thread-safe; a context manager.

    The first process starts with the pool, others when they are needed. A process that crashed or ran out of time is
    replaced when another is needed; only the request that it served fails.

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
        self._busy: set[WorkerProcess] = set()
        self._batches: WeakSet[ReadAhead] = WeakSet()

    def __enter__(self) -> ReaderPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the processes; what they are reading fails. The pool can still be used: it starts others."""
        for batch in list(self._batches):
            batch.stop()
        for worker in list(self._busy):
            worker.kill()
        while self._idle:
            self._idle.pop().close()

    def prepare(self, sources: int) -> None:
        """Start now, not when they are needed, the processes that will read so many models."""
        while len(self._idle) + len(self._busy) < min(self.workers, threads_for(sources)):
            self._idle.append(WorkerProcess(*self._limits))

    def read(self, source: Source, *, normalised: bool = True) -> ArchGraph:
        """Read one model; waits for a free process.

        Raises:
            UserInputError: One of its subclasses.
        """
        return _decoded(self._ask(source, normalised))

    def read_many(self, sources: Iterable[Source], *, normalised: bool = True) -> Iterator[ArchGraph | UserInputError]:
        """Read models side by side; yields graphs, or errors, in the order of `sources`.

        The processes go on while the caller works on a graph, up to so many models ahead (see `ReadAhead`).
        """
        batch = ReadAhead(lambda source: self._ask(source, normalised), self.workers)
        self._batches.add(batch)
        try:
            with short_turns():
                for answer in batch.answers(sources):
                    yield _graph_or_error(answer)
        finally:  # the caller may have stopped listening
            batch.stop()

    def _ask(self, source: Source, normalised: bool) -> Answer:
        with opened(source, UPLOAD_BYTES if isinstance(source, bytes) else LOCAL_BYTES) as content, self._slots:
            worker = self._take()
            self._busy.add(worker)
            try:
                answer = worker.ask(content, normalised=normalised, allow_external=self.allow_external)
            finally:
                if worker.usable:
                    self._idle.append(worker)
                self._busy.discard(worker)
        return Answer(name_of(source), answer)

    def _take(self) -> WorkerProcess:
        """A process that is ready; one that died idle is replaced, as are those that died at work."""
        while True:
            try:
                worker = self._idle.pop()
            except IndexError:
                return WorkerProcess(*self._limits)
            if worker.alive:
                return worker
            worker.close()


def _decoded(answer: Answer) -> ArchGraph:
    from onnx_bench.reading.answer import decode  # late: a process starts before its parent imports the graph form

    if isinstance(answer.content, Exception):
        raise answer.content
    return decode(answer.content).renamed(answer.name)


def _graph_or_error(answer: Answer) -> ArchGraph | UserInputError:
    try:
        return _decoded(answer)
    except UserInputError as error:
        return error
