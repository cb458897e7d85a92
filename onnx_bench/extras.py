"""Importing what only an extra installs: the one place that says which extra is missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from onnx_bench.errors import MissingExtraError


def import_extra(module: str, extra: str) -> Any:
    """Import `module`, a package (or a part of one) that the extra `extra` installs.

    Raises:
        MissingExtraError: It cannot be imported; the message says why, and the command that installs the extra.
    """
    try:
        return import_module(module)
    except (ImportError, OSError, RuntimeError) as error:  # torchvision beside another torch raises the last two
        first_line = f"{type(error).__name__}: {error}".splitlines()[0]
        raise MissingExtraError(extra, f"{module} cannot be imported ({first_line})") from error
