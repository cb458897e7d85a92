"""`writing`: what is said where a file or folder cannot be written."""

from __future__ import annotations

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
