"""Jobs side by side: what is told where a worker goes away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from archlm.bench import workers
from onnx_bench.errors import UserInputError


def test_a_worker_that_is_killed_is_said() -> None:
    with pytest.raises(UserInputError, match="worker processes was ended from outside"):
        list(workers.run(os._exit, [("a job", 9)], 2))


@pytest.fixture
def heard() -> Iterator[None]:
    """Ctrl-C is, which a shell's background jobs ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard")
def test_ctrl_c_ends_a_worker_without_a_traceback() -> None:
    assert list(workers.run(signal.getsignal, [("a job", signal.SIGINT)], 2)) == [("a job", signal.SIG_DFL)]
    with pytest.raises(UserInputError, match="worker processes was ended from outside"):
        list(workers.run(signal.raise_signal, [("a job", signal.SIGINT)], 2))


def test_ctrl_c_waits_for_a_worker_that_is_being_started() -> None:
    said = "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))"
    command = [sys.executable, "-c", said]
    with workers._deaf_to_ctrl_c():
        inside = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    after = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert (inside.strip(), after.strip()) == ("True", "False")


def test_who_had_shut_out_ctrl_c_still_does() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        with workers._deaf_to_ctrl_c():
            pass
        assert signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
