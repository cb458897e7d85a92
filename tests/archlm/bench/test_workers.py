"""Jobs side by side: what is told where a worker goes away."""

from __future__ import annotations

import os
import signal

import pytest

from archlm.bench import workers
from onnx_bench.errors import UserInputError


def test_a_worker_that_is_killed_is_said() -> None:
    with pytest.raises(UserInputError, match="worker processes was ended from outside"):
        list(workers.run(os._exit, [("a job", 9)], 2))


def test_ctrl_c_ends_a_worker_without_a_traceback() -> None:
    assert list(workers.run(signal.getsignal, [("a job", signal.SIGINT)], 2)) == [("a job", signal.SIG_DFL)]
    with pytest.raises(UserInputError, match="worker processes was ended from outside"):
        list(workers.run(signal.raise_signal, [("a job", signal.SIGINT)], 2))


def test_ctrl_c_waits_while_a_worker_is_started() -> None:
    before, reached = signal.signal(signal.SIGINT, signal.default_int_handler), False
    try:
        with pytest.raises(KeyboardInterrupt), workers._ctrl_c_waits():
            os.kill(os.getpid(), signal.SIGINT)
            reached = True
    finally:
        signal.signal(signal.SIGINT, before)
    assert reached
