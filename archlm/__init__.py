"""archlm: ask about any neural architecture.

    >>> import archlm
    >>> predictor = archlm.Predictor.from_pretrained()       # doctest: +SKIP
    >>> predictor.predict(["resnet18.onnx"], tasks=["imagenet-1k"])  # doctest: +SKIP

Importing it is quick: a public name loads what it needs when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from archlm import guard

if TYPE_CHECKING:
    from archlm.generation.generator import Generator
    from archlm.predictor import Predictor
    from generators.condition import Condition
    from onnx_bench.errors import ArchLMError, CheckpointError, UserInputError

guard.check()

__version__ = "0.1.0"
__all__ = [
    "ArchLMError", "CheckpointError", "Condition", "Generator", "Predictor", "UserInputError", "__version__",
]  # fmt: skip

_HOMES = {
    "Condition": "generators.condition", "Generator": "archlm.generation.generator", "Predictor": "archlm.predictor",
    "ArchLMError": "onnx_bench.errors", "CheckpointError": "onnx_bench.errors", "UserInputError": "onnx_bench.errors",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'archlm' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
