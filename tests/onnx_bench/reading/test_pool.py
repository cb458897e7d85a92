"""The workers: their limits, their deaths, their replacement."""

from __future__ import annotations

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from onnx_bench.errors import ModelTooLargeError, ReaderFailureError
from onnx_bench.reader import ReaderPool
from onnx_bench.reading.process import WorkerProcess
from tests import hostile

MODEL = hostile.convolution().SerializeToString()


def _pid(pool: ReaderPool) -> int:
    return pool._idle[-1]._process.pid


def _stop_then(pool: ReaderPool, number: signal.Signals) -> None:
    """Stop the idle worker now and send it `number` while it should be answering."""
    pid = _pid(pool)
    os.kill(pid, signal.SIGSTOP)
    threading.Timer(0.2, lambda: (os.kill(pid, number), os.kill(pid, signal.SIGCONT))).start()


def test_time_out_is_an_error_of_one_request() -> None:
    with ReaderPool(1) as pool:
        pool.read(MODEL)
        os.kill(_pid(pool), signal.SIGSTOP)
        pool._idle[-1].seconds = 0.1
        with pytest.raises(ModelTooLargeError, match=r"takes more than 0\.2 seconds, the limit"):
            pool.read(MODEL)
        assert pool.read(MODEL).params == 108


def test_crash_is_an_error_of_one_request() -> None:
    with ReaderPool(1) as pool:
        pool.read(MODEL)
        _stop_then(pool, signal.SIGSEGV)
        with pytest.raises(ReaderFailureError, match="ended by SIGSEGV on this model; nothing else is affected"):
            pool.read(MODEL)
        assert pool.read(MODEL).params == 108


def test_interrupted_request_leaves_no_answer_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(self: WorkerProcess, deadline: float) -> bytes:
        raise KeyboardInterrupt

    with ReaderPool(1) as pool:
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(WorkerProcess, "_receive", interrupt)
            pool.read(hostile.chain(3).SerializeToString())
        assert pool.read(MODEL).params == 108


def test_end_of_processor_time_is_named() -> None:
    with ReaderPool(1) as pool:
        pool.read(MODEL)
        _stop_then(pool, signal.SIGXCPU)
        with pytest.raises(ModelTooLargeError, match="takes more than 30 seconds of processor time"):
            pool.read(MODEL)


def test_worker_that_died_idle_is_replaced_unnoticed() -> None:
    with ReaderPool(1) as pool:
        pool.read(MODEL)
        os.kill(_pid(pool), signal.SIGKILL)
        os.waitid(os.P_PID, _pid(pool), os.WEXITED | os.WNOWAIT)
        assert pool.read(MODEL).params == 108


def test_memory_is_limited() -> None:
    with ReaderPool(1, memory=400 << 20) as pool:
        with pytest.raises(ModelTooLargeError):
            pool.read(hostile.CASES["amplification_in_small_messages"].make())
        assert pool.read(MODEL).params == 108


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_limits_and_environment_of_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hidden")
    with ReaderPool(1, memory=1 << 30) as pool:
        pool.read(MODEL)
        process = Path("/proc") / str(_pid(pool))
        limits = {line[:26].strip(): line[26:].split()[0] for line in (process / "limits").read_text().splitlines()}
        assert b"hidden" not in (process / "environ").read_bytes()
    assert limits["Max file size"] == "0"
    assert limits["Max core file size"] == "0"
    assert limits["Max processes"] == "0"
    assert limits["Max address space"] == str(1 << 30)
    assert 30 <= int(limits["Max cpu time"]) <= 35


def test_bombs_from_many_threads() -> None:
    bomb = hostile.CASES["function_bomb"].make()
    with ReaderPool(2) as pool, ThreadPoolExecutor(20) as threads:
        errors = [f.exception() for f in [threads.submit(pool.read, bomb) for _ in range(100)]]
        assert {type(e) for e in errors} == {ModelTooLargeError}
        assert pool.read(MODEL).params == 108
        assert len(pool._idle) <= 2


def test_closed_pool_leaves_no_process() -> None:
    pool = ReaderPool(1)
    process = pool._idle[-1]._process
    pool.close()
    assert process.returncode is not None


def test_a_system_without_such_processes_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("socket.send_fds")
    with pytest.raises(ReaderFailureError, match=r"that this system .* lacks: use Linux, macOS or WSL"):
        ReaderPool()
