"""Reading many models side by side: order, what is read ahead, crashes and ends in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from onnx_bench.errors import ModelTooLargeError, ReaderFailureError, UserInputError
from onnx_bench.graph import ArchGraph
from onnx_bench.reader import ReaderPool
from onnx_bench.reading import ahead
from onnx_bench.reading.ahead import Answer, ReadAhead, threads_for
from onnx_bench.reading.process import WorkerProcess
from onnx_bench.reading.source import Source
from tests import hostile

WAIT = 60.0
"""Seconds after which a test gives up."""


def _chains(count: int) -> list[bytes]:
    """Models that are told apart by their length."""
    return [hostile.chain(2 + i).SerializeToString() for i in range(count)]


def _until(condition: object) -> None:
    end = time.monotonic() + WAIT
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.01)


def test_more_models_than_workers_come_in_order() -> None:
    models = _chains(30)
    with ReaderPool(2) as pool:
        results = list(pool.read_many(models, normalised=False))
        assert [len(g.nodes) for g in results if isinstance(g, ArchGraph)] == [3 + i for i in range(30)]
        assert len(pool._idle) == 2


def test_few_models_cost_one_worker() -> None:
    with ReaderPool(4) as pool:
        assert len(list(pool.read_many(_chains(8)))) == 8
        assert len(pool._idle) == 1
        pool.prepare(8)
        assert len(pool._idle) == 1
        pool.prepare(1000)
        assert len(pool._idle) == 4
    assert [threads_for(n) for n in (1, 8, 9, 17)] == [1, 1, 2, 3]


def test_files_keep_their_names_and_a_bad_one_fails_alone(tmp_path: Path) -> None:
    for i, content in enumerate(_chains(12)):
        (tmp_path / f"net{i:02}.onnx").write_bytes(b"<html>" if i == 5 else content)
    with ReaderPool(2) as pool:
        results = list(pool.read_many(sorted(tmp_path.iterdir())))
    assert [i for i, r in enumerate(results) if isinstance(r, UserInputError)] == [5]
    assert [r.name for r in results if isinstance(r, ArchGraph)] == [f"net{i:02}" for i in range(12) if i != 5]


@pytest.mark.parametrize("end", ["crash", "time"])
def test_a_worker_that_ends_fails_its_model_alone(monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    models = _chains(24)
    send = WorkerProcess._send

    def sabotage(self: WorkerProcess, source: bytes | int, *rest: bool | float) -> None:
        if source == models[10]:
            if end == "time":
                raise TimeoutError
            self._process.send_signal(signal.SIGSEGV)
            self._process.wait()
        send(self, source, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(WorkerProcess, "_send", sabotage)
    with ReaderPool(2) as pool:
        results = list(pool.read_many(models))
    errors = {i: type(r) for i, r in enumerate(results) if isinstance(r, UserInputError)}
    assert errors == {10: ReaderFailureError if end == "crash" else ModelTooLargeError}


def test_a_defect_of_ours_is_not_swallowed() -> None:
    with ReaderPool(1) as pool, pytest.raises(TypeError):
        list(pool.read_many([3]))  # type: ignore[list-item]


class _Gate:
    """Reads when told to."""

    def __init__(self, content: bytes = b"") -> None:
        self.content = content
        self.started: list[Source] = []
        self.open = threading.Event()

    def __call__(self, source: Source) -> Answer:
        self.started.append(source)
        assert self.open.wait(WAIT)
        return Answer(str(source), self.content)


def _endless(drawn: list[str]) -> Iterator[Source]:
    while True:
        drawn.append(str(len(drawn)))
        yield drawn[-1]


def test_reading_goes_on_while_the_caller_is_busy_but_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "AHEAD", 20)
    drawn: list[str] = []
    gate = _Gate()
    gate.open.set()
    batch = ReadAhead(gate, 2)
    answers = batch.answers(_endless(drawn))
    for taken in range(1, 50):
        assert next(answers).name == str(taken - 1)
        assert len(drawn) == taken + 19
    _until(lambda: len(gate.started) == len(drawn))
    batch.stop()


@pytest.mark.parametrize("content", [b"x" * 100, b""])
def test_what_is_held_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """Large answers, or large models: with room for three at a time, each gets its turn."""
    monkeypatch.setattr(ahead, "AHEAD_BYTES", 250)
    gate = _Gate(content)
    gate.open.set()
    batch = ReadAhead(gate, 2)
    sources: list[Source] = [f"{i}" if content else b"%3d" % i * 40 for i in range(40)]
    most = 0
    for answer in batch.answers(sources):
        assert answer.content == content
        time.sleep(0.002)
        most = max(most, batch._held)
    batch.stop()
    assert len(gate.started) == 40
    assert most <= 250 + 2 * 120


def test_a_caller_that_stops_listening_stops_the_reading() -> None:
    with ReaderPool(2) as pool:
        results = pool.read_many(_chains(200))
        next(results)
        results.close()  # type: ignore[attr-defined]
        _until(lambda: not any(thread.name == "archlm-reader" for thread in threading.enumerate()))
        assert not pool._busy


def test_closing_the_pool_ends_what_is_being_read() -> None:
    pool = ReaderPool(1)
    worker = pool._idle[-1]
    results = pool.read_many(_chains(1) * 2000)  # more than are read ahead
    next(results)
    os.kill(worker._process.pid, signal.SIGSTOP)
    _until(lambda: pool._busy)  # it may have stopped between two models; the next one is never answered
    pool.close()
    assert worker._process.returncode == -signal.SIGKILL
    with pytest.raises(ReaderFailureError, match="was closed"):
        list(results)


_INTERRUPTED = """
import os, signal, sys, threading
from onnx_bench import reader
def strike():
    for worker in (*reader._shared._idle, *reader._shared._busy):
        print(worker._process.pid, flush=True)
    os.kill(os.getpid(), signal.SIGINT)
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore interrupts
reader.warm_up(100)
results = reader.read_many([sys.argv[1]] * 5000)
next(results)
threading.Timer(0.3, strike).start()
for result in results:
    pass
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_an_interrupt_leaves_no_process(tmp_path: Path) -> None:
    file = tmp_path / "net.onnx"
    file.write_bytes(hostile.chain(300).SerializeToString())
    run = subprocess.run([sys.executable, "-c", _INTERRUPTED, str(file)], capture_output=True, text=True, timeout=120)
    assert "KeyboardInterrupt" in run.stderr
    processes = [Path("/proc") / pid for pid in run.stdout.split()]
    assert processes
    _until(lambda: not any(process.exists() for process in processes))
