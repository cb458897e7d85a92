"""`writing`: what is said where a file or folder cannot be written; `at_once`: all files of a folder or none."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from onnx_bench.errors import UserInputError


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """What the file system refuses inside becomes a `UserInputError` that names `path`."""
    try:
        yield
    except OSError as error:
        raise UserInputError(f"cannot write to {path}: {error.strerror}; name another file or folder") from error


@contextmanager
def at_once(folder: Path, *, last: str, replaced: Iterable[str] = ()) -> Iterator[Path]:
    """A draft folder, whose files are moved to `folder` when the block is through; until then that stays as it is.

    Args:
        folder: Made where it is not there.
        last: The file that says that all others are there.
        replaced: Names of files in `folder` that are removed then.

    Raises:
        UserInputError: The folder cannot be written.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".draft-", dir=folder) as draft:
            yield Path(draft)
            stale = set(replaced) - set(os.listdir(draft))
            try:
                _move_all(Path(draft), folder, last, stale)
            except KeyboardInterrupt:
                _move_all(Path(draft), folder, last, stale)  # a half of it would be of no use
                raise


def _move_all(draft: Path, folder: Path, last: str, stale: Iterable[str]) -> None:
    """Remove what is stale, and move what is left in `draft`."""
    for name in stale:
        (folder / name).unlink(missing_ok=True)
    for name in sorted(os.listdir(draft), key=last.__eq__):
        os.replace(draft / name, folder / name)
