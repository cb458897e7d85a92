"""`alone_in`: one build at a time in a folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from onnx_bench.errors import UserInputError

if sys.platform != "win32":
    import fcntl


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keeps other processes that ask as well out of a folder; the end of this one, however it comes, lets them in.

    Windows locks no folders: there nobody is kept out.

    Raises:
        UserInputError: Another process is in it.
        OSError: There is no such folder.
    """
    if sys.platform == "win32":
        yield
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserInputError(
                f"another process builds the data set in {folder}: wait until it ends, then run this again"
            ) from error
        except OSError:
            pass  # a file system without locks
        yield
    finally:
        os.close(handle)
