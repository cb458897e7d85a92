"""The one place that calls `torch.load`: tensors and plain containers from a benchmark's `.pth` or `.pt` file.

With `weights_only=True` torch's own unpickler runs, which knows tensors, dictionaries, lists, tuples, strings and
numbers and refuses to call anything else. The bounds of pyproject.toml leave out the versions in which that could be
circumvented (CVE-2025-32434, before torch 2.6).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from onnx_bench.errors import MalformedRecordsError

MAX_BYTES = 8 << 30


def load_plain(path: Path) -> Any:
    """What a file saved by `torch.save` holds, if that is plain data. All of it is held in memory.

    Raises:
        MalformedRecordsError: The file is damaged, larger than 8 GiB, or holds objects whose reading runs code.
    """
    import torch  # here, since readers of tables need no torch

    size = path.stat().st_size
    if size > MAX_BYTES:
        raise MalformedRecordsError(f"{path} has {size:,} bytes, above the limit of {MAX_BYTES:,}")
    try:
        # Banned since it may unpickle; here is the one call that cannot.
        return torch.load(path, map_location="cpu", weights_only=True)  # noqa: TID251
    except Exception as error:  # torch raises whatever the bytes lead it to
        reason = " ".join(str(error).split())[:200]
        raise MalformedRecordsError(
            f"{path} is damaged, or holds more than tensors and plain data, which nothing here reads since that may "
            f"run code ({type(error).__name__}: {reason})"
        ) from error
