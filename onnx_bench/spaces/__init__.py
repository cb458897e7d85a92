"""Search spaces: sets of architectures named by strings, and the whole networks they stand for.

Example:
    >>> from onnx_bench import spaces
    >>> space = spaces.get("nasbench201")
    >>> space.size()
    15625
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from onnx_bench.errors import UnknownNameError
from onnx_bench.spaces.base import DrawnSpace, Head, SearchSpace

__all__ = ["DrawnSpace", "Head", "SearchSpace", "get", "list_spaces"]

_CLASSES = {
    "nasbench101": "NASBench101",
    "nasbench201": "NASBench201",
    "nats_size": "NATSSize",
    "transnas_micro": "TransNASMicro",
    "transnas_macro": "TransNASMacro",
    "mnasnet": "MnasNet",
    "darts": "DARTS",
    "hnasbench201": "HNASBench201",
    "ofa_mbv3": "OFAMobileNetV3",
    "ofa_proxyless": "OFAProxylessNAS",
    "ofa_resnet50": "OFAResNet50",
    "fbnet": "FBNet",
    "autoformer": "AutoFormer",
    "pit": "PiT",
    "bert": "Bert",
    "rnn": "RNN",
    "nasbench_graph": "NASBenchGraph",
    "einspace": "Einspace",
    "timm": "Timm",
    "torchvision": "Torchvision",
}
"""Class of every space, in the module that bears the space's name; imported when it is asked for."""


def get(name: str, **skeleton: Any) -> SearchSpace[Any]:
    """The search space called `name`.

    Args:
        name: One of `list_spaces()`.
        skeleton: Macro skeleton to use instead of the benchmark's, see the class of the space.

    Raises:
        UnknownNameError: There is no such space, or it has no such skeleton parameter.
    """
    if name not in _CLASSES:
        raise UnknownNameError(f"unknown search space {name!r}; there are {', '.join(_CLASSES)}")
    space: type[SearchSpace[Any]] = getattr(import_module(f"onnx_bench.spaces.{name}"), _CLASSES[name])
    known = space().skeleton()
    if unknown := skeleton.keys() - known.keys():
        raise UnknownNameError(f"space {name} has no skeleton parameter {sorted(unknown)}; it has {known}")
    return space(**skeleton)


def list_spaces() -> list[str]:
    """Names of the search spaces. `get(name).title` describes one."""
    return list(_CLASSES)
