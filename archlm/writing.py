"""Writing to disk: what is said where it fails; files (`write_whole`) and folders (`at_once`) whole or not at all."""

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
