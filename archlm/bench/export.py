"""Write the architectures of a data set as files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from archlm.bench.dataset import architectures, read_manifest, read_packed
from archlm.writing import write_whole, writing
from onnx_bench.errors import UserInputError


def export_onnx(folder: str | Path, target: Path, space: str | None = None, limit: int | None = None) -> Iterator[Path]:
    """Write each architecture as `target/<space>/<fingerprint>.onnx`, without weights; yields the files.

    Files that exist are left as they are, so an interrupted export goes on.

    Args:
        folder: The data set.
        target: Where to write.
        space: Only architectures of this space.
        limit: At most so many.

    Raises:
        UserInputError: There is no finished data set, or a damaged one, or none of its architectures is of that space,
            or a file cannot be written.
    """
    read_manifest(folder)
    written = 0
    for table in architectures(folder, ["space", "fingerprint", "graph"]):
        for name, fingerprint, graph in zip(*(table[c].to_pylist() for c in table.column_names), strict=True):
            if space not in (None, name):
                continue
            if limit is not None and written >= limit:
                return
            # Shards are read only where these are names: a foreign one leads to no other place.
            path = target / name / f"{fingerprint}.onnx"
            with writing(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                if not path.exists():
                    write_whole(path, read_packed(folder, fingerprint, graph).to_onnx().SerializeToString())
            written += 1
            yield path
    if not written:
        raise UserInputError(f"{folder} holds no architecture{f' of space {space!r}' if space else ''}")
