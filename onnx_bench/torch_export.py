"""A `torch.nn.Module` as a graph, by way of an ONNX file in memory. Needs torch, which is imported here alone."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch.onnx.errors import OnnxExporterError

from onnx_bench.errors import UnsupportedGraphError
from onnx_bench.graph import ArchGraph
from onnx_bench.reader import read_graph

IN_MEMORY = 2**31 - 2**24
"""Bytes of weights up to which a network is exported into memory: the protobuf format ends at 2 GiB."""


def read_module(module: torch.nn.Module, example: Sequence[Any], *, normalised: bool = True) -> ArchGraph:
    """Read `module`; see `export_module` for arguments and errors, and `onnx_bench.reader.read_graph`.

    `stored_params` of the graph is what the module itself says: a file also holds what nobody learns, and lacks what
    is not read.
    """
    graph = read_graph(export_module(module, example), trusted=True, normalised=normalised)
    return replace(graph, stored_params=sum(parameter.numel() for parameter in module.parameters()))


def export_module(module: torch.nn.Module, example: Sequence[Any]) -> bytes:
    """Export `module` in evaluation mode with PyTorch's TorchScript exporter.

    Nothing is folded: batch norms stay where they are, and a table of relative positions as large as what is learned.
    An operator that only the newer exporter knows, or this one fails on, is left to that one, unoptimised; the network
    becomes the same graph.

    Args:
        module: The network, compiled or parallel ones included; its training flags are as before afterwards.
        example: Arguments of one call of `module`, keyword arguments as a dictionary at the end; the shapes of tensors
            become the input shapes of the graph.

    Raises:
        UnsupportedGraphError: `module` is no module or does not run on `example`, or PyTorch cannot export it.
    """
    if not isinstance(module, torch.nn.Module):
        found = f"the class {module.__name__}" if isinstance(module, type) else type(module).__name__
        raise UnsupportedGraphError(f"found {found}, expected a torch.nn.Module that is ready to be called")
    module = _unwrapped(module)
    training = {part: part.training for part in module.modules()}
    try:
        with _exporting(), torch.no_grad():
            return _export(module.eval(), tuple(example))
    except Exception as error:  # the module and the exporters may raise anything
        shapes = ", ".join(map(_shown, example)) or "no arguments"
        raise UnsupportedGraphError(
            f"PyTorch could not export {type(module).__name__} with input {shapes}: {_first_line(error)}. "
            "Check shapes and types of its inputs (1x128:int64 are whole numbers), or export the network to an ONNX "
            "file yourself and pass that."
        ) from error
    finally:
        for part, was_training in training.items():
            part.training = was_training


def _unwrapped(module: torch.nn.Module) -> torch.nn.Module:
    """The network inside `torch.compile` and data parallelism, which cannot be exported."""
    parallel = (torch.nn.DataParallel, torch.nn.parallel.DistributedDataParallel)
    while (inner := getattr(module, "module" if isinstance(module, parallel) else "_orig_mod", None)) is not None:
        module = inner
    return module


def _export(module: torch.nn.Module, example: tuple[Any, ...]) -> bytes:
    try:
        return _by_script(module, example)
    except Exception as error:
        if not isinstance(error, OnnxExporterError):  # the module's own, or a defect of the exporter's
            _call(module, example)
        if find_spec("onnxscript") is None:
            reason = f"{_first_line(error)} (PyTorch's newer exporter needs onnxscript, which can be installed)"
            raise OnnxExporterError(reason) from error
        try:
            program = torch.onnx.export(module, example, dynamo=True, optimize=False, verbose=False)
            assert program is not None
            return program.model_proto.SerializeToString()
        except Exception:
            raise error from None  # it says which operator is missing; the newer one only how far it came


def _by_script(module: torch.nn.Module, example: tuple[Any, ...]) -> bytes:
    """By the TorchScript exporter; weights that one file cannot hold are written to a temporary folder and left."""
    buffer: Any = io.BytesIO()  # the annotations of torch.onnx.export name paths alone
    size = sum(tensor.nbytes for tensor in (*module.parameters(), *module.buffers()))
    if size <= IN_MEMORY:
        torch.onnx.export(module, example, buffer, dynamo=False, do_constant_folding=False)
        return bytes(buffer.getbuffer())
    with TemporaryDirectory() as folder:
        file = Path(folder) / "network.onnx"
        torch.onnx.export(module, example, str(file), dynamo=False, do_constant_folding=False)
        return file.read_bytes()


def _call(module: torch.nn.Module, example: tuple[Any, ...]) -> None:
    """Call as the exporters do, to see whether the module itself raises."""
    named = example[-1] if example and isinstance(example[-1], dict) else {}
    module(*(example[:-1] if named else example), **named)


@contextmanager
def _exporting() -> Iterator[None]:
    """PyTorch as it must be while it exports; as before afterwards."""
    fast, disabled = torch.backends.mha.get_fastpath_enabled(), logging.root.manager.disable
    log = torch._C._jit_onnx_log
    torch.backends.mha.set_fastpath_enabled(False)  # it runs attention as one operator that cannot be exported
    torch._C._jit_onnx_log = _silent  # it prints the graph of a failed export, whatever is set: thousands of lines
    logging.disable(max(disabled, logging.WARNING))
    try:
        with warnings.catch_warnings():
            # The exporters warn of their successors and of every traced branch; a failure is an exception.
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        torch._C._jit_onnx_log = log
        logging.disable(disabled)


def _silent(*_: Any) -> None:
    pass


def _shown(argument: Any) -> str:
    if isinstance(argument, torch.Tensor):
        return "x".join(map(str, argument.shape)) or "a scalar"
    if isinstance(argument, dict):
        return ", ".join(f"{name}={_shown(value)}" for name, value in argument.items())
    return type(argument).__name__


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return f"{type(error).__name__}: {text.splitlines()[0]}" if text else type(error).__name__
