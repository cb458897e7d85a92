"""Search spaces: sets of architectures named by strings, and the whole networks they stand for.

Example:
    >>> from onnx_bench import spaces
    >>> space = spaces.get("nasbench201")
    >>> space.size()
    15625
"""

from __future__ import annotations

from typing import Any

from onnx_bench.errors import UnknownNameError
from onnx_bench.spaces.base import Head, SearchSpace
from onnx_bench.spaces.mnasnet import MnasNet
from onnx_bench.spaces.nasbench101 import NASBench101
from onnx_bench.spaces.nasbench201 import NASBench201
from onnx_bench.spaces.nats_size import NATSSize
from onnx_bench.spaces.transnas_macro import TransNASMacro
from onnx_bench.spaces.transnas_micro import TransNASMicro

__all__ = ["Head", "SearchSpace", "get", "list_spaces"]

_SPACES: dict[str, type[SearchSpace[Any]]] = {
    space.name: space for space in (NASBench101, NASBench201, NATSSize, TransNASMicro, TransNASMacro, MnasNet)
}


def get(name: str, **skeleton: Any) -> SearchSpace[Any]:
    """The search space called `name`.

    Args:
        name: One of `list_spaces()`.
        skeleton: Macro skeleton to use instead of the benchmark's, see the class of the space.

    Raises:
        UnknownNameError: There is no such space, or it has no such skeleton parameter.
    """
    space = _SPACES.get(name)
    if space is None:
        raise UnknownNameError(f"unknown search space {name!r}; there are {', '.join(_SPACES)}")
    known = space().skeleton()
    if unknown := skeleton.keys() - known.keys():
        raise UnknownNameError(f"space {name} has no skeleton parameter {sorted(unknown)}; it has {known}")
    return space(**skeleton)


def list_spaces() -> list[str]:
    """Names of the search spaces. `get(name).title` describes one."""
    return list(_SPACES)
