"""A folder of weights: files behind a manifest of their sha256 sums. Nothing in it is executed or unpickled."""

from __future__ import annotations

import errno
import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from archlm.writing import at_once
from onnx_bench.errors import CheckpointError

FORMAT = 2
MANIFEST = "manifest.json"
_MOST_STORED = 1 << 30
_MOST_UNPACKED = 64 << 20
_GZIP = 31
"""What `zlib` calls the format of gzip."""
_MEND = "take a whole copy of the folder, or make it again (archlm finetune; what came with archlm: install that again)"


def write_checkpoint(
    folder: Path, files: Mapping[str, bytes], about: Mapping[str, Any], *, kept: Mapping[str, bytes] | None = None
) -> None:
    """Write files and the manifest. What `folder` held before stays until everything is written.

    Files of other names in `folder` stay for good.

    Args:
        folder: Where to write.
        files: Name -> content. Where a name ends in `.gz`, it is compressed here, the same content to the same bytes.
        about: Free text and numbers on their origin.
        kept: Further files as another checkpoint stores them, see `Checkpoint.stored`.

    Raises:
        UserInputError: The folder cannot be written.
    """
    stored = dict(kept or {})
    stored |= {n: gzip.compress(content, mtime=0) if n.endswith(".gz") else content for n, content in files.items()}
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in stored.items()}
    manifest = {"format": FORMAT, "about": dict(about), "sha256": sums}
    stored[MANIFEST] = (json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode()
    with at_once(folder, last=MANIFEST) as draft:
        for name, content in stored.items():
            (draft / name).write_bytes(content)


@contextmanager
def parsing(what: str) -> Iterator[None]:
    """What content of another form makes the code inside raise becomes a CheckpointError that names `what`."""
    try:
        yield
    except (
        ArithmeticError, AttributeError, LookupError, RecursionError, SafetensorError, TypeError, ValueError,
    ) as error:  # fmt: skip
        raise CheckpointError(
            f"{what} is damaged, or of another version of archlm: {type(error).__name__}: {error}; write it again with "
            "this one"
        ) from error


class Checkpoint:
    """A folder written by `write_checkpoint`, read file by file as needed.

    Attributes:
        folder: Where it is.
        about: What the writer noted of its origin.
    """

    def __init__(self, folder: Path) -> None:
        """Read the manifest.

        Raises:
            CheckpointError: There is none, or it is of another format.
        """
        self.folder = folder
        try:
            manifest = json.loads(_stored(folder / MANIFEST))
            self.about: dict[str, Any] = dict(manifest["about"])
            self._sums: dict[str, str] = dict(manifest["sha256"])
            found = manifest["format"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise CheckpointError(
                f"{folder} holds no readable {MANIFEST} ({error}); pass a folder that `archlm finetune` or "
                "save_pretrained wrote"
            ) from error
        if found != FORMAT:
            raise CheckpointError(
                f"{folder} is of checkpoint format {found}, this version of archlm reads {FORMAT}; write it again with "
                "this one, or use the one that wrote it"
            )

    def names(self) -> list[str]:
        """Files behind the manifest."""
        return sorted(self._sums)

    def read(self, name: str) -> bytes:
        """The content of one file.

        Raises:
            CheckpointError: It is missing, not the file that was written, or larger than the limit.
        """
        stored = self.stored(name)
        return _unpacked(stored, self.folder / name) if name.endswith(".gz") else stored

    def stored(self, name: str) -> bytes:
        """One file as it is stored. Raises as `read`."""
        expected = self._sums.get(name)
        if expected is None or Path(name).name != name:
            raise CheckpointError(f"{self.folder} has no {name!r} in its {MANIFEST}")
        path = self.folder / name
        try:
            stored = _stored(path)
        except OSError as error:
            raise CheckpointError(f"cannot read {path}: {error.strerror}; {_MEND}") from error
        if hashlib.sha256(stored).hexdigest() != expected:
            raise CheckpointError(f"{path} was altered: its sha256 is not the one in {MANIFEST}; {_MEND}")
        return stored

    def read_json(self, name: str) -> Any:
        """The content of one JSON file. Raises as `read`."""
        try:
            return json.loads(self.read(name))
        except (ValueError, RecursionError) as error:
            raise CheckpointError(f"{self.folder / name} is not JSON: {error}") from error


def _stored(path: Path) -> bytes:
    """The bytes of a regular file. Raises OSError."""
    if not path.is_file():  # a pipe would block
        raise OSError(errno.ENOENT, "there is no such file")
    with path.open("rb") as file:
        content = file.read(_MOST_STORED + 1)
    if len(content) > _MOST_STORED:
        raise OSError(errno.EFBIG, f"it is larger than {_MOST_STORED >> 20} MiB")
    return content


def _unpacked(stored: bytes, path: Path) -> bytes:
    unfolding = zlib.decompressobj(wbits=_GZIP)
    try:
        content = unfolding.decompress(stored, _MOST_UNPACKED)
    except zlib.error as error:
        raise CheckpointError(f"{path} is no gzip file: {error}") from error
    if not unfolding.eof:
        raise CheckpointError(f"{path} is cut short, or unpacks to more than {_MOST_UNPACKED >> 20} MiB")
    return content
