"""Networks named as `module:factory`: a Python callable without arguments that returns a `torch.nn.Module`.

This runs the user's own code, as `python -c "import module"` would: name only modules that you trust.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from functools import reduce
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archlm.guard import FLOORS
from onnx_bench.errors import UnknownNameError, UnsupportedGraphError, UserInputError
from onnx_bench.graph import ArchGraph

if TYPE_CHECKING:
    import torch

DEFAULT_INPUT = "1x3x224x224"
_FACTORY = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_INPUT = re.compile(r"(?P<shape>[1-9]\d{0,6}(x[1-9]\d{0,6})*)(:(?P<dtype>float32|int64|bool))?")


def names_factory(text: str) -> bool:
    """Whether `text` has the form `module:factory`."""
    return _FACTORY.fullmatch(text) is not None


def parse_input(text: str) -> tuple[tuple[int, ...], str]:
    """Read `1x3x224x224` or `1x128:int64` as shape and dtype.

    Raises:
        UserInputError: It is neither.
    """
    match = _INPUT.fullmatch(text)
    if match is None:
        raise UserInputError(f"{text!r} is no input shape: write 1x3x224x224, or 1x128:int64 for whole numbers")
    return tuple(map(int, match["shape"].split("x"))), match["dtype"] or "float32"


def load_factory(name: str, inputs: Sequence[str] = ()) -> ArchGraph:
    """Import, call, export and read the network that `module:factory` names.

    Args:
        name: `module:factory`; the module is looked for in the working directory first. The factory may also be a
            class, or a network that is ready.
        inputs: Shapes as `parse_input` reads them, one for each argument of the network's forward.

    Raises:
        UnknownNameError: There is no such module or factory.
        UnsupportedGraphError: The factory fails, returns something else, or the network cannot be exported.
        UserInputError: An input shape is malformed, or does not fit into memory.
    """
    shapes = [parse_input(text) for text in inputs or (DEFAULT_INPUT,)]
    module = _make(name)
    from onnx_bench.torch_export import read_module  # torch: here, so that a bad name is answered at once

    return read_module(module, [_example(shape, dtype) for shape, dtype in shapes])


def _make(name: str) -> torch.nn.Module:
    made: Any = _find(name)
    try:
        import torch

        if not isinstance(made, torch.nn.Module):
            made = made()
    except (Exception, SystemExit) as error:  # the user's own code may raise anything, and scripts exit
        raise UnsupportedGraphError(f"{name} raised {type(error).__name__}: {error}") from error
    if not isinstance(made, torch.nn.Module):
        raise UnsupportedGraphError(f"{name} returned {type(made).__name__}, expected a torch.nn.Module")
    return made


def _find(name: str) -> Any:
    module_name, _, attribute = name.partition(":")
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        module = import_module(module_name)
    except (Exception, SystemExit) as error:  # the user's own code may raise anything, and scripts exit
        hidden = [floor for floor in FLOORS if Path(floor).exists() or Path(f"{floor}.py").exists()]
        hint = f" (archlm's own package {hidden[0]!r} hides yours while it runs)" if hidden else ""
        if module_name.endswith(".py"):
            hint = f"; name the module, not its file: {module_name.removesuffix('.py')}:{attribute}"
        raise UnknownNameError(
            f"cannot import {module_name!r} from {here}: {type(error).__name__}: {error}{hint}"
        ) from error
    finally:
        sys.path.remove(here)
    try:
        return reduce(getattr, attribute.split("."), module)
    except AttributeError as error:
        raise UnknownNameError(f"module {module_name!r} has no {attribute!r}") from error


def _example(shape: tuple[int, ...], dtype: str) -> torch.Tensor:
    import torch

    # Zeros are a valid token and a valid pixel; only the shapes enter the graph.
    try:
        return torch.zeros(shape, dtype=getattr(torch, dtype))
    except RuntimeError as error:
        shown = "x".join(map(str, shape))
        raise UserInputError(f"an input of {shown} {dtype} does not fit into memory: give a smaller shape") from error
