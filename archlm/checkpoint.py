"""A folder of weights: files behind a manifest of their sha256 sums. Nothing in it is executed or unpickled."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from onnx_bench.errors import CheckpointError

FORMAT = 1
MANIFEST = "manifest.json"
_MOST_BYTES = 64 << 20


def write_checkpoint(folder: Path, files: Mapping[str, bytes], about: Mapping[str, Any]) -> None:
    """Write `files` (name -> content) and the manifest; `about` is free text and numbers on their origin.

    Names ending in `.gz` are compressed here, the same content always to the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sums = {}
    for name, content in sorted(files.items()):
        stored = gzip.compress(content, mtime=0) if name.endswith(".gz") else content
        (folder / name).write_bytes(stored)
        sums[name] = hashlib.sha256(stored).hexdigest()
    manifest = {"format": FORMAT, "about": dict(about), "sha256": sums}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")


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
            manifest = json.loads((folder / MANIFEST).read_text())
            self.about: dict[str, Any] = manifest["about"]
            self._sums: dict[str, str] = dict(manifest["sha256"])
            found = manifest["format"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CheckpointError(
                f"{folder} holds no readable {MANIFEST} ({error}); pass a folder written by save_pretrained"
            ) from error
        if found != FORMAT:
            raise CheckpointError(f"{folder} is of checkpoint format {found}; this version of archlm reads {FORMAT}")

    def names(self) -> list[str]:
        """Files behind the manifest."""
        return sorted(self._sums)

    def read(self, name: str) -> bytes:
        """The content of one file.

        Raises:
            CheckpointError: It is missing, or not the file that was written.
        """
        expected = self._sums.get(name)
        if expected is None or Path(name).name != name:
            raise CheckpointError(f"{self.folder} has no {name!r} in its {MANIFEST}")
        try:
            stored = (self.folder / name).read_bytes()
        except OSError as error:
            raise CheckpointError(f"cannot read {self.folder / name}: {error.strerror}") from error
        if hashlib.sha256(stored).hexdigest() != expected:
            raise CheckpointError(
                f"{self.folder / name} was altered: its sha256 is not the one in {MANIFEST}; install again"
            )
        if not name.endswith(".gz"):
            return stored
        with gzip.open(self.folder / name) as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise CheckpointError(f"{self.folder / name} unpacks to more than {_MOST_BYTES >> 20} MiB")
        return content

    def read_json(self, name: str) -> Any:
        """The content of one JSON file. Raises as `read`."""
        try:
            return json.loads(self.read(name))
        except ValueError as error:
            raise CheckpointError(f"{self.folder / name} is not JSON: {error}") from error
