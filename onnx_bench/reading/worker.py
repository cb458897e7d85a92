"""The process that reads untrusted models: little memory, little time, no file to write, no other process.

It is started by `onnx_bench.reading.process` with one end of a socket as its standard input, imports what it needs,
limits itself and answers requests until the socket closes. A request is a header and either the bytes of a model or
an open file descriptor: the process is given no path and opens no file.
"""

from __future__ import annotations

import gc
import os
import socket
import struct
import sys

if sys.platform != "win32":  # where no such process is started
    import resource

HEADER = struct.Struct("<Q??")
"""Bytes of the model that follow (`IN_FILE`: none, the descriptor comes along), normalised, allow_external."""
IN_FILE = (1 << 64) - 1
LENGTH = struct.Struct("<Q")
"""Bytes of the answer that follows."""
_GARBAGE = 50_000
"""Objects that are made before those in circles are looked for."""


def main() -> None:
    """Serve requests. Arguments: seconds of processor time for each, bytes of memory."""
    connection = socket.socket(fileno=os.dup(0))
    seconds, memory = float(sys.argv[1]), int(sys.argv[2])
    # Here and not above: the parent shares this file for the protocol and imports none of these.
    from onnx_bench.reading.answer import encode_error, encode_graph, typed
    from onnx_bench.reading.pipeline import read_bytes
    from onnx_bench.reading.source import contents

    # What is imported stays; a network of a few hundred nodes is read without a search for garbage in between.
    gc.freeze()
    gc.set_threshold(_GARBAGE)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NPROC, 0)
    while True:
        size, normalised, allow_external, file = _receive_header(connection)
        _allow_seconds(seconds)
        _allow_memory(memory, 0 if file is None else os.fstat(file).st_size)
        # Outside `try`: after half a request there is no answer that the parent could match to it.
        data = _receive(connection, size) if file is None else contents(file)
        try:
            answer = encode_graph(read_bytes(data, "", normalised, allow_external))
        except Exception as error:
            answer = encode_error(typed(error))
        finally:
            data = memoryview(b"")  # unmaps the file
            if file is not None:
                os.close(file)
        connection.sendall(LENGTH.pack(len(answer)) + answer)


def _limit(kind: int, value: int) -> None:
    resource.setrlimit(kind, (value, value))


def _allow_seconds(seconds: float) -> None:
    """Grant processor time for one more request; beyond it the kernel ends the process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _allow_memory(memory: int, mapped: int) -> None:
    """Limit the address space to `memory` besides the file that will be mapped into it."""
    resource.setrlimit(resource.RLIMIT_AS, (memory + mapped, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _receive_header(connection: socket.socket) -> tuple[int, bool, bool, int | None]:
    header, files, _, _ = socket.recv_fds(connection, HEADER.size, 1)
    if not header:
        os._exit(0)  # the parent has closed its end
    header += bytes(_receive(connection, HEADER.size - len(header)))
    size, normalised, allow_external = HEADER.unpack(header)
    return size, normalised, allow_external, files[0] if size == IN_FILE else None


def _receive(connection: socket.socket, size: int) -> memoryview:
    data = memoryview(bytearray(size))
    got = 0
    while got < size:
        count = connection.recv_into(data[got:])
        if not count:
            os._exit(0)
        got += count
    return data
