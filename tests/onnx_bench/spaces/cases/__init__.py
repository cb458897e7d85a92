"""For every space: `SIZE`, `BAD` (strings that are none of its architectures), `ODD` (networks worth a close look).

Where a space needs them: `SMALL` (a skeleton to compute with), `SHARED` (parameters that two layers share), and
`own_inputs(arch)` (shapes of inputs whose number the architecture decides).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from onnx_bench import spaces

ZOO = ("timm", "torchvision")
"""Spaces whose networks other packages hold; they need the extra `zoo`."""
DRAWN = [name for name in spaces.list_spaces() if name not in ZOO]
NO_OBJECT = ["", "{}", "[]", "null", "[" * 100_000]
"""What is no architecture of any space whose architectures are JSON objects with fields."""


def of(space: str) -> Any:
    """The module of that name in this folder."""
    return import_module(f"tests.onnx_bench.spaces.cases.{space}")
