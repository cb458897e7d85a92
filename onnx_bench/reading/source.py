"""What a reader is given: bytes, or the path of a regular file."""

from __future__ import annotations

import errno
import mmap
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from onnx_bench.errors import MalformedModelError, ModelTooLargeError
from onnx_bench.reading.text import quote

Source = str | Path | bytes

_MAYBE_A_MEMBER = "; if it is an architecture string, name its search space beside it"


def name_of(source: Source) -> str:
    """The name of a graph read from `source`: the file's without its suffix."""
    return "" if isinstance(source, bytes) else Path(source).stem


@contextmanager
def opened(source: Source, limit: int) -> Iterator[bytes | int]:
    """The bytes, or the descriptor of the file opened for reading, after a check of kind and size.

    Raises:
        MalformedModelError: There is no such file, it may not be read, or it is no regular file.
        ModelTooLargeError: More than `limit` bytes.
    """
    if isinstance(source, bytes):
        _check_size(len(source), limit)
        yield source
        return
    shown = quote(os.fspath(source))
    try:
        # A pipe without a writer would block, a terminal would become ours.
        file = os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) else str(error)
        missing = isinstance(error, OSError) and error.errno in (errno.ENOENT, errno.ENAMETOOLONG)
        hint = _MAYBE_A_MEMBER if missing and not os.fspath(source).endswith(".onnx") else ""
        raise MalformedModelError(f"{shown} cannot be opened: {reason}{hint}") from error
    try:
        found = os.fstat(file)
        if stat.S_ISDIR(found.st_mode):
            raise MalformedModelError(f"{shown} is a directory; give the .onnx file inside")
        if not stat.S_ISREG(found.st_mode):
            raise MalformedModelError(f"{shown} is a pipe, socket or device; give a regular file")
        _check_size(found.st_size, limit)
        yield file
    finally:
        os.close(file)


def contents(file: int) -> memoryview:
    """The contents of an open file, mapped: pages that are never looked at are never read."""
    if not os.fstat(file).st_size:  # an empty file cannot be mapped
        return memoryview(b"")
    return memoryview(mmap.mmap(file, 0, access=mmap.ACCESS_READ))


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise ModelTooLargeError(
            f"the model has {size:,} bytes; the limit is {limit >> 20} MiB: save its weights in another file, "
            "or strip them"
        )
