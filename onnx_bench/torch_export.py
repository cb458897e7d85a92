"""A `torch.nn.Module` as the bytes of an ONNX file, made in memory. Needs torch, which is imported here alone."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from onnx_bench.errors import UnsupportedGraphError


def export_module(module: torch.nn.Module, example: Sequence[torch.Tensor], *, fold: bool = True) -> bytes:
    """Export `module` in evaluation mode with PyTorch's TorchScript exporter.

    Args:
        module: The network; its training flags are as before afterwards.
        example: Arguments of one call of `module`; their shapes become the input shapes of the graph.
        fold: Whether batch norms become part of the convolutions before them, as exporters do unless told otherwise.

    Raises:
        UnsupportedGraphError: `module` does not run on `example`, or PyTorch cannot export it.
    """
    buffer: Any = io.BytesIO()  # the annotations of torch.onnx.export name paths alone
    mode = torch.onnx.TrainingMode.EVAL if fold else torch.onnx.TrainingMode.PRESERVE
    training = {part: part.training for part in module.modules()}
    try:
        with _exporting(), torch.no_grad():
            torch.onnx.export(module.eval(), tuple(example), buffer, dynamo=False, training=mode)
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


@contextmanager
def _exporting() -> Iterator[None]:
    """PyTorch as it must be while it exports; as before afterwards."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # it runs attention as one operator that cannot be exported
    torch._C._jit_set_onnx_log_output_stream("stderr")  # the graph of a failed export must not end up among answers
    try:
        with warnings.catch_warnings():
            # The exporter warns of its successor and of every traced branch; a failure is an exception.
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        torch._C._jit_set_onnx_log_output_stream("stdout")


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return f"{type(error).__name__}: {text.splitlines()[0]}" if text else type(error).__name__
