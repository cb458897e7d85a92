"""Writing to disk: what is said where it fails (`writing`), and files that are there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from onnx_bench.errors import UserInputError


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """What the file system refuses inside becomes a `UserInputError` that names `path`."""
    try:
        yield
    except OSError as error:
        raise UserInputError(f"cannot write to {path}: {error.strerror}; name another file or folder") from error


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that appears whole or not at all. What is no plain file (a link, a device, a pipe) is written to.

    Raises:
        OSError: It cannot be written.
    """
    if path.is_symlink() or (path.exists() and not path.is_file()):
        path.write_bytes(data)
        return
    draft = path.with_name(f".{path.name[:100]}.{os.getpid()}")
    try:
        draft.write_bytes(data)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
