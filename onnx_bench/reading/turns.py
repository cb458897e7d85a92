"""`short_turns`: threads that feed the reading processes get the interpreter soon, however busy their caller is."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

TURN = 0.0005
"""Seconds after which a busy thread lets another one go on; Python's 0.005 cost a process two waits for each model, as
long as reading it takes."""

_lock = threading.Lock()
_inside = 0
_usual = 0.0


@contextmanager
def short_turns() -> Iterator[None]:
    """Inside, turns are at most `TURN` long, in the whole program; afterwards as they were."""
    global _inside, _usual
    with _lock:
        if not _inside:
            _usual = sys.getswitchinterval()
            sys.setswitchinterval(min(_usual, TURN))
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                sys.setswitchinterval(_usual)
