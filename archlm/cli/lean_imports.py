"""Keep other people's optional imports out of a command that must answer at once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

OPTIONAL = ("pandas", "sklearn", "pyarrow", "dask", "cffi")
"""What LightGBM imports only to find out whether it is there: 2.3 of its 2.5 seconds."""
OF_DIFFUSERS = ("accelerate", "pandas", "peft", "scipy", "sklearn", "transformers")
"""What diffusers imports for models and adapters that no generator has: a third of its seconds."""
_COMPILER = "torch._dynamo"


@contextmanager
def hidden(names: tuple[str, ...] = OPTIONAL) -> Iterator[bool]:
    """Inside, importing one of `names` fails as if it were not installed, unless one of them is imported already.

    That one may still have to import parts of itself, for which it needs the others. Gives whether they are hidden.
    """
    absent = () if any(name in sys.modules for name in names) else names
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None halts the import of a name
    try:
        yield bool(absent)
    finally:
        for name in absent:
            del sys.modules[name]


@contextmanager
def uncompiled() -> Iterator[None]:
    """Inside, torch's compiler is one that compiles nothing; one that is imported already stays.

    diffusers imports it, for two of its three seconds, to decorate what no generator has, and to ask whether a module
    was compiled: none is. transformers needs the real one: this is for where it is hidden, and not imported yet.
    """
    if _COMPILER in sys.modules:
        yield
        return
    sys.modules[_COMPILER] = _NoCompiler(_COMPILER)
    try:
        yield
    finally:
        del sys.modules[_COMPILER]


class _NoCompiler(ModuleType):
    """Stands in for the compiler: what is decorated stays as it is, and no module is compiled."""

    class eval_frame:  # the name of a module
        """Of the compiler."""

        class OptimizedModule:
            """What no module is an instance of."""

    @staticmethod
    def disable(function: Callable[..., Any] | None = None, *_: Any, **__: Any) -> Callable[..., Any]:
        """With a function or, in brackets, without one."""
        return (lambda decorated: decorated) if function is None else function

    allow_in_graph = disable
