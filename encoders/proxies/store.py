"""`Store`: proxy values kept in a file, one JSON record a line, so that nothing is computed twice."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NamedTuple

FILE = "proxies.jsonl"


class Key(NamedTuple):
    """What a value depends on."""

    fingerprint: str
    proxy: str
    batch: int
    seed: int
    version: int


class Measurement(NamedTuple):
    """One value.

    Attributes:
        value: The proxy; NaN where it is not defined.
        reason: Why it is not defined; empty where it is.
        milliseconds: What it took to compute, when it was computed.
    """

    value: float
    reason: str = ""
    milliseconds: float = 0.0


class Store:
    """Values by key, in memory and, where a folder is given, in a file that several processes may share.

    A record is appended by one write and begins on a line of its own, so a process that dies while writing damages
    its last record alone, which is skipped and computed again. Records of other processes are seen when a key is
    missed.

    Args:
        folder: Where the file `proxies.jsonl` is or will be; it is made if need be.
    """

    def __init__(self, folder: Path | str | None = None) -> None:
        self._known: dict[Key, Measurement] = {}
        self._path = None if folder is None else Path(folder) / FILE
        self._read = 0  # bytes of the file that have been read
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)

    def get(self, key: Key) -> Measurement | None:
        """The value of `key`, or `None`."""
        if key not in self._known:
            self._refresh()
        return self._known.get(key)

    def put(self, key: Key, found: Measurement) -> None:
        """Keep a value."""
        self._known[key] = found
        if self._path is None:
            return
        value = found.value if math.isfinite(found.value) else None
        record = {**key._asdict(), "value": value, "reason": found.reason, "milliseconds": round(found.milliseconds, 3)}
        line = f"\n{json.dumps(record, separators=(',', ':'), allow_nan=False)}\n".encode()
        with self._path.open("ab", buffering=0) as file:
            if file.write(line) != len(line):
                raise OSError(f"{self._path} could not be written in full; is the disk full?")

    def _refresh(self) -> None:
        """Read the whole lines that the file has gained."""
        if self._path is None or not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._read)
            lines, newline, _ = file.read().rpartition(b"\n")
        self._read += len(lines) + len(newline)
        for line in lines.splitlines():
            if (entry := _parse(line)) is not None:
                self._known.setdefault(*entry)


def _parse(line: bytes) -> tuple[Key, Measurement] | None:
    """The record of a line; `None` for a blank or damaged one."""
    try:
        record: dict[str, Any] = json.loads(line)
        key = Key(*(record[name] for name in Key._fields))
        value = math.nan if record["value"] is None else float(record["value"])
        return key, Measurement(value, str(record["reason"]), float(record["milliseconds"]))
    except (ValueError, KeyError, TypeError):
        return None
