"""The names of the proxies, and the function behind each, imported when it is asked for: most need torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module

from encoders.proxies.subject import Subject
from onnx_bench.errors import UnknownNameError

NAMES = ("params", "macs", "naswot", "synflow", "jacov", "grad_norm", "zen")
"""Every proxy, each in the file of its name."""

VERSION = 1
"""Changes whenever a proxy changes its values; caches hold it."""


def get(name: str) -> Callable[[Subject], float]:
    """The function that scores a subject.

    Raises:
        UnknownNameError: There is no such proxy.
    """
    check([name])
    score: Callable[[Subject], float] = import_module(f"encoders.proxies.{name}").score
    return score


def check(names: Sequence[str]) -> None:
    """Make sure that every name is a proxy's.

    Raises:
        UnknownNameError: One is not; the message lists all.
    """
    for name in names:
        if name not in NAMES:
            raise UnknownNameError(f"unknown proxy {name!r}; there are {', '.join(NAMES)}")
