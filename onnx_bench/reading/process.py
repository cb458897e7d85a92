"""`WorkerProcess`: the parent's handle on one reading process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time

from onnx_bench.errors import ModelTooLargeError, ReaderFailureError
from onnx_bench.reading.worker import HEADER, IN_FILE, LENGTH

_COMMAND = "from onnx_bench.reading.worker import main; main()"
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_", "LD_", "DYLD_", "PYTHON", "SYSTEMROOT", "TMPDIR")
_ANSWER_BYTES = 1 << 28
"""Longest answer that is read: 50,000 nodes take about 10 MB."""


class WorkerProcess:
    """One worker. The constructor returns while the process still starts; not thread-safe.

    Args:
        seconds: Processor time for one model; the clock gives twice that.
        memory: Bytes of address space, the file not counted.

    Raises:
        ReaderFailureError: This system has no such processes.
    """

    def __init__(self, seconds: float, memory: int) -> None:
        if not hasattr(socket, "send_fds"):
            raise ReaderFailureError(
                "files of unknown origin are read by a process under limits that this system (Windows) lacks: use "
                "Linux, macOS or WSL, or read files of your own with read_graph(file, trusted=True)"
            )
        self.seconds = seconds
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _COMMAND, str(seconds), str(memory)],
                stdin=theirs.fileno(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=_environment(),
            )  # fmt: skip

    @property
    def usable(self) -> bool:
        """Whether its last request was answered, if there was one. The process may have died since."""
        return self._socket.fileno() >= 0

    @property
    def alive(self) -> bool:
        """Whether it can take another request."""
        return self.usable and self._process.poll() is None

    def ask(self, source: bytes | int, *, normalised: bool, allow_external: bool) -> bytes:
        """Let the worker read a model.

        Args:
            source: Its bytes, or the descriptor of an open file. The descriptor stays open here.
            normalised: Whether to normalise the graph.
            allow_external: Whether tensors may live in other files.

        Returns:
            The answer, see `onnx_bench.reading.answer`.

        Raises:
            UserInputError: There is none; the type says why. After a crash or a time-out the worker is not `usable`.
        """
        deadline = time.monotonic() + 2 * self.seconds
        try:
            self._send(source, normalised, allow_external, deadline)
            return self._receive(deadline)
        except TimeoutError:
            self.close(kill=True)
            raise ModelTooLargeError(
                f"reading the model takes more than {2 * self.seconds:g} seconds, the limit; give a smaller one"
            ) from None
        except (OSError, EOFError):
            raise self._obituary() from None
        except BaseException:  # an interrupt: an answer to this request must not meet the next one
            self.close(kill=True)
            raise

    def kill(self) -> None:
        """End the process at once, from another thread than the one that waits for its answer."""
        self._process.kill()
        self._process.wait()

    def close(self, kill: bool = False) -> None:
        """End the process: at once, or after it has seen that nobody asks any more."""
        self._socket.close()
        if kill:
            self._process.kill()
        try:
            self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _send(self, source: bytes | int, normalised: bool, allow_external: bool, deadline: float) -> None:
        self._set_timeout(deadline)
        if isinstance(source, int):
            socket.send_fds(self._socket, [HEADER.pack(IN_FILE, normalised, allow_external)], [source])
        else:
            self._socket.sendall(HEADER.pack(len(source), normalised, allow_external))
            self._socket.sendall(source)

    def _receive(self, deadline: float) -> bytes:
        (size,) = LENGTH.unpack(self._receive_exactly(LENGTH.size, deadline))
        if size > _ANSWER_BYTES:
            raise EOFError
        return bytes(self._receive_exactly(size, deadline))

    def _receive_exactly(self, size: int, deadline: float) -> bytearray:
        data = bytearray(size)
        view, got = memoryview(data), 0
        while got < size:
            self._set_timeout(deadline)
            count = self._socket.recv_into(view[got:])
            if not count:
                raise EOFError
            got += count
        return data

    def _set_timeout(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)

    def _obituary(self) -> ModelTooLargeError | ReaderFailureError:
        """Why the process died while it read a model."""
        self.close()
        code = self._process.returncode
        if code == -signal.SIGXCPU:
            return ModelTooLargeError(
                f"reading the model takes more than {self.seconds:g} seconds of processor time, the limit; "
                "give a smaller one"
            )
        how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        return ReaderFailureError(f"the reading process ended {how} on this model; nothing else is affected")


def _environment() -> dict[str, str]:
    """What Python needs, the parent's import path, and nothing private."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(_KEPT_VARIABLES)}
    path = os.pathsep.join(os.path.abspath(entry) for entry in sys.path)
    return kept | {"PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
