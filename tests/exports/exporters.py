"""Exports by torch, quiet, checked and kept."""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import onnx
import torch

from tests.exports.networks import NETWORKS


class Exports:
    """One network and its exports, each framework export made once however many ways build on it.

    With a `cache` folder, exports are kept there as long as torch and the sources of these tests stay the same.
    """

    def __init__(self, name: str, cache: Path | None = None) -> None:
        self.name, self.network, self.cache = name, NETWORKS[name], cache
        self._made: dict[Any, onnx.ModelProto] = {}

    def torchscript(
        self, opset: int = 17, *, folding: bool = True, training: str = "EVAL", batch: int = 1, dynamic: bool = False,
    ) -> onnx.ModelProto:  # fmt: skip
        """By the TorchScript exporter; `training` is a name of `torch.onnx.TrainingMode`."""

        def export() -> onnx.ModelProto:
            buffer = io.BytesIO()
            names = list(self.network.batch_inputs)
            module, inputs = self.network.module(), self.network.inputs(batch)
            torch.onnx.export(
                module, inputs, buffer, dynamo=False, opset_version=opset, input_names=names,
                do_constant_folding=folding, training=getattr(torch.onnx.TrainingMode, training),
                dynamic_axes={n: {0: "batch"} for n in names} if dynamic else None,
            )  # fmt: skip
            if training != "TRAINING":
                check_values(buffer.getvalue(), module, inputs)
            return onnx.load_model_from_string(buffer.getvalue())

        return self._once(("torchscript", opset, folding, training, batch, dynamic), export)

    def dynamo(self, opset: int, *, dynamic: bool = False) -> onnx.ModelProto:
        """By the exporter on `torch.export`."""

        def export() -> onnx.ModelProto:
            shapes = tuple({0: torch.export.Dim.DYNAMIC} for _ in self.network.batch_inputs) if dynamic else None
            module, inputs = self.network.module(), self.network.inputs(2 if dynamic else 1)
            program = torch.onnx.export(module, inputs, dynamo=True, opset_version=opset, dynamic_shapes=shapes,
                                        verbose=False)  # fmt: skip
            assert program is not None
            check_values(program.model_proto.SerializeToString(), module, inputs)
            return program.model_proto

        return self._once(("dynamo", opset, dynamic), export)

    def _once(self, key: tuple[Any, ...], make: Callable[[], onnx.ModelProto]) -> onnx.ModelProto:
        """A copy of the export of that key, made or read from the cache."""
        if key not in self._made:
            name = f"{source_digest()}-{self.name}-{digest(repr(key))}.onnx"
            kept = None if self.cache is None else self.cache / name
            if kept is not None and kept.exists():
                self._made[key] = onnx.load_model_from_string(kept.read_bytes())
            else:
                with quiet():
                    self._made[key] = make()
                if kept is not None:
                    kept.parent.mkdir(parents=True, exist_ok=True)
                    kept.write_bytes(self._made[key].SerializeToString())
        copy = onnx.ModelProto()
        copy.CopyFrom(self._made[key])
        return copy


def digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


@cache
def source_digest() -> str:
    """Stands for everything an export depends on."""
    files = (*sorted(Path(__file__).parent.glob("networks*.py")), Path(__file__))
    return digest("".join([torch.__version__, *(f.read_text() for f in files)]))


class WrongExportError(Exception):
    """The exporter wrote a file that computes something else."""


def check_values(model: bytes, module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
    """Compare what `model` computes with what `module` does.

    Raises:
        WrongExportError: They differ.
    """
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    feeds = {i.name: x.numpy() for i, x in zip(session.get_inputs(), inputs, strict=True)}
    with torch.no_grad():
        expected = module(*inputs)
    found = torch.from_numpy(session.run(None, feeds)[0])
    if not torch.allclose(found, expected, rtol=1e-3, atol=1e-4):
        raise WrongExportError(f"outputs differ by {(found - expected).abs().max():.3g}")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """The exporters print, warn and log at length, some from C++; silence them."""
    previous = logging.root.manager.disable
    logging.disable(logging.WARNING)
    sys.stdout.flush()
    kept = os.dup(1), os.dup(2)
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        text = io.StringIO()
        with warnings.catch_warnings(), contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
            warnings.simplefilter("ignore")
            yield
    finally:
        os.dup2(kept[0], 1)
        os.dup2(kept[1], 2)
        for descriptor in (*kept, sink):
            os.close(descriptor)
        logging.disable(previous)
