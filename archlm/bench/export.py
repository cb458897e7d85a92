"""Write the architectures of a data set as files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from archlm.bench.build import write_whole
from archlm.bench.dataset import architectures, read_manifest
from archlm.bench.schema import unpack_graph
from onnx_bench.errors import UserInputError
from onnx_bench.reading.text import quote

_SPACE = re.compile(r"[a-z][a-z0-9_]*")
_FINGERPRINT = re.compile(r"[0-9a-f]{32}")


def export_onnx(folder: str | Path, target: Path, space: str | None = None, limit: int | None = None) -> Iterator[Path]:
    """Write each architecture as `target/<space>/<fingerprint>.onnx`, without weights; yields the files.

    Files that exist are left as they are, so an interrupted export goes on.

    Args:
        folder: The data set.
        target: Where to write.
        space: Only architectures of this space.
        limit: At most so many.

    Raises:
        UserInputError: There is no finished data set, or none of its architectures is of that space, or one is named
            as no data set of ours names it, or a file cannot be written.
    """
    read_manifest(folder)
    written = 0
    for table in architectures(folder, ["space", "fingerprint", "graph"]):
        for name, fingerprint, graph in zip(*(table[c].to_pylist() for c in table.column_names), strict=True):
            if space not in (None, name):
                continue
            if limit is not None and written >= limit:
                return
            path = target / _file(name, fingerprint)
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                if not path.exists():
                    write_whole(path, unpack_graph(graph).to_onnx().SerializeToString())
            except OSError as error:
                raise UserInputError(f"cannot write {path}: {error.strerror}") from error
            written += 1
            yield path
    if not written:
        raise UserInputError(f"{folder} holds no architecture{f' of space {space!r}' if space else ''}")


def _file(space: object, fingerprint: object) -> str:
    """Where an architecture goes below the target. Raises UserInputError for names that could lead elsewhere."""
    if not _SPACE.fullmatch(str(space)) or not _FINGERPRINT.fullmatch(str(fingerprint)):
        raise UserInputError(
            f"space {quote(str(space))} and fingerprint {quote(str(fingerprint))} give no file name: expected the name "
            "of a search space and 32 hex digits; build the data set again"
        )
    return f"{space}/{fingerprint}.onnx"
