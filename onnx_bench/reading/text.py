"""Text from a file, made fit to be shown."""

from __future__ import annotations

import re
from collections.abc import Iterable

from onnx_bench.errors import MalformedModelError, ModelTooLargeError

_SHOWN = 60
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_.\-]")


def quote(name: str | bytes) -> str:
    """`name` in quotes, cut to 60 characters, everything unprintable (control, ANSI, right-to-left marks) escaped."""
    shown = repr(name[:_SHOWN])
    return f"{shown}... ({len(name):,} long)" if len(name) > _SHOWN else shown


def plain_name(name: str) -> str:
    """`name` with everything but letters, digits, `_`, `.` and `-` replaced by `_`."""
    return _NOT_IN_A_NAME.sub("_", name)


def printable(message: str) -> str:
    """`message` with unprintable characters escaped, on one line."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in message)


def check_names(names: Iterable[str | bytes], what: str, limit: int) -> None:
    """Refuse names that are too long, or bytes, as which the parser leaves invalid UTF-8.

    Raises:
        MalformedModelError: Invalid UTF-8.
        ModelTooLargeError: More than `limit` characters.
    """
    for name in names:
        if isinstance(name, bytes):
            raise MalformedModelError(f"the name {quote(name)} of {what} is not valid UTF-8")
        if len(name) > limit:
            raise ModelTooLargeError(f"the name {quote(name)} of {what} exceeds {limit:,} characters")
