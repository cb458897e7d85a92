"""`ReadAhead`: threads that read sources while the caller does other things with what has been read."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from onnx_bench.errors import ReaderFailureError
from onnx_bench.reading.limits import AHEAD, AHEAD_BYTES
from onnx_bench.reading.source import Source

_FILES_PER_THREAD = 8
"""A second process pays for its start when there are more files than this."""


class Answer(NamedTuple):
    """What became of a source.

    Attributes:
        name: What to call the graph.
        content: The worker's answer as it came, which is compact, or why there is none.
    """

    name: str
    content: bytes | Exception


class ReadAhead:
    """Reads some sources, once.

    At most `AHEAD` sources are drawn and not yet taken. Nothing more is drawn or read while answers, and models given
    as bytes, together take `AHEAD_BYTES`, but for the one whose turn it is.

    Args:
        read: Reads one source; called from several threads. What it raises is the answer.
        threads: Most threads; there is one alone where there are few sources, see `threads_for`.
    """

    def __init__(self, read: Callable[[Source], Answer], threads: int) -> None:
        self._read = read
        self._threads = threads
        self._started = 0
        self._changed = threading.Condition()
        # All below is guarded by the condition. Sources are numbered as they are drawn.
        self._waiting: deque[tuple[int, Source]] = deque()
        self._answers: dict[int, Answer] = {}
        self._taken = 0
        self._held = 0
        self._stopped = False

    def answers(self, sources: Iterable[Source]) -> Iterator[Answer]:
        """The answers in the order of `sources`. The caller stops the reading in the end, however that comes about.

        Raises:
            ReaderFailureError: It was stopped meanwhile.
        """
        pending = iter(sources)
        drawn = 0
        while True:
            while drawn - self._taken < AHEAD and self._has_room(drawn):
                try:
                    self._add(drawn, next(pending))
                except StopIteration:
                    break
                drawn += 1
            if drawn == self._taken:
                return
            yield self._take()

    def stop(self) -> None:
        """Read no more; a thread in the middle of a model ends after it."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _has_room(self, number: int) -> bool:
        return self._held < AHEAD_BYTES or number == self._taken

    def _add(self, number: int, source: Source) -> None:
        with self._changed:
            self._waiting.append((number, source))
            self._held += _size(source)
            self._changed.notify_all()
        if self._started < min(self._threads, threads_for(number + 1)):
            self._started += 1
            # A daemon: an interrupted program does not wait for the end of a model.
            threading.Thread(target=self._work, name="archlm-reader", daemon=True).start()

    def _take(self) -> Answer:
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._taken in self._answers)
            if self._taken not in self._answers:
                raise ReaderFailureError("the pool of reading processes was closed while models were read")
            answer = self._answers.pop(self._taken)
            self._taken += 1
            self._held -= _size(answer.content)
            self._changed.notify_all()
            return answer

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(self._may_go_on)
                if self._stopped:
                    return
                number, source = self._waiting.popleft()
            try:
                answer = self._read(source)
            except Exception as error:
                answer = Answer("", error)
            with self._changed:
                self._answers[number] = answer
                self._held += _size(answer.content) - _size(source)
                self._changed.notify_all()

    def _may_go_on(self) -> bool:
        return self._stopped or (bool(self._waiting) and self._has_room(self._waiting[0][0]))


def threads_for(sources: int) -> int:
    """How many threads, and processes, so many sources are worth."""
    return 1 + (sources - 1) // _FILES_PER_THREAD


def _size(content: object) -> int:
    return len(content) if isinstance(content, bytes) else 0
