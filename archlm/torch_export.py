"""A `torch.nn.Module` as the bytes of an ONNX file, made in memory. Needs torch, which is imported here alone."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import Any

import torch

from onnx_bench.errors import UnsupportedGraphError


def export_module(module: torch.nn.Module, example: Sequence[torch.Tensor]) -> bytes:
    """Export `module` in evaluation mode with PyTorch's TorchScript exporter.

    Args:
        module: The network; its training flags are as before afterwards.
        example: Arguments of one call of `module`; their shapes become the input shapes of the graph.

    Raises:
        UnsupportedGraphError: `module` does not run on `example`, or PyTorch cannot export it.
    """
    buffer: Any = io.BytesIO()  # the annotations of torch.onnx.export name paths alone
    training = {part: part.training for part in module.modules()}
    try:
        with warnings.catch_warnings(), torch.no_grad():
            # The exporter warns of its successor and of every traced branch; a failure is an exception.
            warnings.simplefilter("ignore")
            torch.onnx.export(module.eval(), tuple(example), buffer, dynamo=False)
    except Exception as error:  # the module and the exporter may raise anything
        shapes = ", ".join("x".join(map(str, tensor.shape)) for tensor in example)
        raise UnsupportedGraphError(
            f"PyTorch could not export {type(module).__name__} with input {shapes}: {_first_line(error)}. "
            "Check the input shape, or export the network to an ONNX file yourself and pass that."
        ) from error
    finally:
        for part, was_training in training.items():
            part.training = was_training
    return buffer.getvalue()


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return f"{type(error).__name__}: {text.splitlines()[0]}" if text else type(error).__name__
