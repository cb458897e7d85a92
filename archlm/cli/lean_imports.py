"""Keep other people's optional imports out of a command that must answer at once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

OPTIONAL = ("pandas", "sklearn", "pyarrow", "dask", "cffi")
"""What LightGBM imports only to find out whether it is there: 2.3 of its 2.5 seconds."""
OF_DIFFUSERS = ("accelerate", "pandas", "peft", "scipy", "sklearn", "transformers")
"""What diffusers imports for models and adapters that no generator has: a third of its seconds."""


@contextmanager
def hidden(names: tuple[str, ...] = OPTIONAL) -> Iterator[None]:
    """Inside, importing one of `names` fails as if it were not installed; one that is imported already stays."""
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None halts the import of a name
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]
