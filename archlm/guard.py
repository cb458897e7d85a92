"""Stops with a clear word when `encoders`, `generators` or `onnx_bench` is somebody else's package.

The names of our folders are common, and `python -m archlm` or `PYTHONPATH=.` puts the working directory before
everything installed. Needs the standard library alone, as our own packages may be the ones that are hidden.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

FLOORS = ("onnx_bench", "encoders", "generators")


class ShadowedPackageError(ImportError):
    """A package of this distribution is hidden by another of the same name."""


def check(home: Path | None = None) -> None:
    """Make sure that the packages below archlm are the ones installed with it. Nothing is imported.

    Args:
        home: Folder in which all packages lie side by side; by default the one that holds `archlm`.

    Raises:
        ShadowedPackageError: A name leads elsewhere; the message says where and what to do.
        SystemExit: The same, with the message alone, where a person started archlm in a shell.
    """
    home = home or Path(__file__).resolve().parents[1]
    for name in FLOORS:
        found = _location(name)
        if found == home / name:
            continue
        message = _message(name, found, home)
        if _started_in_a_shell():
            raise SystemExit(message)
        raise ShadowedPackageError(message, name=name)


def _location(name: str) -> Path | None:
    """Folder or file that `import name` would use."""
    try:
        spec = find_spec(name)
    except ValueError:  # already imported, by hand and without a spec
        return Path(getattr(sys.modules[name], "__file__", None) or name)
    if spec is None:
        return None
    if spec.origin is None:  # a folder without __init__.py
        return Path(next(iter(spec.submodule_search_locations or [name]))).resolve()
    origin = Path(spec.origin).resolve()
    return origin.parent if origin.name == "__init__.py" else origin


def _message(name: str, found: Path | None, home: Path) -> str:
    if found is None:
        return f"archlm needs its package {name!r}, which is missing from {home}. Install archlm again."
    return (
        f"archlm needs its own package {name!r} in {home / name}, but Python finds another one first: {found}\n"
        "This happens where a folder or file of that name lies in the directory that `python -m archlm` is run from, "
        "beside the script, or on PYTHONPATH.\n"
        "What to do: run the command `archlm` instead of `python -m archlm`, run from another directory, "
        f"take the folder off PYTHONPATH, or rename {found}"
    )


def _started_in_a_shell() -> bool:
    """Whether this is `archlm ...` or `python -m archlm ...`: a traceback would only bury the message.

    While `python -m` looks for its module, `sys.argv[0]` is "-m".
    """
    program = sys.argv[0] if sys.argv else ""
    return program == "-m" or Path(program).stem == "archlm"
